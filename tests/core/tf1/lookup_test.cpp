#include "core/tf1/lookup.hpp"
#include "program.hpp"

namespace rnnscope::tf1 {
namespace {

struct Words : testing::Test {
    Tf tf;
    const Value words = tf("placeholder", {DType::string, Value::list({Value(), Value(4)})}, {{"name", "words"}});
    const Value pairs =
        tf("lookup.KeyValueTensorInitializer",
           {Value::list({Value("a"), Value("b")}), Value::list({Value(1), Value(2)})}, {{"value_dtype", DType::int64}});
};

TEST_F(Words, AreLookedUpByTensorFlowsNodes) {
    const std::size_t before = tf.graph().size();
    const Value table = tf("lookup.StaticHashTable", {pairs, -1});
    const Value ids = tf.method(table, "lookup", {words});
    EXPECT_EQ(tf.nodes(before),
              (Lines{"Const Const()", "HashTableV2 hash_table()",
                     "LookupTableImportV2 key_value_init/LookupTableImportV2(hash_table, keys, values)",
                     "LookupTableFindV2 hash_table_Lookup/LookupTableFindV2(hash_table, words, Const)"}));
    const auto& found = *ids.as<TensorValue>();
    EXPECT_EQ(to_python(tf.graph().info(found.output).shape), "(?, 4)");
    EXPECT_EQ(tf.graph().info(found.output).dtype, DType::int64);
}

TEST_F(Words, HaveATableOfTheirOwnEach) {
    const Value first = tf("lookup.StaticHashTable", {pairs, -1}), second = tf("contrib.lookup.HashTable", {pairs, -1});
    const auto shared = [&](const char* name) {
        return *tf.graph().node(tf.graph().find(name)).attr<std::string>("shared_name");
    };
    EXPECT_NE(shared("hash_table"), shared("hash_table_1"));
    const std::size_t before = tf.graph().size();
    tf("tables_initializer");
    EXPECT_EQ(tf.nodes(before), (Lines{"NoOp init_all_tables(^key_value_init/LookupTableImportV2, "
                                       "^key_value_init_1/LookupTableImportV2)"}));
    EXPECT_EQ(repr(tf.get(second, "init")), repr(tf.get(second, "initializer")));
}

TEST_F(Words, WithoutTablesHaveAnInitializerThatDoesNothing) {
    const std::size_t before = tf.graph().size();
    tf("tables_initializer", {}, {{"name", "tables"}});
    EXPECT_EQ(tf.nodes(before), (Lines{"NoOp tables()"}));
}

TEST_F(Words, MustHaveTheTypeOfTheKeys) {
    const Value table = tf("lookup.StaticHashTable", {pairs, -1});
    const Value numbers = tf("placeholder", {DType::int32});
    const Result<Value> refused = call_method(tf.context, table, "lookup", {numbers}, {});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, "TypeError");
    EXPECT_EQ(refused.error().message,
              "Signature mismatch. Keys must be dtype <dtype: 'string'>, got <dtype: 'int32'>.");
}

TEST_F(Words, AreNoTables) {
    for (const char* method : {"StaticHashTable.lookup", "StaticHashTable.size"}) {
        std::vector<Value> arguments{Value(5)};
        if (std::string_view(method).ends_with("lookup")) arguments.push_back(words);
        EXPECT_EQ(tf.error(method, arguments),
                  "TypeError: descriptor requires a 'StaticHashTable' object but received a 'int'");
    }
}

/// Numbers of nodes and variables mean something in their own graph alone.
TEST(OtherGraphs, AreRefused) {
    Tf tf;
    Value variable, tensor;
    const Value other = tf("Graph");
    tf.with(tf.method(other, "as_default"), [&](const Value&) {
        variable = tf("get_variable", {"v", Value::list({Value(2), Value(2)})});
        tensor = tf("placeholder", {DType::string}, {{"name", "keys"}});
    });
    const Value pairs = tf("lookup.KeyValueTensorInitializer", {Value::list({Value("a")}), Value::list({Value(1)})});
    const Value table = tf("lookup.StaticHashTable", {pairs, -1});
    const Value average = tf("train.ExponentialMovingAverage", {0.9});
    const std::string refusal = "must be from the same graph as the current default graph.";
    const auto said = [&](const Result<Value>& result) { return result.ok() ? "" : result.error().message; };
    EXPECT_NE(said(call_method(tf.context, table, "lookup", {tensor}, {})).find(refusal), std::string::npos);
    EXPECT_NE(said(call_method(tf.context, average, "apply", {Value::list({variable})}, {})).find(refusal),
              std::string::npos);
    EXPECT_NE(tf.error("nn.embedding_lookup", {variable, Value::list({Value(0)})}).find(refusal), std::string::npos);
}

} // namespace
} // namespace rnnscope::tf1

// Single steps of cells, with the numbers that TensorFlow's own tests print.

#include "core/runtime/session.hpp"
#include "tests/core/runtime/golden_run.hpp"
#include "tests/core/tf1/program.hpp"

namespace rnnscope::runtime {
namespace {

using nlohmann::json;
using namespace rnnscope::testing;
using tf1::Tf;
using tf1::Value;

Value array(const json& rows_of_numbers) {
    std::vector<double> numbers;
    flatten(rows_of_numbers, numbers);
    const auto rows = static_cast<std::int64_t>(rows_of_numbers.size());
    const Shape shape{rows, static_cast<std::int64_t>(numbers.size()) / rows};
    return Value(Tensor::of<float>(shape, std::vector<float>(numbers.begin(), numbers.end())));
}

class GoldenTables : public ::testing::Test {
  protected:
    Tf tf_;
    json tables_;

    void SetUp() override {
        const std::filesystem::path file =
            std::filesystem::path(RNNSCOPE_SHARED_DIR) / "data" / "golden" / "golden-tables.json";
        if (!std::filesystem::exists(file)) GTEST_SKIP() << "the tables are not here: " << file;
        tables_ = json::parse(read_text(file)).at("tables");
    }

    const json& table(const std::string& id) const {
        for (const json& entry : tables_)
            if (entry.at("id") == id) return entry;
        ADD_FAILURE() << "no table " << id;
        return tables_.at(0);
    }
    Value input(const json& table, const std::string& key) {
        return tf_("constant", {array(table.at("inputs").at(key))});
    }
    Value weights(std::int64_t rows, std::int64_t columns) {
        const Shape shape{rows, columns};
        return tf_(
            "constant",
            {Value(Tensor::of<float>(shape, std::vector<float>(static_cast<std::size_t>(shape.elements()), 0.5F)))});
    }

    /// Every variable without an initializer of its own is 0.5, as in the tests that the numbers are from.
    void with_weights(const std::function<void()>& build) {
        tf_.scope({Value("root")}, {{"initializer", tf_("constant_initializer", {0.5})}},
                  [&](const Value&) { build(); });
    }
    static std::vector<Value> items(const Value& tuple) { return *std::get<tf1::TupleValue>(tuple.v).items; }
    /// output and new state of one step
    std::vector<Value> step(const Value& cell, const Value& x, const Value& state) {
        const Result<Value> result = tf1::call_value(tf_.context, cell, {x, state}, {});
        EXPECT_TRUE(result.ok()) << result.error().message;
        return items(*result);
    }

    /// Initializes the variables, runs the tensors and compares.
    void expect(const json& table, const std::vector<std::pair<std::string, Value>>& results) {
        const Graph& graph = tf_.graph();
        const Value init = tf_("global_variables_initializer");
        Session session(graph);
        RunRequest first, second;
        first.targets = {std::get<tf1::OperationValue>(init.v).node};
        for (const auto& [key, value] : results) second.fetches.push_back(std::get<tf1::TensorValue>(value.v).output);
        for (RunRequest* request : {&first, &second}) {
            auto run = session.start(*request);
            ASSERT_TRUE(run.ok()) << run.error().message;
            Watcher watcher(graph);
            (*run)->finish(watcher);
            ASSERT_FALSE((*run)->error().has_value()) << (*run)->error()->message;
            for (std::size_t i = 0; i < (*run)->results().size(); ++i) {
                const std::string& key = results[i].first;
                std::vector<double> expected;
                flatten(table.at("expected").at(key), expected);
                ASSERT_EQ((*run)->results()[i].elements(), static_cast<std::int64_t>(expected.size()));
                for (std::size_t e = 0; e < expected.size(); ++e)
                    EXPECT_NEAR((*run)->results()[i].number(static_cast<std::int64_t>(e)), expected[e], 1e-6) << key;
            }
        }
        EXPECT_EQ(results.size(), table.at("expected").size()) << "all numbers of the table are compared";
    }
};

TEST_F(GoldenTables, GruCell) {
    const json& entry = table("tf.GRUCell.2x2");
    with_weights([&] {
        const auto result = step(tf_("nn.rnn_cell.GRUCell", {2}), input(entry, "x"), input(entry, "h"));
        expect(entry, {{"h_new", result[1]}});
    });
}

TEST_F(GoldenTables, StackOfGruCells) {
    const json& entry = table("tf.MultiRNNCell.GRU");
    with_weights([&] {
        const Value cell = tf_("nn.rnn_cell.MultiRNNCell",
                               {Value::list({tf_("nn.rnn_cell.GRUCell", {2}), tf_("nn.rnn_cell.GRUCell", {2})})});
        const auto result = step(cell, input(entry, "x"), Value::tuple({input(entry, "h0"), input(entry, "h1")}));
        expect(entry, {{"h0", items(result[1])[0]}, {"h1", items(result[1])[1]}});
    });
}

TEST_F(GoldenTables, StackOfLstmCells) {
    const json& entry = table("tf.MultiRNNCell.BasicLSTM");
    with_weights([&] {
        const auto lstm = [&] { return tf_("nn.rnn_cell.BasicLSTMCell", {2}); };
        const auto state = [&](const char* c, const char* h) {
            return tf_("nn.rnn_cell.LSTMStateTuple", {input(entry, c), input(entry, h)});
        };
        const Value cell = tf_("nn.rnn_cell.MultiRNNCell", {Value::list({lstm(), lstm()})});
        const auto result = step(cell, input(entry, "x"), Value::tuple({state("c0", "h0"), state("c1", "h1")}));
        const auto first = items(items(result[1])[0]), second = items(items(result[1])[1]);
        expect(entry, {{"c0", first[0]}, {"h0", first[1]}, {"c1", second[0]}, {"h1", second[1]}});
    });
}

// contrib.rnn's SRUCell: [x, f, r, x'] = inputs W, c = f c + (1 - f) x, h = r tanh(c) + (1 - r) x'.
TEST_F(GoldenTables, SimpleRecurrentUnits) {
    for (const char* id : {"tf.SRUCell.2x2", "tf.SRUCell.3x2"}) {
        const json& entry = table(id);
        const auto inputs = static_cast<std::int64_t>(entry.at("inputs").at("x").at(0).size());
        const Value product = tf_("matmul", {input(entry, "x"), weights(inputs, 8)});
        const Value parts = tf_("split", {product, 4}, {{"axis", Value(1)}});
        const auto part = *std::get<tf1::ListValue>(parts.v);
        const Value f = tf_("sigmoid", {part[1]}), r = tf_("sigmoid", {part[2]});
        const auto mix = [&](const Value& gate, const Value& a, const Value& b) {
            return tf_.op("+", {tf_.op("*", {gate, a}), tf_.op("*", {tf_.op("-", {Value(1.0), gate}), b})});
        };
        const Value c = mix(f, input(entry, "c"), part[0]);
        expect(entry, {{"out", mix(r, tf_("tanh", {c}), part[3])}});
    }
}

// contrib.rnn's CFNCell with f = sigmoid([x, h] W + 1): h = f tanh(h) + (1 - f) tanh(x W).
TEST_F(GoldenTables, ChaosFreeCells) {
    for (const char* id : {"tf.CFNCell.2x2", "tf.CFNCell.3x2"}) {
        const json& entry = table(id);
        const auto inputs = static_cast<std::int64_t>(entry.at("inputs").at("x").at(0).size());
        const Value x = input(entry, "x"), h = input(entry, "h");
        const Value sum = tf_.op("+", {tf_("matmul", {x, weights(inputs, 2)}), tf_("matmul", {h, weights(2, 2)})});
        const Value f = tf_("sigmoid", {tf_.op("+", {sum, Value(1.0)})});
        const Value candidate = tf_("tanh", {tf_("matmul", {x, weights(inputs, 2)})});
        const Value new_h =
            tf_.op("+", {tf_.op("*", {f, tf_("tanh", {h})}), tf_.op("*", {tf_.op("-", {Value(1.0), f}), candidate})});
        expect(entry, {{"h_new", new_h}});
    }
}

// contrib.rnn's MinimalRNNCell: z = tanh(x W), u = sigmoid([z, h] U + 1), h = u h + (1 - u) z.
TEST_F(GoldenTables, MinimalCell) {
    const json& entry = table("tf.MinimalRNNCell.2x2");
    const Value h = input(entry, "h"), z = tf_("tanh", {tf_("matmul", {input(entry, "x"), weights(2, 2)})});
    const Value both = tf_("concat", {Value::list({z, h}), 1});
    const Value u = tf_("sigmoid", {tf_.op("+", {tf_("matmul", {both, weights(4, 2)}), Value(1.0)})});
    expect(entry, {{"h_new", tf_.op("+", {tf_.op("*", {u, h}), tf_.op("*", {tf_.op("-", {Value(1.0), u}), z})})}});
}

} // namespace
} // namespace rnnscope::runtime

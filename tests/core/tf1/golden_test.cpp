#include "program.hpp"

#include <fstream>
#include <sstream>

namespace rnnscope::tf1 {
namespace {

/// "Type name(inputs)" of every line of a golden `.ops.txt`; empty when the file is not there.
Lines golden(const std::string& name) {
    std::ifstream file(std::string(RNNSCOPE_SHARED_DIR) + "/golden/" + name + ".ops.txt");
    Lines lines;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string number, type;
        if (!(words >> number >> type) || number == "#") continue;
        std::string rest;
        std::getline(words >> std::ws, rest);
        lines.push_back(type + " " + rest.substr(0, rest.find(")  {") + 1));
    }
    return lines;
}

/// The programs/D07 pair: an initial value that reads another variable.
void expect_order_dependent(bool resource) {
    const Lines expected =
        golden(resource ? "programs/D07_order_dependent_resource" : "programs/D07_order_dependent_ref");
    if (expected.empty()) GTEST_SKIP() << "the golden graphs are not here";
    Tf tf;
    tf("set_random_seed", {42});
    const Value w = tf("get_variable", {"W", ints({2, 3})}, {{"use_resource", resource}});
    tf("Variable", {tf.op("*", {w, 0.5})}, {{"name", "V"}, {"use_resource", resource}});
    tf("global_variables_initializer");
    EXPECT_EQ(tf.nodes(), expected);
    const NodeId random = tf.graph().find("W/Initializer/random_uniform/RandomUniform");
    EXPECT_EQ(*tf.graph().node(random).attr<std::int64_t>("seed2"), 3);
}

TEST(Golden, RefInitialValuesAreGuarded) {
    expect_order_dependent(false);
}

TEST(Golden, ResourceInitialValuesAreNot) {
    expect_order_dependent(true);
}

TEST(Golden, AGruUnderDynamicRnn) {
    const Lines expected = golden("gru2_seed");
    if (expected.empty()) GTEST_SKIP() << "the golden graphs are not here";
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(5), Value(3)})}, {{"name", "x"}});
    tf.scope({"rnn"}, {}, [&](const Value&) {
        std::vector<Value> cells;
        for (int i = 0; i < 2; ++i) cells.push_back(tf("nn.rnn_cell.GRUCell", {4}));
        const Value cell = tf("nn.rnn_cell.MultiRNNCell", {Value::list(std::move(cells))});
        tf("nn.dynamic_rnn", {cell, x}, {{"dtype", DType::float32}});
    });
    EXPECT_EQ(tf.nodes(), expected);
}

} // namespace
} // namespace rnnscope::tf1

#include "core/import/graph_roles.hpp"

#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "tests/core/import/net.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace rnnscope {
namespace {

/// A graph with names, as a user's program makes it: a dense layer that is trained and saved.
class Training {
  public:
    Graph graph;

    Output add(const std::string& name, const std::string& op, std::vector<Output> inputs = {}, AttrMap attrs = {},
               std::vector<NodeId> controls = {}) {
        auto node = ops::add_node(graph, {name, op, std::move(inputs), std::move(controls), std::move(attrs), "", {}});
        EXPECT_TRUE(node.ok()) << name << ": " << (node.ok() ? "" : node.error().message);
        return node.ok() ? Output{*node, 0} : Output{NodeId(0), 0};
    }
    Output constant(const std::string& name, Tensor value, std::vector<NodeId> controls = {}) {
        return add(name, "Const", {}, {{"dtype", value.dtype()}, {"value", value}}, std::move(controls));
    }
    Output strings(const std::string& name, std::vector<std::string> values) {
        const Shape shape{static_cast<std::int64_t>(values.size())};
        return constant(name, Tensor::of<std::string>(shape, std::move(values)));
    }
    /// VariableV2 with its initializer and read.
    Output variable(const std::string& name, Tensor value) {
        const Output initial = constant(name + "/initial_value", value);
        const Output ref = add(name, "VariableV2", {}, {{"dtype", value.dtype()}, {"shape", value.shape()}});
        const Output assign = add(name + "/Assign", "Assign", {ref, initial});
        add(name + "/read", "Identity", {ref});
        initializers.push_back(assign.node);
        Variable record;
        record.name = name;
        record.op = ref.node;
        record.initializer = assign.node;
        graph.add_variable(record);
        return ref;
    }
    Output read(const std::string& name) const { return {graph.find(name + "/read"), 0}; }

    std::vector<NodeId> initializers;
};

void build_training(Training& t) {
    const Output x = t.add("x", "Placeholder", {}, {{"dtype", DType::float32}, {"shape", Shape{Shape::unknown, 3}}});
    const Output y = t.add("y", "Placeholder", {}, {{"dtype", DType::float32}, {"shape", Shape{Shape::unknown, 2}}});
    const Output free = t.add("free", "Placeholder", {}, {{"dtype", DType::float32}, {"shape", Shape::unknown_rank()}});
    t.add("projected", "MatMul", {free, t.constant("fixed", Tensor::zeros(DType::float32, {5, 2}))});
    const Output rate =
        t.add("rate", "PlaceholderWithDefault", {t.constant("rate/input", Tensor::scalar(0.1F))}, {{"shape", Shape{}}});
    const Output w = t.variable("w", Tensor::zeros(DType::float32, {3, 2}));
    const Output step = t.variable("global_step", Tensor::scalar(std::int64_t{0}));
    const Output prediction = t.add("prediction", "MatMul", {x, t.read("w")});
    const Output error = t.add("error", "Sub", {prediction, y});
    const Output axes = t.constant("axes", Tensor::of<std::int32_t>({2}, {0, 1}));
    t.add("largest", "Max", {error, axes});
    const Output loss = t.add("loss", "Mean", {t.add("square", "Square", {error}), axes});
    t.add("summary", "ScalarSummary", {t.constant("summary/tags", Tensor::scalar(std::string("loss"))), loss});
    // What tf.gradients makes of it, as far as it matters here.
    const Output seed =
        t.add("g/Fill", "Fill",
              {t.constant("g/Shape", Tensor::of<std::int32_t>({0}, {})), t.constant("g/one", Tensor::scalar(1.0F))});
    const Output twice = t.add("g/twice", "Mul", {error, t.constant("g/two", Tensor::scalar(2.0F))});
    const Output of_error = t.add("g/error", "Mul", {seed, twice});
    const Output of_w = t.add("g/w", "MatMul", {x, of_error}, {{"transpose_a", true}});
    const Output apply = t.add("sgd/update_w", "ApplyGradientDescent", {w, rate, of_w});
    const NodeId update = t.add("sgd/update", "NoOp", {}, {}, {apply.node}).node;
    t.add("sgd", "AssignAdd", {step, t.constant("sgd/value", Tensor::scalar(std::int64_t{1}), {update})});
    const NodeId init = t.add("init", "NoOp", {}, {}, t.initializers).node;
    t.add("all_inits", "NoOp", {}, {}, {init}); // the same once more
    const Output path = t.constant("save/Const", Tensor::scalar(std::string("model")));
    const Output names = t.strings("save/names", {"global_step", "w"}), slices = t.strings("save/slices", {"", ""});
    const AttrMap types{{"dtypes", attr_list(std::vector<DType>{DType::int64, DType::float32})}};
    const Output save = t.add("save/SaveV2", "SaveV2", {path, names, slices, step, w}, types);
    t.add("save/control_dependency", "Identity", {path}, {}, {save.node});
    const Output restore = t.add("save/RestoreV2", "RestoreV2", {path, names, slices}, types);
    const NodeId first = t.add("save/Assign", "Assign", {step, restore}).node;
    const NodeId second = t.add("save/Assign_1", "Assign", {w, {restore.node, 1}}).node;
    t.add("save/restore_all", "NoOp", {}, {}, {first, second});
    t.add("report", "Pack",
          {t.add("is_initialized", "IsVariableInitialized", {w}),
           t.add("is_initialized_1", "IsVariableInitialized", {step})});
}

TEST(GraphRoles, OfASmallTrainingGraph) {
    Training t;
    build_training(t);
    EXPECT_EQ(to_text(graph_roles(t.graph), t.graph), R"(placeholders (4)
  x:0 float32 [?,3], feed for example [1,3]
  y:0 float32 [?,2], feed for example [1,2]
  free:0 float32 <unknown>, feed for example [1,5] (its rank is not declared)
  rate:0 float32 [], has a default, feed for example []
outputs (4)
  projected:0 float32 [?,2]: result
  prediction:0 float32 [?,2]: result
  loss:0 float32 []: scalar, a loss or a metric
  largest:0 float32 []: scalar, a loss or a metric
initializers (1)
  init: 2 variables: w, global_step
training steps (1)
  sgd: GradientDescent, 1 variable: w; probably minimizes loss:0; counts in global_step
savers (1)
  file name save/Const:0, saves by save/control_dependency:0, restores by save/restore_all; 2 variables: w, global_step
summaries (1)
  summary: ScalarSummary "loss"
)");
}

TEST(GraphRoles, GradientsAndAnEmptyGraph) {
    Training t;
    build_training(t);
    const GraphRoles roles = graph_roles(t.graph);
    std::vector<std::string> gradients;
    for (const Node& node : t.graph.nodes())
        if (roles.is_gradient[node.id.index()]) gradients.push_back(node.name);
    EXPECT_EQ(gradients, (std::vector<std::string>{"g/Fill", "g/error", "g/w"}));
    EXPECT_EQ(to_text(graph_roles(Graph{}), Graph{}), "");
}

TEST(GraphRoles, OfALoopWithACell) {
    testing::Net net;
    const auto weights = testing::gru_weights(net, 3, 4);
    const Output x = net.placeholder({2, 3}), start = net.placeholder({2, 4});
    net.enter_loop(5);
    const auto state = net.loop_variable(start);
    const Output last = net.close(
        state, testing::gru_cell(net, net.enter(x, true), state.value,
                                 {net.enter(weights.kernel, true), net.enter(weights.bias, true),
                                  net.enter(weights.candidate_kernel, true), net.enter(weights.candidate_bias, true)}));
    net.leave_loop();
    const Output logits = net.matmul(last, net.weight({4, 2}));
    net.add("ArgMax", {net.add("Softmax", {logits}), net.integer(1)});
    const std::string text = to_text(graph_roles(net.graph), net.graph);
    EXPECT_EQ(text, R"(placeholders (2)
  n4:0 float32 [2,3], feed for example [2,3]
  n5:0 float32 [2,4], feed for example [2,4]
outputs (3)
  n50:0 float32 [?,2]: probabilities
  n52:0 int64 [?]: class index
  n49:0 float32 [?,2]: logits
recurrent cells (1)
  (no scope): GRU, 4 units, input 3, Tanh, gate order ru, reset before the product; 1 instance, in loop "loop"
while loops (1)
  "loop": 2 loop variables, condition 2 nodes, body 23 nodes
)");
}

std::filesystem::path data_folder() {
    return std::filesystem::path(RNNSCOPE_SHARED_DIR) / "data/tf1";
}

struct RealRoles {
    const char* file;
    const char* train;     ///< op, optimizer, loss
    const char* best;      ///< first of the outputs
    std::size_t variables; ///< that the largest init op covers
    std::size_t states;    ///< final states of loops that nothing uses
};
const RealRoles real_roles[] = {
    {"gru-process-model/GRU.ckpt.meta", "Adam Adam Mean:0", "Sigmoid:0 result", 29, 1},
    {"handson-basicrnn/my_time_series_model.meta", "Adam Adam Mean:0", "Reshape_1:0 result", 14, 1},
    {"sentiment-lstm-training-run/model.ckpt-0.meta", "Adam Adam Mean_1:0", "Softmax:0 probabilities", 15, 2},
    {"g2p-gru-attention/model_epoch_14_gs_27956.meta", "Adam Adam Mean:0", "ArgMax:0 class index", 57, 6},
    {"seq2seq-letters-lstm/best_model.ckpt.meta", "optimization/Adam Adam optimization/sequence_loss/truediv:0",
     "decode/decoder/transpose:0 logits", 38, 10},
    {"char-rnn-lstm-unrolled/model-85340.meta", "training/Adam Adam training/loss/Mean:0",
     "evaluation/softmax/Softmax:0 probabilities", 0, 0},
    {"impala-lstm-pbtxt/model.ckpt-89639040.meta", "AssignAdd RMSProp add_1:0", "LogSoftmax:0 probabilities", 43, 1},
};

/// Much of this the files say themselves, in their SaverDef and their collections.
TEST(GraphRoles, AreThoseThatTheFilesName) {
    if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "the real graphs are not here: " << data_folder();
    for (const RealRoles& expected : real_roles) {
        SCOPED_TRACE(expected.file);
        const LoadedGraph loaded = load_graph_file((data_folder() / expected.file).string());
        const auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
        ASSERT_NE(file, nullptr);
        Graph graph;
        ASSERT_TRUE(import_graph(graph, **file).empty());
        const GraphRoles roles = graph_roles(graph);

        ASSERT_TRUE((*file)->saver.has_value());
        const SaverData& saver = *(*file)->saver;
        EXPECT_TRUE(std::ranges::any_of(roles.savers, [&](const SaverRole& role) {
            return role.save_tensor.valid() && role.restore_op.valid() &&
                   graph.tensor_name(role.filename) == saver.filename_tensor &&
                   graph.tensor_name(role.save_tensor) == saver.save_tensor &&
                   graph.node(role.restore_op).name == saver.restore_op;
        })) << to_text(roles, graph);

        ASSERT_EQ(roles.trains.size(), 1U);
        const TrainRole& train = roles.trains[0];
        const auto named = [&](const char* key) {
            const auto found = (*file)->collections.find(key);
            return found == (*file)->collections.end() ? std::vector<std::string>{} : found->second.names;
        };
        const std::vector<std::string> train_ops = named("train_op");
        if (!train_ops.empty()) {
            EXPECT_TRUE(std::ranges::count(train_ops, graph.node(train.op).name) == 1 ||
                        std::ranges::count(train_ops, graph.node(train.update).name) == 1);
        }
        const std::string found =
            fmt::format("{} {} {}", graph.node(train.op).name, train.optimizer, graph.tensor_name(train.loss));
        EXPECT_EQ(found, expected.train);
        for (const std::string& name : named("summaries"))
            EXPECT_TRUE(std::ranges::any_of(roles.summaries, [&](const SummaryRole& role) {
                return graph.tensor_name({role.node, 0}) == name;
            })) << name;
        ASSERT_FALSE(roles.outputs.empty());
        const OutputRole& best = roles.outputs[0];
        EXPECT_EQ(fmt::format("{} {}", graph.tensor_name(best.output), to_text(best.kind)), expected.best);
        std::size_t most = 0;
        for (const InitRole& role : roles.inits) most = std::max(most, role.variables.size());
        EXPECT_EQ(most, expected.variables);
        EXPECT_EQ(std::ranges::count(roles.outputs, OutputKind::final_state, &OutputRole::kind),
                  static_cast<std::ptrdiff_t>(expected.states));
        for (const OutputRole& role : roles.outputs)
            EXPECT_FALSE(graph.node(role.output.node).name.find("gradients/") != std::string::npos)
                << graph.tensor_name(role.output);
    }
}

/// The same graph with nodes n0, n1, ...; control inputs stay, because groups are made of them.
GraphFile renamed(const GraphFile& file) {
    GraphFile result = file;
    std::map<std::string, std::string> names;
    std::vector<NodeDefData> nodes(file.nodes.begin(), file.nodes.end());
    for (const NodeDefData& node : nodes) names.emplace(node.name, fmt::format("n{}", names.size()));
    for (NodeDefData& node : nodes) {
        node.name = names.at(node.name);
        for (std::string& input : node.inputs) {
            const std::size_t begin = input.starts_with("^") ? 1 : 0, end = std::min(input.find(':'), input.size());
            input.replace(begin, end - begin, names.at(input.substr(begin, end - begin)));
        }
    }
    result.nodes = nodes;
    return result;
}

TEST(GraphRoles, DoNotDependOnNames) {
    if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "the real graphs are not here: " << data_folder();
    for (const RealRoles& expected : real_roles) {
        SCOPED_TRACE(expected.file);
        const LoadedGraph loaded = load_graph_file((data_folder() / expected.file).string());
        const GraphFile& file = **std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
        Graph graph, nameless;
        ASSERT_TRUE(import_graph(graph, file).empty());
        const Diagnostics problems = import_graph(nameless, renamed(file));
        ASSERT_TRUE(problems.empty()) << to_text(problems);
        // Written with the names of the first, both say the same, but for what cells and scopes are called.
        GraphRoles roles = graph_roles(graph), again = graph_roles(nameless);
        roles.cells.clear();
        again.cells.clear();
        EXPECT_EQ(to_text(roles, graph), to_text(again, graph));
        EXPECT_EQ(roles.is_gradient, again.is_gradient);
    }
}

} // namespace
} // namespace rnnscope

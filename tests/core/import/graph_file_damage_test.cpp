// Graph files that are cut, changed, or made to harm: every one gives a graph, or complaints that name the file; what
// is said of a graph afterwards (cells, roles) must stand what a damaged file leaves.

#include "core/import/graph_file.hpp"
#include "core/import/graph_roles.hpp"
#include "core/import/graphdef_importer.hpp"
#include "tests/core/import/net.hpp"
#include "tests/core/import/protobuf_bytes.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

namespace rnnscope {
namespace {

using testing::attr, testing::field, testing::map_entry, testing::number, testing::varint;

/// A node of a GraphDef.
std::string node(const std::string& name, const std::string& op, const std::string& rest = "") {
    return field(1, testing::node_def(name, op, rest));
}

/// Peak memory of this process in megabytes.
long peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

/// A BasicRNN step in a while loop: constants, an Enter with its frame's name, a back edge.
const Graph& sample() {
    static const auto net = [] {
        auto result = std::make_unique<testing::Net>();
        const Output kernel = result->weight({3, 2}), bias = result->weight({2}), start = result->placeholder({1, 2});
        result->enter_loop(3);
        const auto state = result->loop_variable(start);
        const Output axis = result->integer(1);
        const Output joined = result->add("ConcatV2", {result->columns(state.value, 0, 1), state.value, axis});
        result->close(state, result->add("Tanh", {result->dense(joined, result->enter(kernel, true),
                                                                result->enter(bias, true))}));
        return result;
    }();
    return net->graph;
}

std::string meta_graph(const std::string& graph) {
    const std::string variable = field(1, "n0:0") + field(2, "n1") + field(3, "n2:0");
    return field(1, field(4, "serve") + field(5, "1.7.0")) + field(2, graph) +
           field(3, field(1, "n0:0") + field(2, "n1:0") + field(3, "n2") + number(7, 2)) +
           field(4, map_entry("variables", field(2, field(1, variable)))) +
           field(4, map_entry("train_op", field(1, field(1, "n3")))) +
           field(5, map_entry("serving_default", field(1, map_entry("x", field(1, "n0:0")))));
}

struct Good {
    std::string name, content;
};
/// What no part of the file can be without, because every byte of these forms is tried.
const Graph& small_sample() {
    static const auto net = [] {
        auto result = std::make_unique<testing::Net>();
        result->add("Relu", {result->split(result->constant(Tensor::of<float>({1, 2}, {1, 2})), 2)[1]});
        return result;
    }();
    return net->graph;
}

std::vector<Good> good_files() {
    const std::string meta = meta_graph(to_graphdef_binary(small_sample()));
    return {{"graph.pb", to_graphdef_binary(sample())},
            {"graph.pbtxt", to_graphdef_text(small_sample())},
            {"graph.json", to_graphdef_json(small_sample())},
            {"model.meta", meta},
            {"saved_model.pb", number(1, 1) + field(2, meta)}};
}

class GraphFileDamage : public ::testing::Test {
  protected:
    void SetUp() override { before_ = peak_megabytes(); }
    void TearDown() override {
        EXPECT_LT(peak_megabytes() - before_, 1500) << "damaged files may not take memory that they do not fill";
    }

    /// Loads, imports, and says all there is to say.
    void check(const std::string& content, const std::string& name, const std::string& what) {
        const auto expect_place = [&](const Diagnostics& problems) {
            ASSERT_FALSE(problems.empty()) << what;
            for (const Diagnostic& problem : problems) {
                ASSERT_EQ(problem.where.file, name) << what << ": " << problem.message;
                ASSERT_FALSE(problem.message.empty() || problem.code.empty()) << what;
            }
        };
        const LoadedGraph loaded = read_graph_file(content, name);
        if (const auto* problems = std::get_if<Diagnostics>(&loaded)) {
            ++refused_;
            return expect_place(*problems);
        }
        const GraphFile& file = *std::get<std::shared_ptr<const GraphFile>>(loaded);
        Graph graph;
        const Diagnostics problems = import_graph(graph, file);
        if (!problems.empty()) {
            ++refused_;
            EXPECT_EQ(graph.size(), 0U) << what;
            return expect_place(problems);
        }
        ++read_;
        import_collections(graph, file);
        const std::string text = to_text(graph_roles(graph), graph);
        ASSERT_EQ(text.find('\0'), std::string::npos) << what;
    }

    int refused_ = 0, read_ = 0;

  private:
    long before_ = 0;
};

TEST_F(GraphFileDamage, TheWholeFilesRead) {
    for (const Good& good : good_files()) {
        check(good.content, good.name, good.name);
        const LoadedGraph loaded = read_graph_file(good.content, good.name);
        Graph graph;
        ASSERT_TRUE(import_graph(graph, *std::get<std::shared_ptr<const GraphFile>>(loaded)).empty());
        const bool is_small = good.name != "graph.pb";
        EXPECT_EQ(graph.size(), is_small ? small_sample().size() : sample().size());
        EXPECT_EQ(recognize_cells(graph).size(), is_small ? 0U : 1U) << good.name;
    }
    EXPECT_EQ(read_, 5);
}

TEST_F(GraphFileDamage, EveryByteChanged) {
    for (const Good& good : good_files()) {
        const bool is_binary = good.name.ends_with(".pb") || good.name.ends_with(".meta");
        // By turns a bit that makes lengths and numbers others, and one that makes them longer or a text no text.
        for (std::size_t i = 0; i < good.content.size(); ++i) {
            const int change = i % 2 == 0 ? 0x01 : is_binary ? 0x80 : 0x10;
            std::string bad = good.content;
            bad[i] = static_cast<char>(bad[i] ^ change);
            check(bad, good.name, fmt::format("{}: byte {} ^ {}", good.name, i, change));
        }
    }
    EXPECT_GT(refused_, 500);
    EXPECT_GT(read_, 500) << "most bytes of names and constants can be others";
}

TEST_F(GraphFileDamage, CutAtEveryLength) {
    for (const Good& good : good_files())
        for (std::size_t length = 0; length < good.content.size(); ++length)
            check(good.content.substr(0, length), good.name, fmt::format("{}: {} bytes", good.name, length));
    EXPECT_GT(refused_, 1000);
}

TEST_F(GraphFileDamage, LengthsThatAreTooLong) {
    for (const Good& good : good_files()) {
        if (good.name.ends_with("pbtxt") || good.name.ends_with("json")) continue;
        for (std::size_t i = 0; i < good.content.size(); ++i)
            for (const std::uint64_t length : {std::uint64_t{0x7FFFFFFF}, ~std::uint64_t{0}}) {
                std::string bad = good.content;
                bad.replace(i, 1, varint(length));
                check(bad, good.name, fmt::format("{}: byte {} is the length {}", good.name, i, length));
            }
    }
    EXPECT_GT(refused_, 1000);
}

TEST_F(GraphFileDamage, PartsInAnotherOrder) {
    for (const Good& good : good_files())
        for (std::size_t i = 0; i + 16 < good.content.size(); i += 7) {
            std::string bad = good.content;
            std::rotate(bad.begin() + static_cast<std::ptrdiff_t>(i), bad.begin() + static_cast<std::ptrdiff_t>(i + 5),
                        bad.begin() + static_cast<std::ptrdiff_t>(i + 16));
            check(bad, good.name, fmt::format("{}: turned at {}", good.name, i));
            bad = good.content;
            bad.insert(i, good.content.substr(i, 16));
            check(bad, good.name, fmt::format("{}: doubled at {}", good.name, i));
        }
}

TEST_F(GraphFileDamage, DeepNesting) {
    // An attribute that is a function with an attribute that is a function ...
    std::string function = field(1, "f");
    for (int depth = 0; depth < 2000; ++depth) function = field(1, "f") + field(2, map_entry("a", field(10, function)));
    check(node("a", "NoOp", attr("g", field(10, function))), "deep.pb", "functions");
    std::string groups(200000, '\x0B'); // group after group begins
    check(node("a", "NoOp", groups), "groups.pb", "groups");
    for (const std::string open : {"node { attr { value { func { ", "node { attr { value { list { "}) {
        std::string text = open;
        for (int depth = 0; depth < 20000; ++depth) text += "attr { value { func { ";
        check(text, "deep.pbtxt", "text");
    }
    check("node { name: " + std::string(100000, '{'), "braces.pbtxt", "braces");
    std::string json = R"({"node": [{"name": "a", "op": "NoOp", "attr": {"g": {"func": {"name": "f")";
    for (int depth = 0; depth < 20000; ++depth) json += R"(, "attr": {"g": {"func": {"name": "f")";
    check(json, "deep.json", "JSON");
    check(R"({"node": )" + std::string(100000, '['), "brackets.json", "brackets");
    EXPECT_GE(refused_, 6);
}

std::string shape_of(const std::vector<std::uint64_t>& dims) {
    std::string shape;
    for (const std::uint64_t dim : dims) shape += field(2, number(1, dim));
    return shape;
}
/// A Const of one number that is said to fill the shape.
std::string filled(const std::string& name, const std::vector<std::uint64_t>& dims, std::uint64_t dtype = 1) {
    const std::string value = dtype == 7 ? field(8, "a") : field(5, std::string("\0\0\x80\x3F", 4));
    return node(name, "Const",
                attr("dtype", number(6, dtype)) +
                    attr("value", field(8, number(1, dtype) + field(2, shape_of(dims)) + value)));
}

TEST_F(GraphFileDamage, ConstantsThatClaimMoreThanTheyHold) {
    const std::uint64_t large = std::uint64_t{1} << 40, negative = ~std::uint64_t{0};
    for (const std::vector<std::uint64_t>& dims : {std::vector<std::uint64_t>{large},
                                                   {large, large},
                                                   {std::uint64_t{1} << 62, 4},
                                                   {negative},
                                                   {0, large, large},
                                                   {1U << 29},
                                                   std::vector<std::uint64_t>(300, 1),
                                                   std::vector<std::uint64_t>(254, 2)})
        for (const std::uint64_t dtype : {1, 7})
            check(filled("a", dims, dtype), "claims.pb", fmt::format("{} dimensions of type {}", dims.size(), dtype));
    EXPECT_GE(refused_, 12);
    // Values that are repeated take no memory before they are asked for; strings do.
    std::string many, strings;
    for (int i = 0; i < 400; ++i) {
        many += filled(fmt::format("a{}", i), {1U << 24});
        strings += filled(fmt::format("a{}", i), {1U << 15}, 7);
    }
    const int read = read_, refused = refused_;
    check(many, "many.pb", "400 constants of 64 MB");
    EXPECT_EQ(read_, read + 1);
    check(strings, "strings.pb", "400 constants of 32768 strings");
    EXPECT_EQ(refused_, refused + 1);
}

std::string typed(const std::string& key, std::uint64_t type) {
    return attr(key, number(6, type));
}
std::string integer(const std::string& name, std::uint64_t value) {
    return node(name, "Const",
                typed("dtype", 3) + attr("value", field(8, number(1, 3) + field(2, "") + number(7, value))));
}

TEST_F(GraphFileDamage, NumbersThatAskForTooMuch) {
    for (const std::uint64_t count :
         {std::uint64_t{1} << 40, std::uint64_t{1} << 62, ~std::uint64_t{0}, std::uint64_t{0}}) {
        const std::string claims = attr("N", number(3, count)) + attr("num", number(3, count)) +
                                   attr("num_split", number(3, count)) + typed("T", 1);
        for (const std::string op : {"Split", "Unpack", "Pack", "ConcatV2", "AddN", "ShapeN", "Merge"})
            check(integer("i", 0) + filled("x", {2, 2}) + node("a", op, field(3, "i") + field(3, "x") + claims),
                  "claims.pb", fmt::format("{} of {}", op, count));
    }
    // Shape functions read values: a Fill, Range and Tile of constants that would not fit anywhere.
    const std::string most = integer("most", 0x7FFFFFFF), one = integer("one", 1), zero = integer("zero", 0);
    const std::string range =
        node("r", "Range", field(3, "zero") + field(3, "most") + field(3, "one") + typed("Tidx", 3));
    check(most + one + zero + range + node("f", "Fill", field(3, "r") + field(3, "one") + typed("T", 3)), "range.pb",
          "Fill of a Range");
    const std::string pack =
        node("p", "Pack", field(3, "most") + field(3, "most") + attr("N", number(3, 2)) + typed("T", 3));
    const std::string fill = node("f", "Fill", field(3, "p") + field(3, "one") + typed("T", 3));
    check(most + one + pack + fill + node("s", "Fill", field(3, "f") + field(3, "one") + typed("T", 3)), "fill.pb",
          "Fill of a Fill");
    EXPECT_GT(refused_, 20);
}

TEST_F(GraphFileDamage, LongChainsAndWideFans) {
    // Each uses the one before twice: what is followed without memory takes 2^60 steps.
    std::string doubling = integer("e0", 1);
    for (int i = 1; i < 60; ++i)
        doubling += node(fmt::format("e{}", i), i % 2 == 1 ? "Add" : "Mul",
                         field(3, fmt::format("e{}", i - 1)) + field(3, fmt::format("e{}", i - 1)) + typed("T", 3));
    const std::string dims =
        node("p", "Pack", field(3, "e59") + field(3, "e58") + attr("N", number(3, 2)) + typed("T", 3));
    check(doubling + dims + node("f", "Fill", field(3, "p") + field(3, "e0") + typed("T", 3)), "doubling.pb",
          "doubling");
    // A long chain: what recurses along it ends the stack.
    std::string chain = filled("c0", {2, 2});
    for (int i = 1; i < 20000; ++i)
        chain += node(fmt::format("c{}", i), i % 3 == 0 ? "Tanh" : "Identity",
                      field(3, fmt::format("c{}", i - 1)) + typed("T", 1));
    check(chain, "chain.pb", "chain");
    // Sums of products of one node, over and over.
    std::string fan = filled("x", {2, 2}) + node("m", "Mul", field(3, "x") + field(3, "x") + typed("T", 1));
    for (int i = 0; i < 3000; ++i)
        fan += node(fmt::format("a{}", i), "Add", field(3, "m") + field(3, "m") + typed("T", 1));
    check(fan, "fan.pb", "fan");
    EXPECT_EQ(read_ + refused_, 3);
}

} // namespace
} // namespace rnnscope

#include "core/runtime/client.hpp"
#include "tests/core/runtime/small_graph.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rnnscope::runtime {
namespace {

using rnnscope::testing::add;

struct ClientTest : ::testing::Test {
    Graph graph;
    NodeId x = add(graph, "x", "Placeholder", {}, {}, {DType::float32, false, {Shape::unknown, 5, 3}});
    NodeId n = add(graph, "n", "Placeholder", {}, {}, {DType::int32, false, Shape{}});
    NodeId loop = add(graph, "rnn/while/Sigmoid", "Sigmoid", {{x, 0}});

    ClientTest() { graph.set_fetchable(loop, false, false); }

    std::string fetch_error(std::string_view name, int minor = 15) {
        const auto fetch = fetch_by_name(graph, name, minor);
        return fetch.ok() ? "fine" : fetch.error().code + ": " + fetch.error().message;
    }
    std::string feed_error(std::string_view name) {
        const auto feed = feed_by_name(graph, name);
        return feed.ok() ? "fine" : feed.error().code + ": " + feed.error().message;
    }
    std::string value_error(NodeId node, const Tensor& value) {
        const auto fed = check_feed(graph, {node, 0}, value);
        return fed.ok() ? "fine" : fed.error().code + ": " + fed.error().message;
    }
};

TEST_F(ClientTest, ANameWithColonIsATensorAndWithoutIsAnOperation) {
    const auto tensor = fetch_by_name(graph, "x:0");
    ASSERT_TRUE(tensor.ok());
    EXPECT_EQ(tensor->output, (Output{x, 0}));
    const auto operation = fetch_by_name(graph, "x");
    ASSERT_TRUE(operation.ok());
    EXPECT_FALSE(operation->output.valid());
    EXPECT_EQ(operation->operation, x);
    EXPECT_EQ(*feed_by_name(graph, "n:0"), (Output{n, 0}));
}

TEST_F(ClientTest, FetchesThatDoNotExist) {
    EXPECT_EQ(fetch_error("foo"),
              "ValueError: Fetch argument 'foo' cannot be interpreted as a Tensor. (\"The name 'foo' "
              "refers to an Operation not in the graph.\")");
    EXPECT_EQ(fetch_error("foo:0"),
              "ValueError: Fetch argument 'foo:0' cannot be interpreted as a Tensor. (\"The name 'foo:0' refers to a "
              "Tensor which does not exist. The operation, 'foo', does not exist in the graph.\")");
    EXPECT_EQ(
        fetch_error("x:7"),
        "ValueError: Fetch argument 'x:7' cannot be interpreted as a Tensor. (\"The name 'x:7' refers to a Tensor "
        "which does not exist. The operation, 'x', exists but only has 1 outputs.\")");
    EXPECT_EQ(
        fetch_error("x:y"),
        "ValueError: Fetch argument 'x:y' cannot be interpreted as a Tensor. (The name 'x:y' looks a like a Tensor "
        "name, but is not a valid one. Tensor names must be of the form \"<op_name>:<output_index>\".)");
}

TEST_F(ClientTest, OpsInsideLoopsCannotBeFetched) {
    EXPECT_EQ(
        fetch_error("rnn/while/Sigmoid:0"),
        "InaccessibleTensorError: Operation 'rnn/while/Sigmoid' has been marked as not fetchable. Typically this "
        "happens when it is defined in another function or code block. Use return values,explicit Python locals or "
        "TensorFlow collections to access it.");
    EXPECT_EQ(fetch_error("rnn/while/Sigmoid", 14),
              "ValueError: Operation 'rnn/while/Sigmoid' has been marked as not fetchable.");
}

TEST_F(ClientTest, FeedsThatDoNotExist) {
    EXPECT_EQ(feed_error("foo:0"), "TypeError: Cannot interpret feed_dict key as Tensor: The name 'foo:0' refers to a "
                                   "Tensor which does not exist. The operation, 'foo', does not exist in the graph.");
    EXPECT_EQ(feed_error("x"),
              "TypeError: Cannot interpret feed_dict key as Tensor: The name 'x' refers to an Operation, "
              "not a Tensor. Tensor names must be of the form \"<op_name>:<output_index>\".");
}

TEST_F(ClientTest, FeedsOfAnotherShape) {
    EXPECT_EQ(value_error(x, Tensor::zeros(DType::float32, {2, 4})),
              "ValueError: Cannot feed value of shape (2, 4) for Tensor 'x:0', which has shape '(?, 5, 3)'");
    EXPECT_EQ(value_error(n, Tensor::zeros(DType::int32, {1})),
              "ValueError: Cannot feed value of shape (1,) for Tensor 'n:0', which has shape '()'");
    EXPECT_EQ(value_error(x, Tensor::zeros(DType::float32, {7, 5, 3})), "fine");
    EXPECT_EQ(value_error(loop, Tensor::scalar(1.0F)),
              "ValueError: Tensor Tensor(\"rnn/while/Sigmoid:0\", shape=(), dtype=float32) may not be fed.");
}

TEST_F(ClientTest, FeedsAreConvertedAsNumpyDoes) {
    const auto fed = check_feed(graph, {n, 0}, Tensor::scalar(-2.7));
    ASSERT_TRUE(fed.ok());
    EXPECT_TRUE(fed->identical(Tensor::scalar<std::int32_t>(-2)));
    EXPECT_EQ(value_error(n, Tensor::scalar<std::string>("a")), "ValueError: could not convert string to float: 'a'");
    EXPECT_EQ(
        value_error(n, Tensor::scalar<std::int64_t>(1LL << 40)),
        "TypeError: Type of feed value 1099511627776 with type <class 'int'> is not compatible with Tensor type "
        "<class 'numpy.int32'>. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64).");
}

TEST_F(ClientTest, HalfPrecisionFeedsRoundToNearestEven) {
    const NodeId h = add(graph, "h", "Placeholder", {}, {}, {DType::half, false, Shape::unknown_rank()});
    const NodeId b = add(graph, "b", "Placeholder", {}, {}, {DType::bfloat16, false, Shape::unknown_rank()});
    const Tensor values = Tensor::of<float>({6}, {1.0F, 0.1F, 65504.0F, 1e6F, -5.9604645e-8F, 1.00048828125F});
    const auto half = check_feed(graph, {h, 0}, values);
    ASSERT_TRUE(half.ok());
    EXPECT_EQ(half->number(0), 1.0);
    EXPECT_EQ(half->number(1), 0.0999755859375);
    EXPECT_EQ(half->number(2), 65504.0);
    EXPECT_TRUE(std::isinf(half->number(3)));
    EXPECT_EQ(half->number(4), -0x1p-24);
    EXPECT_EQ(half->number(5), 1.0); // halfway between 1 and 1 + 2^-10: the even one
    const auto brain = check_feed(graph, {b, 0}, Tensor::scalar(3.14159265F));
    ASSERT_TRUE(brain.ok());
    EXPECT_EQ(brain->number(0), 3.140625);
}

} // namespace
} // namespace rnnscope::runtime

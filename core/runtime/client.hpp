#pragma once

#include "core/base/result.hpp"
#include "core/graph/graph.hpp"
#include "core/runtime/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::runtime {

/// The checks that TensorFlow's Python client makes before it hands a run to the engine (tf1-semantics 6.1), with its
/// texts. `minor` is the minor version of the 1.x whose texts are wanted.

/// A fetch given by name: "a:0" a tensor, "a" an operation. `InaccessibleTensorError` for ops inside loops (>= 1.15).
struct Fetch {
    Output output; ///< invalid for an operation
    NodeId operation;
};
Result<Fetch> fetch_by_name(const Graph& graph, std::string_view name, int minor = 15);
Status check_fetchable(const Graph& graph, NodeId node, int minor = 15);
/// A feed key given by name.
Result<Output> feed_by_name(const Graph& graph, std::string_view name);
/// Converts the value to the tensor's dtype as numpy would and checks its shape:
/// "Cannot feed value of shape (2, 4) for Tensor 'x:0', which has shape '(?, 5, 3)'".
Result<Tensor> check_feed(const Graph& graph, Output output, const Tensor& value);

} // namespace rnnscope::runtime

#pragma once

#include "core/base/result.hpp"
#include "core/graph/graph.hpp"

#include <cassert>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::ops {

class ShapeContext;
class KernelContext;

/// Computes the static shapes of a node's outputs from its inputs' (TensorFlow's shape_inference). Refuses with
/// "InvalidArgumentError" and TensorFlow's text; the caller adds what TensorFlow adds around it.
using ShapeFn = Status (*)(ShapeContext&);

/// Computes a node once. Refuses with the Python class of TensorFlow's status and its text, without the
/// "[[node ...]]" dress, which the runtime adds.
using KernelFn = Status (*)(KernelContext&);

/// One input or output argument, after op_def.proto. Exactly one of `dtype`, `type_attr`, `type_list_attr` says its
/// type.
struct ArgDef {
    std::string name;
    DType dtype = DType::invalid;
    std::string type_attr;      ///< "T"
    std::string number_attr;    ///< "N": the argument is N tensors
    std::string type_list_attr; ///< "dtypes": one tensor for each
    bool is_ref = false;
};

/// One attribute, after op_def.proto. `type` is TensorFlow's spelling: "type", "int", "list(string)", ...
struct AttrDef {
    std::string name;
    std::string type;
    std::optional<AttrValue> default_value;
    std::vector<DType> allowed_types;         ///< of a "type" or "list(type)"; empty: any
    std::vector<std::string> allowed_strings; ///< of a "string"; empty: any
    std::optional<std::int64_t> minimum;      ///< least value of an "int", least length of a list
};

/// Inputs for which the test-suite runs an op: its kernel must agree with its shape function and with `expected`.
struct OpExample {
    std::vector<Tensor> inputs;
    AttrMap attrs;
    std::vector<Tensor> expected; ///< may be empty when only shapes and types are to be checked (random ops)
};

/// Everything there is to know about an op. Graph building, shape inference, execution, drawing, tooltips, the manual
/// and the tests read this record and nothing else. Signatures and defaults are those of TensorFlow 1.15's ops.pbtxt.
struct OpDef {
    std::string name;
    std::string summary; ///< one sentence: tooltip and manual
    /// Of a fused op: what its kernel computes, as lines of Python with TensorFlow's functions and the names of inputs,
    /// outputs and attributes (`*` elementwise, `@` the matrix product); "" for an op that is one step by itself.
    std::string formula;
    std::vector<ArgDef> inputs;
    std::vector<ArgDef> outputs;
    std::vector<AttrDef> attrs;
    bool is_stateful = false;
    bool allows_uninitialized_input = false; ///< may receive a reference to a variable without value
    ShapeFn shape = nullptr;                 ///< null: outputs have unknown shapes
    KernelFn kernel = nullptr;               ///< null: the op loads and is shown, but cannot run
    std::vector<OpExample> examples;         ///< the test-suite fails for an op with a kernel and no example

    const AttrDef* attr(std::string_view key) const;
};

/// Builds an OpDef from TensorFlow's REGISTER_OP notation:
///   OpBuilder("MatMul").input("a: T").input("b: T").output("product: T")
///       .attr("transpose_a: bool = false").attr("transpose_b: bool = false").attr("T: {float, double, int32, int64}")
///       .summary("Matrix product.").shape(matmul_shape).kernel(matmul)
///       .example({...});
/// The notation is ours, so a mistake in it asserts.
class OpBuilder {
  public:
    explicit OpBuilder(std::string_view name);
    OpBuilder&& input(std::string_view spec) &&;
    OpBuilder&& output(std::string_view spec) &&;
    OpBuilder&& attr(std::string_view spec) &&;
    OpBuilder&& summary(std::string_view text) &&;
    OpBuilder&& formula(std::string_view lines) &&;
    OpBuilder&& stateful() &&;
    OpBuilder&& allows_uninitialized_input() &&;
    OpBuilder&& shape(ShapeFn fn) &&;
    OpBuilder&& kernel(KernelFn fn) &&;
    OpBuilder&& example(OpExample example) &&;
    operator OpDef() &&;

  private:
    OpDef def_;
};

/// All ops in the order of the list in op_list.cpp: one function per family file.
std::span<const OpDef> all_ops();
const OpDef* find_op(std::string_view name); ///< null when unknown

/// What a shape function sees of the node that is being added. Helper functions of the common kinds ("same shape as
/// input", "broadcast") are in shape_fns.hpp.
class ShapeContext {
  public:
    ShapeContext(const Graph& graph, const Node& node, std::span<OutputInfo> outputs)
        : graph_(graph), node_(node), outputs_(outputs) {}

    const Node& node() const { return node_; }
    std::size_t inputs() const { return node_.inputs.size(); }
    const Shape& input(std::size_t i) const { return graph_.info(node_.inputs[i]).shape; }
    /// Value of the input if it can be computed from constants alone (C++ EvaluateConstantTensor).
    std::optional<Tensor> constant_input(std::size_t i) const;
    /// The input read as a shape, as far as it is known (C++ input_tensors_as_shapes): Pack of Shape slices and so on.
    Shape input_as_shape(std::size_t i) const;
    std::size_t outputs() const { return outputs_.size(); }
    void set_output(std::size_t i, Shape shape) { outputs_[i].shape = std::move(shape); }
    const Graph& graph() const { return graph_; }
    /// The attribute; asserts that it is there: add_node filled in the defaults.
    template <class T> const T& attr(std::string_view key) const {
        const T* value = node_.attr<T>(key);
        return assert(value != nullptr), *value;
    }
    /// What TensorFlow adds to a shape function's message: " for 'm' (op: 'MatMul') with input shapes: [?,8], [7,8]."
    /// and the constant inputs that the function asked for.
    std::string context() const;

  private:
    const Graph& graph_;
    const Node& node_;
    std::span<OutputInfo> outputs_;
    mutable std::map<std::size_t, Tensor> tensors_asked_; ///< constants that were asked for, for context()
    mutable std::map<std::size_t, Shape> shapes_asked_;
};

/// A node to be added. Type attributes ("T", "N", "dtypes") are inferred from the inputs where they are absent,
/// defaults are filled in from the OpDef.
struct NodeSpec {
    std::string name; ///< final and unique: uniquifying is the business of tf1
    std::string op;
    std::vector<Output> inputs;
    std::vector<NodeId> control_inputs;
    AttrMap attrs;
    std::string device;
    OriginId origin;
    /// Of a file: attributes that the op does not know are kept, for other versions of TensorFlow write them.
    bool keeps_unknown_attrs = false;
};

/// Checks the inputs, infers types and shapes, and appends. On failure the graph is unchanged. Errors (class and text
/// as Python raises them from create_op in 1.15):
///   ValueError  "Dimensions must be equal, but are 8 and 7 for 'm' (op: 'MatMul') with input shapes: [?,8], [7,8]."
///   TypeError   "Input 'y' of 'Mul' Op has type int32 that does not match type float32 of argument 'x'."
/// An op that is not registered: "op.unknown".
Result<NodeId> add_node(Graph& graph, NodeSpec spec);

/// Appends a node of an op that is not registered, as a file has it: nothing is checked, the outputs are as given.
NodeId add_foreign_node(Graph& graph, NodeSpec spec, std::vector<OutputInfo> outputs);

/// What the op asks of input `slot`, as far as `attrs` and defaults say it: type (invalid: any) and whether it must be
/// a reference. nullopt: there is no such input.
std::optional<OutputInfo> expected_input(const OpDef& def, const AttrMap& attrs, std::size_t slot);

/// Runs the shape function again, for a node whose inputs changed. Keeps what was known where the function knows less.
void refresh_shapes(Graph& graph, NodeId node);

/// The value of a tensor that depends on constants alone (C++ EvaluateConstantTensor, Python's
/// TF_TryEvaluateConstant_wrapper); nothing when it depends on anything else or cannot be computed.
std::optional<Tensor> evaluate_constant(const Graph& graph, Output output);
/// A tensor read as a shape, as far as it is known (C++ ShapeRefiner::ConstantPartialShape).
Shape evaluate_as_shape(const Graph& graph, Output output);

/// Python's tensor_util.constant_value of 1.15: Const, Shape, Size, Rank, Range, Cast, Concat, Pack, Fill, Equal,
/// NotEqual.
std::optional<Tensor> constant_value(const Graph& graph, Output output);
/// Python's tensor_util.constant_value_as_shape of 1.15.
Shape constant_value_as_shape(const Graph& graph, Output output);

} // namespace rnnscope::ops

#include "core/tf1/gradient_registry.hpp"

#include <algorithm>
#include <iterator>

namespace rnnscope::tf1 {

std::vector<GradientDef> shape_gradients() {
    return {
        {"Shape"},
        {"ShapeN"},
        {"Rank"},
        {"Size"},
        {"Const"},
        {"ZerosLike"},
        {"OnesLike"},
        {"InvertPermutation"},
        {"ConcatOffset"},
        {"BroadcastGradientArgs"},
        {"Range"},
        {"LinSpace"},
        {"OneHot"},
        {"Where"},
        {"ListDiff"},
        {"Unique"},
        {"ArgMax"},
        {"ArgMin"},
        {"Assign"},
        {"AssignAdd"},
        {"AssignSub"},
        {"All"},
        {"Any"},
        {"RandomUniform"},
        {"RandomUniformInt"},
        {"RandomStandardNormal"},
        {"TruncatedNormal"},
        {"Multinomial"},
        {"IsVariableInitialized"},
        {"VarIsInitializedOp"},
        {"VariableShape"},
        {"InTopKV2"},
        {"Stack"},
        {"StackPush"},
        {"StackPop"},
        {"StackClose"},
        {"StackV2"},
        {"ScatterAdd"},
        {"ScatterSub"},
        {"HashTableV2"},
        {"InitializeTableV2"},
        {"LookupTableFindV2"},
        {"LookupTableSizeV2"},
        {"TensorListLength"},
        {"DenseToDenseSetOperation"},
        {"StringJoin"},
        {"HistogramSummary"},
        {"MergeSummary"},
        {"ScalarSummary"},
        {"Assert"},
        {"Print"},
    };
}

std::span<const GradientDef> all_gradients() {
    static const std::vector<GradientDef> all = [] {
        std::vector<GradientDef> list;
        for (auto* family :
             {math_gradients, reduction_gradients, array_gradients, shape_gradients, nn_gradients, diagonal_gradients,
              linalg_gradients, window_gradients, control_flow_gradients, tensor_array_gradients})
            std::ranges::copy(family(), std::back_inserter(list));
        std::ranges::sort(list, {}, &GradientDef::op);
        return list;
    }();
    return all;
}

const GradientDef* find_gradient(std::string_view op) {
    const std::span<const GradientDef> all = all_gradients();
    const auto it = std::ranges::lower_bound(all, op, {}, &GradientDef::op);
    return it == all.end() || it->op != op ? nullptr : &*it;
}

std::span<const std::string_view> unsupported_gradients() {
    static constexpr std::string_view names[] = {
        // functions
        "If",
        "StatelessIf",
        "While",
        "StatelessWhile",
        "PartitionedCall",
        "StatefulPartitionedCall",
        // lists of tensors, which loops of functions carry
        "TensorListFromTensor",
        "TensorListGetItem",
        "TensorListSetItem",
        "TensorListStack",
        // complex numbers
        "RFFT",
        "IRFFT",
        "ComplexAbs",
        "Angle",
        // a GPU's
        "CudnnRNN",
    };
    return names;
}

} // namespace rnnscope::tf1

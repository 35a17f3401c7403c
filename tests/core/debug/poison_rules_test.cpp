// The rules by which poison goes through ops, against brute force: other values are put into the poisoned elements, the
// op's kernel runs, and what changes must be poisoned.

#include "core/debug/poison_rules.hpp"
#include "core/debug/poison_stores.hpp"
#include "core/ops/kernel_util.hpp"
#include "tests/core/ops/harness.hpp"

#include <algorithm>
#include <random>

namespace rnnscope::debug {
namespace {

using ops::OpDef;
using ops::test::floats;
using ops::test::Harness;
using ops::test::ints;

struct Case {
    std::string op;
    std::vector<Tensor> inputs;
    AttrMap attrs;
    bool is_exact = false;
};

class Random {
  public:
    bool coin(double chance = 0.5) { return std::uniform_real_distribution<>(0, 1)(engine_) < chance; }
    double number() { return std::normal_distribution<>(0, 2)(engine_); }
    int below(int limit) { return std::uniform_int_distribution<>(0, limit - 1)(engine_); }

  private:
    std::mt19937 engine_{42};
};

PoisonMask random_mask(Random& random, std::int64_t elements) {
    const double chance = random.coin() ? 0.0 : random.coin(0.3) ? 1.0 : 0.3;
    std::vector<bool> bits(static_cast<std::size_t>(elements));
    for (auto&& bit : bits) bit = random.coin(chance);
    return PoisonMask::of(std::move(bits));
}

/// Other values where the mask says so.
Tensor disturbed(Random& random, const Tensor& tensor, const PoisonMask& mask) {
    if (!mask.any() || tensor.dtype() == DType::resource) return tensor;
    if (tensor.dtype() == DType::string) {
        std::vector<std::string> values(tensor.strings().begin(), tensor.strings().end());
        for (std::size_t i = 0; i < values.size(); ++i)
            if (mask.at(static_cast<std::int64_t>(i)))
                values[i] = std::string(1, static_cast<char>('a' + random.below(26)));
        return Tensor::of<std::string>(tensor.shape(), std::move(values));
    }
    if (tensor.dtype() == DType::boolean) {
        std::vector<bool> values;
        for (std::int64_t i = 0; i < tensor.elements(); ++i)
            values.push_back(mask.at(i) ? random.coin() : tensor.integer(i) != 0);
        return Tensor::of_bools(tensor.shape(), values);
    }
    Tensor result = tensor;
    ops::visit_number(tensor.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        result = Tensor::make<T>(tensor.shape(), data);
        const auto values = tensor.values<T>();
        for (std::int64_t i = 0; i < tensor.elements(); ++i) {
            const auto other = is_floating(tensor.dtype()) ? random.number() : random.below(4);
            data[i] = mask.at(i) ? static_cast<T>(other) : values[static_cast<std::size_t>(i)];
        }
    });
    return result;
}

/// Runs the node on the inputs. Empty: it fails on them, or gives no values.
std::vector<Tensor> computed(const Graph& graph, const Node& node, const std::vector<Tensor>& inputs) {
    const std::vector<ops::Value> given(inputs.begin(), inputs.end());
    std::vector<ops::Value> outputs(node.outputs.size());
    std::vector<ops::VariableAccess> accesses;
    ops::ResourceContainer session, step;
    ops::KernelState state;
    ops::KernelContext context(graph, node, given, outputs, {session, step, state, 7}, accesses);
    if (!ops::find_op(node.op)->kernel(context)) return {};
    std::vector<Tensor> tensors;
    for (const ops::Value& output : outputs)
        tensors.push_back(std::holds_alternative<Tensor>(output) ? std::get<Tensor>(output) : Tensor());
    return tensors;
}

bool same_element(const Tensor& a, const Tensor& b, std::int64_t i) {
    if (a.dtype() == DType::string || a.dtype() == DType::resource)
        return a.strings()[static_cast<std::size_t>(i)] == b.strings()[static_cast<std::size_t>(i)];
    return a.number(i) == b.number(i) || (std::isnan(a.number(i)) && std::isnan(b.number(i)));
}

class RuleCheck {
  public:
    explicit RuleCheck(const Case& c) : case_(c) {
        std::vector<Output> inputs;
        for (const Tensor& input : c.inputs) inputs.push_back(harness_.constant(input));
        const Output output = harness_.add(c.op, inputs, c.attrs);
        node_ = &harness_.graph.node(output.node);
        plain_ = computed(harness_.graph, *node_, c.inputs);
    }

    void run(Random& random) {
        if (plain_.empty() || std::ranges::any_of(plain_, [](const Tensor& t) { return !t; })) return;
        std::vector<PoisonMask> masks;
        bool is_exact = case_.is_exact;
        for (const Tensor& input : case_.inputs) {
            masks.push_back(random_mask(random, input.elements()));
            const bool says_how = !computes_with(case_.op, masks.size() - 1, case_.inputs.size());
            is_exact = is_exact && !(says_how && masks.back().any());
        }
        const auto found = spread_poison({harness_.graph, *node_, case_.inputs, masks, plain_});
        ASSERT_EQ(found.size(), plain_.size());
        std::vector<std::vector<bool>> changed;
        for (const Tensor& output : plain_) changed.emplace_back(static_cast<std::size_t>(output.elements()), false);
        bool is_whole = true; // nothing failed, and no shape changed
        for (int i = 0; i < 12; ++i) is_whole = disturb(random, masks, found, changed) && is_whole;
        if (!is_exact || !is_whole) return;
        for (std::size_t o = 0; o < changed.size(); ++o)
            for (std::size_t k = 0; k < changed[o].size(); ++k)
                EXPECT_EQ(found[o].at(static_cast<std::int64_t>(k)), changed[o][k])
                    << case_.op << " output " << o << " element " << k << ": nothing changes it";
    }

  private:
    bool disturb(Random& random, const std::vector<PoisonMask>& masks, const std::vector<PoisonMask>& found,
                 std::vector<std::vector<bool>>& changed) {
        std::vector<Tensor> inputs;
        for (std::size_t i = 0; i < masks.size(); ++i) inputs.push_back(disturbed(random, case_.inputs[i], masks[i]));
        const std::vector<Tensor> outputs = computed(harness_.graph, *node_, inputs);
        if (outputs.empty()) return false; // no run would go on from here
        bool is_whole = true;
        for (std::size_t o = 0; o < outputs.size(); ++o) {
            if (!outputs[o] || outputs[o].shape() != plain_[o].shape()) {
                EXPECT_EQ(found[o].extent(), PoisonMask::Extent::shape) << case_.op << " output " << o;
                is_whole = false;
                continue;
            }
            for (std::int64_t k = 0; k < outputs[o].elements(); ++k) {
                if (same_element(outputs[o], plain_[o], k)) continue;
                changed[o][static_cast<std::size_t>(k)] = true;
                EXPECT_TRUE(found[o].at(k)) << case_.op << " output " << o << " element " << k << " changes";
            }
        }
        return is_whole;
    }

    const Case& case_;
    Harness harness_;
    const Node* node_ = nullptr;
    std::vector<Tensor> plain_;
};

/// Does the op work on its inputs alone?
bool is_function(const OpDef& def) {
    const bool needs_state = std::ranges::any_of(
        def.inputs, [](const ops::ArgDef& arg) { return arg.is_ref || arg.dtype == DType::resource; });
    static constexpr std::string_view others[] = {
        "Switch", "Merge", "Enter", "Exit", "NextIteration", "Unstage", "SaveV2", "RestoreV2", "MergeV2Checkpoints"};
    return def.kernel != nullptr && !needs_state && std::ranges::find(others, def.name) == std::end(others);
}

TEST(PoisonRules, HoldForTheExamplesOfEveryOp) {
    Random random;
    std::size_t ops = 0, exact = 0;
    for (const OpDef& def : ops::all_ops()) {
        if (!is_function(def)) continue;
        ++ops;
        exact += is_exact_poison_rule(def.name);
        for (const ops::OpExample& example : def.examples) {
            const Case c{def.name, example.inputs, example.attrs, is_exact_poison_rule(def.name)};
            RuleCheck check(c);
            for (int i = 0; i < 6; ++i) check.run(random);
        }
    }
    EXPECT_GT(ops, 100u);
    EXPECT_GT(exact, 40u);
}

/// Others at each call, the same in each test.
Tensor numbers(Shape shape) {
    static Random random;
    std::vector<float> values;
    for (std::int64_t i = 0; i < shape.elements(); ++i) values.push_back(static_cast<float>(random.number()));
    return floats(std::move(shape), std::move(values));
}

Tensor bools(Shape shape, std::vector<bool> values) {
    return Tensor::of_bools(std::move(shape), values);
}

// Without zeros and without ties, products and reductions are exact, too.
const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        {"Add", {numbers({3, 4}), numbers({4})}, {}, true},
        {"Add", {numbers({3, 1}), numbers({1, 4})}, {}, true},
        {"Mul", {numbers({2, 3, 4}), numbers({3, 1})}, {}, true},
        {"Sub", {numbers({}), numbers({5})}, {}, true},
        {"Less", {numbers({3, 4}), numbers({4})}, {}, false},
        {"ClipByValue", {numbers({3, 4}), floats({}, {-1}), floats({}, {1})}, {}, false},
        {"MatMul", {numbers({3, 4}), numbers({4, 5})}, {}, true},
        {"MatMul", {numbers({4, 3}), numbers({4, 5})}, {{"transpose_a", true}}, true},
        {"MatMul", {numbers({3, 4}), numbers({5, 4})}, {{"transpose_b", true}}, true},
        {"BatchMatMulV2", {numbers({2, 3, 4}), numbers({4, 5})}, {}, true},
        {"BiasAdd", {numbers({3, 4}), numbers({4})}, {}, true},
        {"Select", {bools({3}, {true, false, true}), numbers({3, 2}), numbers({3, 2})}, {}, true},
        {"Select", {bools({2, 2}, {true, false, true, false}), numbers({2, 2}), numbers({2, 2})}, {}, true},
        {"Select", {bools({}, {false}), numbers({2, 2}), numbers({2, 2})}, {}, true},
        {"Sum", {numbers({2, 3, 4}), ints({2}, {0, -1})}, {{"keep_dims", true}}, true},
        {"Mean", {numbers({2, 3, 4}), ints({1}, {1})}, {}, true},
        {"Max", {numbers({4, 3}), ints({1}, {0})}, {}, false},
        {"ArgMax", {numbers({4, 3}), ints({}, {1})}, {}, false},
        {"Softmax", {numbers({4, 3})}, {}, true},
        {"LogSoftmax", {numbers({2, 2, 3})}, {}, false},
        {"SoftmaxCrossEntropyWithLogits", {numbers({4, 3}), numbers({4, 3})}, {}, false},
        {"SparseSoftmaxCrossEntropyWithLogits", {numbers({4, 3}), ints({4}, {0, 1, 2, 0})}, {}, false},
        {"Transpose", {numbers({2, 3, 4}), ints({3}, {2, 0, 1})}, {}, true},
        {"Reshape", {numbers({2, 6}), ints({2}, {3, 4})}, {}, true},
        {"ConcatV2", {numbers({2, 3}), numbers({2, 1}), numbers({2, 2}), ints({}, {1})}, {}, true},
        {"Split", {ints({}, {1}), numbers({2, 6})}, {{"num_split", 3}}, true},
        {"StridedSlice",
         {numbers({4, 5}), ints({2}, {1, 0}), ints({2}, {4, 5}), ints({2}, {2, 3})},
         {{"shrink_axis_mask", 0}},
         true},
        {"Pad", {numbers({2, 2}), ints({2, 2}, {1, 0, 0, 2})}, {}, true},
        {"Tile", {numbers({2, 2}), ints({2}, {2, 3})}, {}, true},
        {"GatherV2", {numbers({4, 3}), ints({2}, {2, 0}), ints({}, {0})}, {}, true},
        {"GatherV2", {numbers({2, 4}), ints({3}, {2, 0, 2}), ints({}, {1})}, {}, true},
        {"Gather", {numbers({4, 3}), ints({2, 2}, {2, 0, 1, 1})}, {}, true},
        {"OneHot", {ints({3}, {0, 2, 1}), ints({}, {3}), floats({}, {1}), floats({}, {0})}, {}, false},
        {"Conv2D",
         {numbers({1, 4, 4, 2}), numbers({2, 2, 2, 3})},
         {{"strides", AttrList{{1, 1, 1, 1}}}, {"padding", std::string("SAME")}},
         true},
        {"MaxPool",
         {numbers({1, 4, 4, 2})},
         {{"ksize", AttrList{{1, 2, 2, 1}}}, {"strides", AttrList{{1, 2, 2, 1}}}, {"padding", std::string("VALID")}},
         false},
        {"Shape", {numbers({2, 3})}, {}, true},
        {"ZerosLike", {numbers({2, 3})}, {}, true},
        {"Fill", {ints({1}, {3}), numbers({})}, {}, true},
        {"Range", {ints({}, {0}), ints({}, {3}), ints({}, {1})}, {}, false},
    };
    return all;
}

TEST(PoisonRules, HoldForShapesThatMatter) {
    Random random;
    for (const Case& c : cases()) {
        SCOPED_TRACE(c.op);
        RuleCheck check(c);
        for (int i = 0; i < 24; ++i) check.run(random);
    }
}

TEST(PoisonStoresTest, ElementsAreFoundByTheirHandle) {
    PoisonStores stores;
    const Tensor array = Tensor::resource("_tensor_arrays/a"), flow = Tensor::scalar(0.0F);
    const PoisonMask none, all = PoisonMask::all(), second = PoisonMask::of({false, true});
    const Tensor rows = floats({3, 2}, {1, 2, 3, 4, 5, 6}), row = floats({2}, {1, 2});
    stores.visit("TensorArrayScatterV3", std::vector{array, ints({3}, {0, 1, 2}), rows, flow},
                 std::vector{none, none, PoisonMask::of({false, false, false, true, true, true}), none},
                 std::vector{flow});
    const auto read = [&](std::int32_t index, const PoisonMask& of_index) {
        return stores
            .visit("TensorArrayReadV3", std::vector{array, ints({}, {index}), flow}, std::vector{none, of_index, none},
                   std::vector{row})
            ->front();
    };
    EXPECT_EQ(read(0, none), none);
    EXPECT_EQ(read(1, none), second);
    EXPECT_EQ(read(2, none), all);
    EXPECT_EQ(read(0, all), all) << "which one is not known";
    stores.visit("TensorArrayWriteV3", std::vector{array, ints({}, {2}), row, flow},
                 std::vector{none, none, none, none}, std::vector{flow});
    EXPECT_EQ(read(2, none), none);
    const auto gathered = stores.visit("TensorArrayGatherV3", std::vector{array, ints({2}, {2, 1}), flow},
                                       std::vector{none, none, none}, std::vector{floats({2, 2}, {0, 0, 0, 0})});
    EXPECT_EQ(gathered->front(), PoisonMask::of({false, false, false, true}));
    EXPECT_EQ(stores.visit("MatMul", std::vector{row, row}, std::vector{all, all}, std::vector{row}), std::nullopt);

    const Tensor stack = Tensor::resource("_stacks/s");
    for (const PoisonMask& pushed : {none, second})
        EXPECT_EQ(
            stores.visit("StackPushV2", std::vector{stack, row}, std::vector{none, pushed}, std::vector{row})->front(),
            pushed);
    for (const PoisonMask& popped : {second, none})
        EXPECT_EQ(stores.visit("StackPopV2", std::vector{stack}, std::vector{none}, std::vector{row})->front(), popped);
}

} // namespace
} // namespace rnnscope::debug

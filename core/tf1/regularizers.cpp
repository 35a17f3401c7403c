#include "core/tf1/regularizers.hpp"

#include "core/tf1/array_ops.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/sums.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rnnscope::tf1 {

namespace {

/// A function of a variable that gives a loss, or None.
class Regularizer : public Object {
  public:
    bool callable() const override { return true; }
    Value call(Context& context, std::vector<Value> positional,
               std::vector<std::pair<std::string, Value>> keywords) override {
        if (positional.size() != 1 || !keywords.empty())
            raise("TypeError", fmt::format("{}() takes the weights and nothing else", type_name()));
        return loss(context.default_graph(), positional[0]);
    }
    virtual Value loss(GraphState& state, const Value& weights) const = 0;
};

DType weights_dtype(GraphState& state, const Value& weights) {
    if (const auto* variable = weights.as<VariableValue>()) return state.graph.variable(variable->id).dtype;
    return state.graph.info(to_tensor(state, weights)).dtype;
}

/// contrib/layers/python/layers/regularizers.py: a scale times a norm. A scale of 0 makes no loss.
class ScaledNorm : public Regularizer {
  public:
    ScaledNorm(bool is_l2, double scale, std::string scope) : is_l2_(is_l2), scale_(scale), scope_(std::move(scope)) {}
    std::string type_name() const override { return "function"; }
    Value loss(GraphState& state, const Value& weights) const override {
        if (scale_ == 0) return {};
        const NameScope scope(state, scope_);
        const Value scale = wrap(state, to_tensor(state, Value(scale_), weights_dtype(state, weights), "scale"));
        const Value norm = is_l2_ ? op_value(state, "L2Loss", {weights})
                                  : wrap(state, reduce(state, "Sum", op_value(state, "Abs", {weights})));
        return op_value(state, "Mul", {scale, norm}, {}, scope.scope());
    }

  private:
    bool is_l2_;
    double scale_;
    std::string scope_;
};

/// sum_regularizer of the same file.
class Sum : public Regularizer {
  public:
    static constexpr int most_depth = 900; ///< Python's limit of 1000 calls, less what is there already

    Sum(std::vector<Value> parts, std::string scope) : parts_(std::move(parts)), scope_(std::move(scope)) {
        for (const Value& part : parts_)
            if (const auto sum = part.object<Sum>()) depth_ = std::max(depth_, sum->depth_ + 1);
    }
    std::string type_name() const override { return "function"; }
    Value loss(GraphState& state, const Value& weights) const override {
        if (depth_ > most_depth) raise("RecursionError", "maximum recursion depth exceeded");
        const NameScope scope(state, scope_);
        std::vector<Value> losses;
        for (const Value& part : parts_) {
            Result<Value> made = call_value(state.context, part, {weights}, {});
            if (!made) raise(made.error().code, made.error().message);
            if (!made->is_none()) losses.push_back(*made);
        }
        return losses.empty() ? Value() : add_n(state, Value::list(std::move(losses)), scope.scope());
    }

  private:
    std::vector<Value> parts_;
    std::string scope_;
    int depth_ = 1; ///< of sums in sums
};

/// keras/regularizers.py: L1L2.
class L1L2 : public Regularizer {
  public:
    L1L2(double l1, double l2) : l1_(l1), l2_(l2) {}
    std::string type_name() const override { return "L1L2"; }
    Value attribute(Context& context, std::string_view name) override {
        if (name == "l1") return l1_;
        if (name == "l2") return l2_;
        return Object::attribute(context, name);
    }
    std::vector<std::string> attribute_names() const override { return {"l1", "l2"}; }
    Value loss(GraphState& state, const Value& weights) const override {
        if (l1_ == 0 && l2_ == 0) return wrap(state, state.constant(make_tensor(Value(0.0))));
        Value total = 0.0;
        const auto add = [&](double scale, std::string_view norm) {
            const Value each = op_value(state, norm, {weights});
            const Value scaled = wrap(state, binary_operator(state, "*", Value(scale), each));
            const Value sum = wrap(state, reduce(state, "Sum", scaled));
            total = wrap(state, binary_operator(state, "+", total, sum));
        };
        if (l1_ != 0) add(l1_, "Abs");
        if (l2_ != 0) add(l2_, "Square");
        return total;
    }

  private:
    double l1_, l2_;
};

Value scaled_norm(bool is_l2, const Value& scale, const std::string& scope) {
    if (scale.is<std::int64_t>() || scale.is<bool>())
        raise("ValueError", fmt::format("scale cannot be an integer: {}", str(scale)));
    const double number = number_of(scale);
    if (number < 0)
        raise("ValueError",
              fmt::format("Setting a scale less than 0 on a regularizer: {:g}{}", number, is_l2 ? "." : ""));
    return Value(std::make_shared<ScaledNorm>(is_l2, number, scope));
}

Value l1_l2_regularizer(Context&, const Arguments& a) {
    for (const auto& [i, name] : {std::pair<std::size_t, const char*>{0, "scale_l1"}, {1, "scale_l2"}})
        if (a[i].is<std::int64_t>() || a[i].is<bool>())
            raise("ValueError", fmt::format("{} cannot be an integer: {}", name, str(a[i])));
    const std::string scope = text_or(a[2], "l1_l2_regularizer");
    if (number_of(a[0]) == 0) return scaled_norm(true, a[1], scope);
    if (number_of(a[1]) == 0) return scaled_norm(false, a[0], scope);
    return Value(std::make_shared<Sum>(
        std::vector<Value>{scaled_norm(false, a[0], "l1_regularizer"), scaled_norm(true, a[1], "l2_regularizer")},
        scope));
}

Value sum_regularizer(Context&, const Arguments& a) {
    std::vector<Value> parts;
    const std::vector<Value>* given = items_of(a[0]);
    if (given == nullptr) raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(a[0])));
    for (const Value& part : *given)
        if (!part.is_none()) parts.push_back(part);
    if (parts.empty()) return {};
    return Value(std::make_shared<Sum>(std::move(parts), text_or(a[1], "sum_regularizer")));
}

Value l1_l2(double l1, double l2) {
    return Value(std::make_shared<L1L2>(l1, l2));
}

} // namespace

Value regularizer_object(const Value& given) {
    const auto* name = given.as<std::string>();
    if (name == nullptr) {
        if (given.is_none() || is_callable(given)) return given;
        raise("ValueError", fmt::format("('Could not interpret regularizer identifier:', {})", repr(given)));
    }
    constexpr double scale = 0.01;
    if (*name == "l1") return l1_l2(scale, 0);
    if (*name == "l2") return l1_l2(0, scale);
    if (*name == "l1_l2") return l1_l2(scale, scale);
    raise("ValueError", "Unknown regularizer:" + *name);
}

std::vector<ApiDef> regularizer_api() {
    return {
        {"contrib.layers.l1_regularizer", params("scale, scope=None"), "A loss of scale times the sum of magnitudes.",
         [](Context&, const Arguments& a) { return scaled_norm(false, a[0], text_or(a[1], "l1_regularizer")); }},
        {"contrib.layers.l2_regularizer", params("scale, scope=None"), "A loss of scale times half the sum of squares.",
         [](Context&, const Arguments& a) { return scaled_norm(true, a[0], text_or(a[1], "l2_regularizer")); }},
        {"contrib.layers.l1_l2_regularizer", params("scale_l1=1.0, scale_l2=1.0, scope=None"),
         "The sum of both losses.", l1_l2_regularizer},
        {"contrib.layers.sum_regularizer", params("regularizer_list, scope=None"), "The sum of several losses.",
         sum_regularizer},
        {"keras.regularizers.l1", params("l=0.01"), "A loss of l times the sum of magnitudes.",
         [](Context&, const Arguments& a) { return l1_l2(number_of(a[0]), 0); }},
        {"keras.regularizers.l2", params("l=0.01"), "A loss of l times the sum of squares.",
         [](Context&, const Arguments& a) { return l1_l2(0, number_of(a[0])); }},
        {"keras.regularizers.l1_l2", params("l1=0.01, l2=0.01"), "The sum of both losses.",
         [](Context&, const Arguments& a) { return l1_l2(number_of(a[0]), number_of(a[1])); }},
    };
}

} // namespace rnnscope::tf1

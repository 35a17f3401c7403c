#include "tests/core/ops/harness.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

// What an op's formula says is what its kernel computes: the formulas are evaluated here, line by line, for the ops'
// examples. The language is the part of Python that they are written in.
namespace rnnscope::ops {
namespace {

/// A scalar is 1x1 and a vector one row; rows and columns of 1 are repeated as numpy does.
struct Matrix {
    std::size_t rows = 1, columns = 1;
    std::vector<double> numbers{0};

    double at(std::size_t r, std::size_t c) const {
        return numbers[(rows == 1 ? 0 : r) * columns + (columns == 1 ? 0 : c)];
    }
};

Matrix made(std::size_t rows, std::size_t columns, const std::function<double(std::size_t, std::size_t)>& number) {
    Matrix result{rows, columns, {}};
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c) result.numbers.push_back(number(r, c));
    return result;
}

Matrix scalar(double number) {
    return {1, 1, {number}};
}

Matrix each(const Matrix& a, const Matrix& b, const std::function<double(double, double)>& f) {
    return made(std::max(a.rows, b.rows), std::max(a.columns, b.columns),
                [&](std::size_t r, std::size_t c) { return f(a.at(r, c), b.at(r, c)); });
}

Matrix product(const Matrix& a, const Matrix& b) {
    EXPECT_EQ(a.columns, b.rows);
    return made(a.rows, b.columns, [&](std::size_t r, std::size_t c) {
        double sum = 0;
        for (std::size_t k = 0; k < a.columns; ++k) sum += a.at(r, k) * b.at(k, c);
        return sum;
    });
}

Matrix columns_of(const Matrix& a, std::size_t first, std::size_t count) {
    return made(a.rows, count, [&](std::size_t r, std::size_t c) { return a.at(r, first + c); });
}

using Names = std::map<std::string, Matrix>; ///< "x", or "x[3]" for step 3 of a sequence

std::vector<Matrix> evaluate(const OpDef& op, const AttrMap& attrs, Names names, Names* all = nullptr);

/// One expression; the values of a tuple are in a list.
class Expression {
  public:
    Expression(std::string_view text, const Names& names, const AttrMap& attrs, std::set<std::string>* used)
        : rest_(text), names_(names), attrs_(attrs), used_(used) {}

    std::vector<Matrix> list() {
        std::vector<Matrix> values = conditional();
        while (accept(",")) append(values, conditional());
        return values;
    }
    bool at_end() {
        blanks();
        return rest_.empty();
    }
    const std::string_view& rest() const { return rest_; }

  private:
    static void append(std::vector<Matrix>& to, std::vector<Matrix> more) {
        for (Matrix& value : more) to.push_back(std::move(value));
    }
    void blanks() {
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    }
    bool accept(std::string_view token) {
        blanks();
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    std::vector<Matrix> conditional() {
        std::vector<Matrix> value = sum();
        if (!accept("if ")) return value;
        const Matrix left = sum()[0];
        EXPECT_TRUE(accept(">"));
        const Matrix right = sum()[0];
        EXPECT_TRUE(accept("else "));
        const std::vector<Matrix> other = conditional();
        return left.at(0, 0) > right.at(0, 0) ? value : other;
    }
    std::vector<Matrix> sum() {
        std::vector<Matrix> value = term();
        while (true) {
            if (accept("+"))
                value = {each(value[0], term()[0], std::plus<>())};
            else if (accept("-"))
                value = {each(value[0], term()[0], std::minus<>())};
            else
                return value;
        }
    }
    std::vector<Matrix> term() {
        std::vector<Matrix> value = unary();
        while (true) {
            if (accept("*"))
                value = {each(value[0], unary()[0], std::multiplies<>())};
            else if (accept("@"))
                value = {product(value[0], unary()[0])};
            else
                return value;
        }
    }
    std::vector<Matrix> unary() {
        if (accept("-")) return {each(scalar(0), unary()[0], std::minus<>())};
        return atom();
    }
    std::vector<Matrix> atom() {
        if (accept("(")) return closed(")");
        if (accept("[")) return closed("]");
        blanks();
        const auto end = static_cast<std::size_t>(
            std::find_if_not(rest_.begin(), rest_.end(), [](char c) { return std::isalnum(c) || c == '_'; }) -
            rest_.begin());
        std::string word(rest_.substr(0, end));
        rest_.remove_prefix(end);
        EXPECT_FALSE(word.empty()) << "an operand, before: " << rest_;
        if (word.empty()) return rest_ = {}, std::vector{scalar(NAN)};
        if (std::isdigit(word[0])) return {scalar(std::stod(word))};
        if (accept("(")) return call(word);
        if (used_ != nullptr) used_->insert(word);
        if (accept("[")) word += fmt::format("[{}]", closed("]")[0].at(0, 0));
        const auto found = names_.find(word);
        EXPECT_NE(found, names_.end()) << word;
        return {found == names_.end() ? scalar(NAN) : found->second};
    }
    std::vector<Matrix> closed(std::string_view bracket) {
        std::vector<Matrix> values = list();
        EXPECT_TRUE(accept(bracket)) << "before: " << rest_;
        return values;
    }

    /// The arguments of a list ("[x, h], 1") stand in one row with those after it.
    std::vector<Matrix> call(const std::string& function) {
        const std::vector<Matrix> args = closed(")");
        const auto one = [&](double (*f)(double)) {
            return std::vector{each(args[0], scalar(0), [f](double x, double) { return f(x); })};
        };
        if (function == "sigmoid") return one([](double x) { return 1 / (1 + std::exp(-x)); });
        if (function == "tanh") return one([](double x) { return std::tanh(x); });
        if (function == "transpose")
            return {
                made(args[0].columns, args[0].rows, [&](std::size_t r, std::size_t c) { return args[0].at(c, r); })};
        if (function == "clip_by_value")
            return {each(each(args[0], args[1], [](double x, double low) { return std::max(x, low); }), args[2],
                         [](double x, double high) { return std::min(x, high); })};
        if (function == "reduce_sum")
            return {product(made(1, args[0].rows, [](std::size_t, std::size_t) { return 1.0; }), args[0])};
        if (function == "concat") return {concat(args)};
        if (function == "split") return split(args);
        const OpDef* op = find_op(function);
        EXPECT_NE(op, nullptr) << function;
        if (op == nullptr) return {scalar(NAN)};
        Names names;
        EXPECT_EQ(args.size(), op->inputs.size()) << function;
        for (std::size_t i = 0; i < std::min(args.size(), op->inputs.size()); ++i) names[op->inputs[i].name] = args[i];
        return evaluate(*op, attrs_, std::move(names));
    }
    static Matrix concat(const std::vector<Matrix>& args) {
        EXPECT_EQ(args.back().at(0, 0), 1) << "the axis";
        std::size_t rows = 1, columns = 0;
        for (std::size_t i = 0; i + 1 < args.size(); ++i)
            rows = std::max(rows, args[i].rows), columns += args[i].columns;
        return made(rows, columns, [&](std::size_t r, std::size_t c) {
            std::size_t i = 0;
            for (; c >= args[i].columns; ++i) c -= args[i].columns;
            return args[i].at(r, c);
        });
    }
    static std::vector<Matrix> split(const std::vector<Matrix>& args) {
        EXPECT_EQ(args.back().at(0, 0), 1) << "the axis";
        std::vector<std::size_t> sizes;
        for (std::size_t i = 1; i + 1 < args.size(); ++i) sizes.push_back(static_cast<std::size_t>(args[i].at(0, 0)));
        if (sizes.size() == 1) sizes.assign(sizes[0], args[0].columns / sizes[0]); // a number of equal parts
        std::vector<Matrix> parts;
        std::size_t first = 0;
        for (const std::size_t size : sizes) parts.push_back(columns_of(args[0], first, size)), first += size;
        EXPECT_EQ(first, args[0].columns);
        return parts;
    }

    std::string_view rest_;
    const Names& names_;
    const AttrMap& attrs_;
    std::set<std::string>* used_;
};

/// The lines of a formula, carried out.
class Lines {
  public:
    Lines(Names& names, const AttrMap& attrs, std::set<std::string>* used)
        : names_(names), attrs_(attrs), used_(used) {}

    void run(const std::string& text) {
        std::vector<std::string> lines;
        for (std::size_t at = 0; at <= text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            lines.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (!lines[i].starts_with("for ")) {
                assign(lines[i]);
                continue;
            }
            const bool is_backwards = lines[i] == "for t in reversed(range(seq_len_max)):";
            EXPECT_TRUE(is_backwards || lines[i] == "for t in range(seq_len_max):") << lines[i];
            if (used_ != nullptr) used_->insert("seq_len_max");
            const std::size_t first = i + 1;
            while (i + 1 < lines.size() && lines[i + 1].starts_with("    ")) ++i;
            const auto steps = static_cast<int>(names_.at("seq_len_max").at(0, 0));
            for (int step = 0; step < steps; ++step) {
                names_["t"] = scalar(is_backwards ? steps - 1 - step : step);
                for (std::size_t line = first; line <= i; ++line) assign(lines[line].substr(4));
            }
        }
    }

  private:
    Expression expression(std::string_view text) { return {text, names_, attrs_, used_}; }

    void assign(const std::string& line) {
        const std::size_t equals = line.find(" = "), plus = line.find(" += ");
        ASSERT_TRUE(equals != std::string::npos || plus != std::string::npos) << line;
        const bool adds = plus != std::string::npos;
        std::string_view targets(line);
        targets = targets.substr(0, adds ? plus : equals);
        Expression right = expression(std::string_view(line).substr(adds ? plus + 4 : equals + 3));
        const std::vector<Matrix> values = right.list();
        EXPECT_TRUE(right.at_end()) << line << ": " << right.rest();
        std::size_t at = 0;
        while (!targets.empty()) {
            std::string target(targets.substr(0, targets.find(", ")));
            targets.remove_prefix(std::min(targets.size(), target.size() + 2));
            if (const std::size_t bracket = target.find('['); bracket != std::string::npos) {
                const Matrix step =
                    expression(std::string_view(target).substr(bracket + 1, target.size() - bracket - 2)).list()[0];
                target = fmt::format("{}[{}]", target.substr(0, bracket), step.at(0, 0));
            }
            ASSERT_LT(at, values.size()) << line;
            names_[target] = adds ? each(names_.at(target), values[at], std::plus<>()) : values[at];
            ++at;
        }
        EXPECT_EQ(at, values.size()) << line;
    }

    Names& names_;
    const AttrMap& attrs_;
    std::set<std::string>* used_;
};

void bind_attributes(const OpDef& op, const AttrMap& attrs, Names& names) {
    for (const AttrDef& attr : op.attrs) {
        const auto given = attrs.find(attr.name);
        const AttrValue value = given != attrs.end() ? given->second : attr.default_value.value_or(AttrValue());
        if (const auto* flag = value.as<bool>()) names[attr.name] = scalar(*flag ? 1 : 0);
        if (const auto* number = value.as<float>()) names[attr.name] = scalar(static_cast<double>(*number));
    }
    const Matrix& x = names.contains("x") ? names.at("x") : names.at("x[0]");
    names["input_size"] = scalar(static_cast<double>(x.columns));
    names["cell_size"] = scalar(static_cast<double>(names.at("h_prev").columns));
}

std::vector<Matrix> evaluate(const OpDef& op, const AttrMap& attrs, Names names, Names* all) {
    bind_attributes(op, attrs, names);
    Lines(names, attrs, nullptr).run(op.formula);
    std::vector<Matrix> results;
    for (const ArgDef& output : op.outputs)
        results.push_back(names.contains(output.name) ? names.at(output.name) : scalar(NAN));
    if (all != nullptr) *all = std::move(names);
    return results;
}

/// A tensor under its name; of one with time, each step.
void bind_tensor(const std::string& name, const Tensor& tensor, Names& names) {
    const Shape& shape = tensor.shape();
    const std::size_t rank = shape.rank();
    const auto columns = static_cast<std::size_t>(rank == 0 ? 1 : shape.dim(rank - 1));
    const auto rows = static_cast<std::size_t>(rank < 2 ? 1 : shape.dim(rank - 2));
    const std::int64_t steps = rank == 3 ? shape.dim(0) : 1;
    for (std::int64_t t = 0; t < steps; ++t)
        names[rank == 3 ? fmt::format("{}[{}]", name, t) : name] =
            made(rows, columns, [&](std::size_t r, std::size_t c) {
                return tensor.number(t * static_cast<std::int64_t>(rows * columns) +
                                     static_cast<std::int64_t>(r * columns + c));
            });
}

std::vector<const OpDef*> fused_ops() {
    std::vector<const OpDef*> ops;
    for (const OpDef& op : all_ops())
        if (!op.formula.empty()) ops.push_back(&op);
    return ops;
}

TEST(Formulas, AllFusedCellsHaveOne) {
    for (const OpDef& op : all_ops())
        if (op.name.find("LSTM") != std::string::npos || op.name.find("GRU") != std::string::npos) {
            EXPECT_FALSE(op.formula.empty()) << op.name;
        }
    EXPECT_GE(fused_ops().size(), 6U);
}

TEST(Formulas, AreWhatTheKernelsCompute) {
    for (const OpDef* op : fused_ops())
        for (const OpExample& example : op->examples) {
            SCOPED_TRACE(op->name);
            Names names, results;
            for (std::size_t i = 0; i < op->inputs.size(); ++i)
                bind_tensor(op->inputs[i].name, example.inputs[i], names);
            evaluate(*op, example.attrs, std::move(names), &results);
            ASSERT_EQ(example.expected.size(), op->outputs.size());
            for (std::size_t i = 0; i < op->outputs.size(); ++i) {
                Names expected;
                bind_tensor(op->outputs[i].name, example.expected[i], expected);
                for (const auto& [name, matrix] : expected) {
                    // Steps that are not made are 0.
                    const Matrix result = results.contains(name) ? results.at(name) : scalar(0);
                    EXPECT_TRUE(results.contains(name) || name.ends_with(']')) << name;
                    for (std::size_t r = 0; r < matrix.rows; ++r)
                        for (std::size_t c = 0; c < matrix.columns; ++c)
                            EXPECT_NEAR(result.at(r, c), matrix.at(r, c), 2e-6) << name << ' ' << r << ' ' << c;
                }
            }
        }
}

/// Another value for an input must not matter when the formula does not name it.
TEST(Formulas, NameEveryInputThatMatters) {
    for (const OpDef* op : fused_ops()) {
        const OpExample& example = op->examples.front();
        Names names;
        for (std::size_t i = 0; i < op->inputs.size(); ++i) bind_tensor(op->inputs[i].name, example.inputs[i], names);
        bind_attributes(*op, example.attrs, names);
        std::set<std::string> used;
        Lines(names, example.attrs, &used).run(op->formula);
        const auto outputs = [&](const std::vector<Tensor>& inputs) {
            test::Harness harness;
            std::vector<Output> constants;
            for (const Tensor& input : inputs) constants.push_back(harness.constant(input));
            return harness.run(harness.add(op->name, constants, example.attrs).node);
        };
        const auto before = outputs(example.inputs);
        ASSERT_TRUE(before.ok()) << op->name;
        for (std::size_t i = 0; i < op->inputs.size(); ++i) {
            if (used.contains(op->inputs[i].name)) continue;
            std::vector<Tensor> inputs = example.inputs;
            inputs[i] = Tensor::zeros(inputs[i].dtype(), inputs[i].shape());
            const auto after = outputs(inputs);
            ASSERT_TRUE(after.ok()) << op->name;
            for (std::size_t o = 0; o < before->size(); ++o)
                EXPECT_TRUE(std::get<Tensor>((*before)[o]).identical(std::get<Tensor>((*after)[o])))
                    << op->name << " depends on " << op->inputs[i].name;
        }
    }
}

} // namespace
} // namespace rnnscope::ops

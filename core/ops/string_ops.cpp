#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

namespace rnnscope::ops {
namespace {

Status join_shape(ShapeContext& ctx) {
    bool all_scalars = true;
    Shape shape = Shape::unknown_rank();
    for (std::size_t i = 0; i < ctx.inputs(); ++i) {
        const Shape& input = ctx.input(i);
        if (input.has_rank() && input.rank() == 0) continue; // repeated for the others
        all_scalars = false;
        auto merged = merge_shapes(shape, input);
        if (!merged) return merged.error();
        shape = *std::move(merged);
    }
    ctx.set_output(0, all_scalars ? Shape{} : std::move(shape));
    return {};
}

Status join(KernelContext& ctx) {
    Shape shape;
    for (std::size_t i = 0; i < ctx.inputs(); ++i) {
        const Shape& input = ctx.input(i).shape();
        if (input.rank() == 0) continue;
        if (shape.rank() > 0 && shape != input)
            return invalid_argument(
                fmt::format("Input shapes do not match: {} vs. {}", to_text(shape), to_text(input)));
        shape = input;
    }
    const auto separator = ctx.attr<std::string>("separator");
    std::vector<std::string> joined(static_cast<std::size_t>(shape.elements()));
    for (std::size_t e = 0; e < joined.size(); ++e)
        for (std::size_t i = 0; i < ctx.inputs(); ++i) {
            if (i > 0) joined[e] += separator;
            const Tensor& input = ctx.input(i);
            joined[e] += input.strings()[input.shape().rank() == 0 ? 0 : e];
        }
    ctx.set_output(0, Tensor::of<std::string>(std::move(shape), std::move(joined)));
    return {};
}

Status full_match(KernelContext& ctx) {
    const auto pattern = ctx.attr<std::string>("pattern");
    RE2::Options options;
    options.set_log_errors(false);
    const RE2 regex(pattern, options);
    if (!regex.ok()) return invalid_argument(fmt::format("Invalid pattern: {}, error: {}", pattern, regex.error()));
    std::vector<bool> matches;
    for (const std::string& text : ctx.input(0).strings()) matches.push_back(RE2::FullMatch(text, regex));
    ctx.set_output(0, Tensor::of_bools(ctx.input(0).shape(), matches));
    return {};
}

} // namespace

void add_string_ops(OpRecords& ops) {
    using example::strings;
    ops.push_back(OpBuilder("StringJoin")
                      .input("inputs: N * string")
                      .output("output: string")
                      .attr("N: int >= 1")
                      .attr("separator: string = ''")
                      .summary("Joins strings, elementwise; scalars are repeated.")
                      .shape(join_shape)
                      .kernel(join)
                      .example({{strings({2}, {"a", "b"}), strings({}, {"-"}), strings({2}, {"c", "d"})},
                                {{"separator", "/"}},
                                {strings({2}, {"a/-/c", "b/-/d"})}})
                      .example({{strings({}, {"a"}), strings({}, {"b"})}, {}, {strings({}, {"ab"})}}));
    ops.push_back(OpBuilder("StaticRegexFullMatch")
                      .input("input: string")
                      .output("output: bool")
                      .attr("pattern: string")
                      .summary("Does the whole string match the pattern?")
                      .shape(unchanged_shape)
                      .kernel(full_match)
                      .example({{strings({3}, {"s3://a", "as3://", "s3:"})},
                                {{"pattern", "^s3://.*"}},
                                {example::bools({3}, {true, false, false})}}));
}

} // namespace rnnscope::ops

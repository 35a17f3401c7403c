#include "core/ops/checkpoint_store.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

#include <set>

namespace rnnscope::ops {
namespace {

/// prefix, tensor_names, shape_and_slices: a scalar and two vectors of one length.
Status check_names(ShapeContext& ctx, std::int64_t tensors) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 0));
    for (std::size_t i = 1; i <= 2; ++i) {
        const auto names = with_rank(ctx.input(i), 1);
        if (!names) return names.error();
        RNNSCOPE_TRY(dim_is(names->dim(0), tensors));
    }
    return {};
}

Status save_shape(ShapeContext& ctx) {
    return check_names(ctx, static_cast<std::int64_t>(ctx.inputs()) - 3);
}

Status restore_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 0));
    const auto names = with_rank(ctx.input(1), 1);
    if (!names) return names.error();
    const auto slices = with_rank(ctx.input(2), 1);
    if (!slices) return slices.error();
    RNNSCOPE_TRY(merge_shapes(*names, *slices));
    return unknown_shape(ctx);
}

Status merged_prefix_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 1));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    return {};
}

Status filename_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < ctx.inputs(); ++i) RNNSCOPE_TRY(with_rank(ctx.input(i), 0));
    ctx.set_output(0, Shape{});
    return {};
}

/// The store, or the complaint that there is none.
Result<CheckpointStore*> store_of(KernelContext& ctx) {
    if (ctx.checkpoints() == nullptr) return Error{"UnimplementedError", "this session has no place for checkpoints"};
    return ctx.checkpoints();
}

/// What SaveV2 and RestoreV2 check first (save_restore_v2_ops.cc, ValidateInputs).
Status check_inputs(const KernelContext& ctx) {
    const Tensor &prefix = ctx.input(0), &names = ctx.input(1), &slices = ctx.input(2);
    if (prefix.elements() != 1)
        return invalid_argument(
            fmt::format("Input prefix should have a single element, got {} instead.", prefix.elements()));
    if (names.shape().rank() != 1 || slices.shape().rank() != 1)
        return invalid_argument(
            fmt::format("Input tensor_names and shape_and_slices should be an 1-D tensors, got {} and {} instead.",
                        to_text(names.shape()), to_text(slices.shape())));
    if (names.elements() != slices.elements())
        return invalid_argument(
            fmt::format("tensor_names and shape_and_slices have different number of elements: {} vs. {}",
                        names.elements(), slices.elements()));
    for (std::size_t i = 0; i < slices.strings().size(); ++i)
        if (const std::string& slice = slices.strings()[i]; !slice.empty())
            return Error{
                "UnimplementedError",
                fmt::format("slices of partitioned variables are not supported: {} of {}", slice, names.strings()[i])};
    return {};
}

Status save(KernelContext& ctx) {
    constexpr std::size_t fixed = 3; // prefix, names, slices
    RNNSCOPE_TRY(check_inputs(ctx));
    const std::span<const std::string> names = ctx.input(1).strings();
    if (ctx.inputs() != names.size() + fixed)
        return invalid_argument(fmt::format("Got {} tensor names but {} tensors.", names.size(), ctx.inputs() - fixed));
    const auto store = store_of(ctx);
    if (!store) return store.error();
    std::vector<NamedTensor> tensors;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!seen.insert(names[i]).second) return invalid_argument("Adding duplicate key: " + names[i]);
        tensors.push_back({names[i], ctx.input(i + fixed)});
    }
    return (*store)->save(ctx.input(0).strings()[0], std::move(tensors));
}

Status restore(KernelContext& ctx) {
    RNNSCOPE_TRY(check_inputs(ctx));
    const std::span<const std::string> names = ctx.input(1).strings();
    std::vector<DType> dtypes;
    for (const OutputInfo& output : ctx.node().outputs) dtypes.push_back(output.dtype);
    if (dtypes.size() != names.size())
        return invalid_argument(fmt::format("Got {} tensors, but {} expected dtypes.", names.size(), dtypes.size()));
    const auto store = store_of(ctx);
    if (!store) return store.error();
    auto tensors = (*store)->restore(ctx.input(0).strings()[0], names, dtypes);
    if (!tensors) return tensors.error();
    for (std::size_t i = 0; i < tensors->size(); ++i) ctx.set_output(i, std::move((*tensors)[i]));
    return {};
}

Status merge_checkpoints(KernelContext& ctx) {
    const Tensor &prefixes = ctx.input(0), &destination = ctx.input(1);
    if (prefixes.shape().rank() != 1)
        return invalid_argument(fmt::format("Input checkpoint_prefixes should be an 1-D tensor, got {} instead.",
                                            to_text(prefixes.shape())));
    if (!destination.shape().is_scalar())
        return invalid_argument(fmt::format("Input destination_prefix should be a scalar tensor, got {} instead.",
                                            to_text(destination.shape())));
    const auto store = store_of(ctx);
    if (!store) return store.error();
    return (*store)->merge(prefixes.strings(), destination.strings()[0], ctx.attr<bool>("delete_old_dirs"));
}

/// All inputs of ShardedFilename and ShardedFilespec must be scalars, which a feed may violate.
Status check_scalars(const KernelContext& ctx, std::string_view op) {
    for (std::size_t i = 0; i < ctx.inputs(); ++i)
        if (!ctx.input(i).shape().is_scalar())
            return invalid_argument(
                fmt::format("{} expects input {} to be a scalar, got {}", op, i, to_text(ctx.input(i).shape())));
    return {};
}

Status sharded_filename(KernelContext& ctx) {
    RNNSCOPE_TRY(check_scalars(ctx, "ShardedFilename"));
    ctx.set_output(0, Tensor::scalar(fmt::format("{}-{:05}-of-{:05}", ctx.input(0).strings()[0],
                                                 ctx.input(1).integer(0), ctx.input(2).integer(0))));
    return {};
}

constexpr std::string_view any_shard = "?????"; // apart from what follows, or it would be a trigraph

Status sharded_filespec(KernelContext& ctx) {
    RNNSCOPE_TRY(check_scalars(ctx, "ShardedFilespec"));
    ctx.set_output(0, Tensor::scalar(fmt::format("{}-{}-of-{:05}", ctx.input(0).strings()[0], any_shard,
                                                 ctx.input(1).integer(0))));
    return {};
}

} // namespace

void add_save_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("SaveV2")
                      .input("prefix: string")
                      .input("tensor_names: string")
                      .input("shape_and_slices: string")
                      .input("tensors: dtypes")
                      .attr("dtypes: list(type) >= 1")
                      .stateful()
                      .summary("Writes tensors to a checkpoint.")
                      .shape(save_shape)
                      .kernel(save));
    ops.push_back(OpBuilder("RestoreV2")
                      .input("prefix: string")
                      .input("tensor_names: string")
                      .input("shape_and_slices: string")
                      .output("tensors: dtypes")
                      .attr("dtypes: list(type) >= 1")
                      .stateful()
                      .summary("Reads tensors from a checkpoint.")
                      .shape(restore_shape)
                      .kernel(restore));
    ops.push_back(OpBuilder("MergeV2Checkpoints")
                      .input("checkpoint_prefixes: string")
                      .input("destination_prefix: string")
                      .attr("delete_old_dirs: bool = true")
                      .stateful()
                      .summary("Makes one checkpoint out of several.")
                      .shape(merged_prefix_shape)
                      .kernel(merge_checkpoints));
    ops.push_back(OpBuilder("ShardedFilename")
                      .input("basename: string")
                      .input("shard: int32")
                      .input("num_shards: int32")
                      .output("filename: string")
                      .summary("Name of one of several files.")
                      .shape(filename_shape)
                      .kernel(sharded_filename)
                      .example({{example::strings({}, {"model"}), example::ints({}, {1}), example::ints({}, {12})},
                                {},
                                {example::strings({}, {"model-00001-of-00012"})}}));
    ops.push_back(OpBuilder("ShardedFilespec")
                      .input("basename: string")
                      .input("num_shards: int32")
                      .output("filename: string")
                      .summary("Pattern that the names of all of several files match.")
                      .shape(filename_shape)
                      .kernel(sharded_filespec)
                      .example({{example::strings({}, {"model"}), example::ints({}, {12})},
                                {},
                                {example::strings({}, {"model-?????"
                                                       "-of-00012"})}}));
}

} // namespace rnnscope::ops

#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/named_resource.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <map>

#include <fmt/format.h>

// Tables from keys to values, which live as long as their session (1.15: core/kernels/lookup_table_op.cc,
// initializable_lookup_table.cc). Making one gives it no content: an op of its own fills it, once.
namespace rnnscope::ops {
namespace {

struct Table {
    DType key_dtype = DType::invalid, value_dtype = DType::invalid;
    bool initialized = false;
    std::map<std::string, Tensor, std::less<>> values; ///< scalars, by what key_at says
};

/// A key as text: integers in decimal, strings as they are.
std::string key_at(const Tensor& keys, std::int64_t i) {
    return keys.dtype() == DType::string ? keys.strings()[static_cast<std::size_t>(i)]
                                         : fmt::format("{}", keys.integer(i));
}

Tensor scalar_at(const Tensor& tensor, std::int64_t i) {
    return take_strided(tensor, Shape{}, i, {});
}

Status make_table(KernelContext& ctx) {
    const std::string key = "_tables/" + resource_name(ctx);
    const DType key_dtype = ctx.attr<DType>("key_dtype"), value_dtype = ctx.attr<DType>("value_dtype");
    // TensorFlow has tables for these types of keys alone.
    if (key_dtype != DType::string && key_dtype != DType::int32 && key_dtype != DType::int64)
        return no_kernel(ctx, key_dtype);
    Table* table = ctx.session().find<Table>(key);
    if (table == nullptr) {
        auto made = std::make_shared<Table>();
        made->key_dtype = key_dtype;
        made->value_dtype = value_dtype;
        ctx.session().insert(key, made);
    } else if (table->key_dtype != key_dtype || table->value_dtype != value_dtype) {
        return invalid_argument(fmt::format("Conflicting key/value dtypes {}->{} with {}-{} for table {}",
                                            dtype_cpp_name(key_dtype), dtype_cpp_name(value_dtype),
                                            dtype_cpp_name(table->key_dtype), dtype_cpp_name(table->value_dtype),
                                            resource_name(ctx)));
    }
    ctx.set_output(0, Tensor::resource(key));
    return {};
}

Result<Table*> table_of(KernelContext& ctx) {
    const std::string& handle = ctx.input(0).strings()[0];
    if (Table* table = ctx.session().find<Table>(handle)) return table;
    return Error{"NotFoundError", fmt::format("Resource {} does not exist", handle)};
}

Status check_key_dtype(const Table& table, const Tensor& keys) {
    if (keys.dtype() == table.key_dtype) return {};
    return invalid_argument(
        fmt::format("Key must be type {} but got {}", dtype_cpp_name(table.key_dtype), dtype_cpp_name(keys.dtype())));
}

Status check_value_dtype(const Table& table, const Tensor& values) {
    if (values.dtype() == table.value_dtype) return {};
    return invalid_argument(fmt::format("Value must be type {} but got {}", dtype_cpp_name(table.value_dtype),
                                        dtype_cpp_name(values.dtype())));
}

/// The first key wins; the same key with another value is refused.
Status fill_table(Table& table, const Tensor& keys, const Tensor& values) {
    std::map<std::string, Tensor, std::less<>> filled;
    for (std::int64_t i = 0; i < keys.elements(); ++i) {
        const Tensor value = scalar_at(values, i);
        const auto [at, is_new] = filled.emplace(key_at(keys, i), value);
        if (!is_new && !at->second.identical(value))
            return invalid_argument(
                fmt::format("HashTable has different value for same key. Key {} has {} and trying to add value {}",
                            at->first, to_text(at->second), to_text(value)));
    }
    if (!table.initialized) {
        table.values = std::move(filled);
        table.initialized = true;
        return {};
    }
    const bool is_same = table.values.size() == filled.size() &&
                         std::ranges::equal(table.values, filled, [](const auto& a, const auto& b) {
                             return a.first == b.first && a.second.identical(b.second);
                         });
    if (is_same) return {};
    return Error{"FailedPreconditionError", "Table was already initialized with different data."};
}

Status import_table(KernelContext& ctx) {
    const auto table = table_of(ctx);
    if (!table) return table.error();
    const Tensor &keys = ctx.input(1), &values = ctx.input(2);
    RNNSCOPE_TRY(check_key_dtype(**table, keys));
    RNNSCOPE_TRY(check_value_dtype(**table, values));
    if (!(keys.shape() == values.shape()))
        return invalid_argument(
            fmt::format("Expected shape {} for value, got {}", to_text(keys.shape()), to_text(values.shape())));
    return fill_table(**table, keys, values);
}

Status find_values(KernelContext& ctx) {
    const auto table = table_of(ctx);
    if (!table) return table.error();
    const Tensor &keys = ctx.input(1), &otherwise = ctx.input(2);
    RNNSCOPE_TRY(check_key_dtype(**table, keys));
    if (!(*table)->initialized) return Error{"FailedPreconditionError", "Table not initialized."};
    if (!otherwise.shape().is_scalar())
        return invalid_argument(
            fmt::format("Default value must be a scalar, got shape {}", to_text(otherwise.shape())));
    RNNSCOPE_TRY(check_value_dtype(**table, otherwise));
    ElementWriter writer(otherwise.dtype(), keys.shape());
    for (std::int64_t i = 0; i < keys.elements(); ++i) {
        const auto found = (*table)->values.find(key_at(keys, i));
        writer.copy(i, found == (*table)->values.end() ? otherwise : found->second, 0);
    }
    ctx.set_output(0, std::move(writer).finish());
    return {};
}

Status table_size(KernelContext& ctx) {
    const auto table = table_of(ctx);
    if (!table) return table.error();
    ctx.set_output(0, Tensor::scalar(static_cast<std::int64_t>((*table)->values.size())));
    return {};
}

OpBuilder table_op(std::string_view name, std::string_view summary, ShapeFn shape, KernelFn kernel) {
    return OpBuilder(name).input("table_handle: resource").stateful().summary(summary).shape(shape).kernel(kernel);
}

} // namespace

void add_lookup_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("HashTableV2")
                      .output("table_handle: resource")
                      .attr("container: string = ''")
                      .attr("shared_name: string = ''")
                      .attr("use_node_name_sharing: bool = false")
                      .attr("key_dtype: type")
                      .attr("value_dtype: type")
                      .stateful()
                      .summary("A table from keys to values, without content until an op fills it.")
                      .shape(scalar_shape)
                      .kernel(make_table)
                      .example({{}, {{"key_dtype", DType::string}, {"value_dtype", DType::int64}}, {}}));
    ops.push_back(table_op("LookupTableImportV2", "Fills a table.", no_outputs, import_table)
                      .input("keys: Tin")
                      .input("values: Tout")
                      .attr("Tin: type")
                      .attr("Tout: type"));
    ops.push_back(table_op("InitializeTableV2", "Fills a table; the op of older graphs.", no_outputs, import_table)
                      .input("keys: Tkey")
                      .input("values: Tval")
                      .attr("Tkey: type")
                      .attr("Tval: type"));
    ops.push_back(table_op("LookupTableFindV2", "The values of keys, and a default where there is none.", unknown_shape,
                           find_values)
                      .input("keys: Tin")
                      .input("default_value: Tout")
                      .output("values: Tout")
                      .attr("Tin: type")
                      .attr("Tout: type"));
    ops.push_back(
        table_op("LookupTableSizeV2", "How many keys a table has.", scalar_shape, table_size).output("size: int64"));
}

} // namespace rnnscope::ops

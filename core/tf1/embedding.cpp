#include "core/tf1/api_families.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/variables.hpp"

#include "core/ops/shape_fns.hpp"

#include <algorithm>

#include <fmt/format.h>

/// tf.nn.embedding_lookup: python/ops/embedding_ops.py, 1.15.
namespace rnnscope::tf1 {

namespace {

/// What is looked up in: tensors, or variables of which at least one is a resource, so that they are read by rows.
struct Tables {
    std::vector<Value> params;

    std::size_t size() const { return params.size(); }
    NodeId op(GraphState& state, std::size_t i) const {
        if (const auto* variable = params[i].as<VariableValue>()) return state.graph.variable(variable->id).op;
        return params[i].as<TensorValue>()->output.node;
    }
    Shape shape(GraphState& state, std::size_t i) const {
        if (const auto* variable = params[i].as<VariableValue>()) return state.graph.variable(variable->id).shape;
        return state.graph.info(params[i].as<TensorValue>()->output).shape;
    }
};

bool is_resource(GraphState& state, const Value& value) {
    const auto* variable = value.as<VariableValue>();
    return variable != nullptr && state.graph.variable(variable->id).is_resource;
}

Tables tables_of(GraphState& state, const Value& params) {
    if (params.is_none()) raise("ValueError", "params must be specified");
    const std::vector<Value>* items = items_of(params);
    if (items != nullptr && items->empty()) raise("ValueError", "Need at least one param");
    // Python turns all but lists into a list of one: a tuple is packed into one tensor.
    Tables tables{params.is<ListValue>() ? *items : std::vector<Value>{params}};
    for (const Value& table : tables.params) check_graph(state, table);
    const bool by_rows = std::any_of(tables.params.begin(), tables.params.end(),
                                     [&](const Value& table) { return is_resource(state, table); });
    for (std::size_t i = 0; i < tables.size(); ++i) {
        if (by_rows && tables.params[i].is<VariableValue>()) continue;
        tables.params[i] = wrap(state, to_tensor(state, tables.params[i], DType::invalid, fmt::format("params_{}", i)));
    }
    return tables;
}

/// array_ops.gather of rows.
Value rows_of_table(GraphState& state, const Value& table, const Value& ids, const std::string& name) {
    if (!is_resource(state, table)) return op_value(state, "GatherV2", {table, ids, Value(0)}, {}, name);
    const Variable& variable = state.graph.variable(table.as<VariableValue>()->id);
    const NameScope scope(state, name.empty() ? "Gather" : name);
    const Value rows = op_value(state, "ResourceGather", {table, ids}, {{"dtype", variable.dtype}}, scope.scope());
    return op_value(state, "Identity", {rows});
}

/// Which table each id is in, and which row of it.
struct Assignments {
    Value tables, rows;
};

class Partitioner {
  public:
    Partitioner(GraphState& state, const Tables& tables, const Value& ids)
        : state_(state), tables_(tables), ids_(ids), count_(static_cast<std::int64_t>(tables.size())) {}

    Assignments mod() const {
        const Value table = binary("%", ids_, count_);
        return {table, binary("//", ids_, count_)};
    }
    Assignments div() const {
        const Value total = total_ids();
        const Value per_table = binary("//", total, count_), extras = binary("%", total, count_);
        const Value larger = binary("//", ids_, binary("+", per_table, 1));
        const Value smaller = binary("//", binary("-", ids_, extras), per_table);
        const Value table = op_value(state_, "Maximum", {larger, smaller});
        const Value is_larger = binary("<", table, extras);
        const Value row_of_larger = binary("%", ids_, binary("+", per_table, 1));
        const Value row_of_smaller = binary("%", binary("-", ids_, extras), per_table);
        return {table, op_value(state_, "Select", {is_larger, row_of_larger, row_of_smaller})};
    }

  private:
    Value binary(const char* op, const Value& x, const Value& y) const {
        return wrap(state_, binary_operator(state_, op, x, y));
    }
    std::int64_t rows(std::size_t i) const {
        const Shape shape = tables_.shape(state_, i);
        if (!shape.has_rank()) return Shape::unknown;
        if (shape.rank() == 0) raise("IndexError", "list index out of range");
        return shape.dim(0);
    }
    Value total_ids() const {
        const DType dtype = state_.graph.info(ids_.as<TensorValue>()->output).dtype;
        std::int64_t known = 0;
        for (std::size_t i = 0; i < tables_.size(); ++i)
            known = known == Shape::unknown || rows(i) == Shape::unknown ? Shape::unknown : known + rows(i);
        if (known > 0) return wrap(state_, state_.constant(make_tensor(Value(known), dtype)));
        std::vector<Value> sizes;
        for (std::size_t i = 0; i < tables_.size(); ++i) {
            if (rows(i) != Shape::unknown) {
                sizes.emplace_back(rows(i));
                continue;
            }
            const ColocateScope beside(state_, tables_.op(state_, i));
            const Value shape = wrap(state_, shape_of(state_, tables_.params[i]));
            sizes.push_back(wrap(state_, strided_slice(state_, shape, Value(0))));
        }
        const Value stacked = wrap(state_, stack(state_, Value::list(std::move(sizes))));
        return wrap(state_, reduce(state_, "Sum", wrap(state_, cast(state_, stacked, dtype))));
    }

    GraphState& state_;
    const Tables& tables_;
    const Value& ids_;
    std::int64_t count_;
};

std::vector<Value> partitioned(GraphState& state, const Value& data, const Value& partitions, std::size_t count) {
    const NodeId node =
        call_op(state, "DynamicPartition", {data, partitions}, {{"num_partitions", static_cast<std::int64_t>(count)}});
    std::vector<Value> parts;
    for (int i = 0; i < static_cast<int>(count); ++i) parts.push_back(wrap(state, Output{node, i}));
    return parts;
}

/// The shape of one row: what all tables say of it.
Shape row_shape(GraphState& state, const Tables& tables) {
    const auto row = [&](std::size_t i) { return ops::subshape(tables.shape(state, i), 1); };
    Shape merged = row(0);
    for (std::size_t i = 1; i < tables.size(); ++i) {
        const auto more = merged.merged(row(i));
        if (!more)
            raise("ValueError",
                  fmt::format("Shapes {} and {} are not compatible", to_python(merged), to_python(row(i))));
        merged = *more;
    }
    return merged;
}

Value lookup_in_parts(GraphState& state, const Tables& tables, const Value& ids, const std::string& strategy,
                      const std::string& scope) {
    const Value flat = wrap(state, reshape(state, ids, Value::list({Value(-1)})));
    const Value size = wrap(state, size_of(state, flat));
    const Value places = wrap(state, range(state, size));
    const Partitioner partitioner(state, tables, flat);
    if (strategy != "mod" && strategy != "div") raise("ValueError", "Unrecognized partition strategy: " + strategy);
    Assignments assigned = strategy == "mod" ? partitioner.mod() : partitioner.div();
    assigned.tables = wrap(state, cast(state, assigned.tables, DType::int32));
    const std::vector<Value> rows = partitioned(state, assigned.rows, assigned.tables, tables.size());
    const std::vector<Value> indices = partitioned(state, places, assigned.tables, tables.size());
    std::vector<Value> found;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        const ColocateScope beside(state, tables.op(state, i));
        found.push_back(rows_of_table(state, tables.params[i], rows[i], ""));
    }
    const Value stitched =
        op_value(state, "ParallelDynamicStitch", {Value::list(indices), Value::list(found)}, {}, scope);
    const Shape row = row_shape(state, tables);
    Value row_dims = Value(row);
    if (!row.fully_defined()) {
        Value table_dims;
        {
            const ColocateScope beside(state, tables.op(state, 0));
            table_dims = wrap(state, shape_of(state, tables.params[0]));
        }
        row_dims = wrap(state, strided_slice(state, table_dims, Value::list({Value::tuple({Value(1), {}, {}})})));
    }
    const Value ids_dims = wrap(state, shape_of(state, ids));
    const Value dims = wrap(state, concat(state, Value::list({ids_dims, row_dims}), Value(0)));
    const Output result = reshape(state, stitched, dims);
    set_shape(state, result, ops::concatenated(state.graph.info(ids.as<TensorValue>()->output).shape, row));
    return wrap(state, result);
}

Value embedding_lookup(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    if (!a[5].is_none()) raise("NotImplementedError", "embedding_lookup with max_norm is not supported");
    if (a[0].is_none()) raise("ValueError", "params must be specified");
    const NameScope scope(state, text_or(a[3], "embedding_lookup"));
    const Tables tables = tables_of(state, a[0]);
    const Value ids = wrap(state, to_tensor(state, a[1], DType::invalid, "ids"));
    if (tables.size() > 1) return lookup_in_parts(state, tables, ids, text_or(a[2], ""), scope.scope());
    Value rows;
    {
        const ColocateScope beside(state, tables.op(state, 0));
        rows = rows_of_table(state, tables.params[0], ids, scope.scope());
    }
    return op_value(state, "Identity", {rows});
}

} // namespace

std::vector<ApiDef> embedding_api() {
    return {
        {"nn.embedding_lookup",
         params("params, ids, partition_strategy='mod', name=None, validate_indices=True, max_norm=None"),
         "Rows of a table, or of a table in parts, picked by id.", embedding_lookup},
    };
}

} // namespace rnnscope::tf1

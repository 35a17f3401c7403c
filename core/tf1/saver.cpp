#include "core/tf1/saver.hpp"

#include "core/tf1/api_families.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace rnnscope::tf1 {
namespace {

VariableId variable_behind(const GraphState& state, const Value& value, std::string_view refusal) {
    const auto* variable = value.as<VariableValue>();
    if (variable == nullptr) raise("TypeError", fmt::format("{}{}", refusal, repr(value)));
    if (variable->graph != &state) raise("ValueError", fmt::format("{} is not from the passed-in graph.", repr(value)));
    return variable->id;
}

Value names(const Saveables& saveables) {
    std::vector<Value> list;
    for (const auto& [name, variable] : saveables) list.emplace_back(name);
    return Value::list(std::move(list));
}

/// Which slice of a partitioned variable: none.
Value whole(const Saveables& saveables) {
    return Value::list(std::vector<Value>(saveables.size(), Value("")));
}

/// A variable as SaveV2 takes it: the reference itself, or a resource's graph element.
Value saved_tensor(GraphState& state, VariableId id) {
    const Variable& variable = state.graph.variable(id);
    return wrap(state, variable.is_resource ? graph_element(state, id) : Output{variable.op, 0});
}

/// BaseSaverBuilder._AddSaveOps.
Output add_save(GraphState& state, Output filename, const Saveables& saveables) {
    std::vector<Value> tensors;
    for (const auto& [name, id] : saveables) tensors.push_back(saved_tensor(state, id));
    const NodeId save =
        call_op(state, "SaveV2", {wrap(state, filename), names(saveables), whole(saveables), Value::list(tensors)});
    // control_flow_ops.with_dependencies([save], filename)
    const ColocateScope beside(state, filename.node);
    const ControlDependenciesScope after(state, {save});
    return op1(state, "Identity", filename, "control_dependency");
}

/// saveable.restore(): the op that writes the variable.
NodeId add_assign(GraphState& state, VariableId id, Output restored, bool reshapes) {
    const Variable variable = state.graph.variable(id);
    if (reshapes) {
        const Value value = wrap(state, restored);
        const Shape& shape = variable.shape;
        std::vector<Value> dims;
        if (shape.fully_defined())
            for (const std::int64_t dim : shape.dims()) dims.emplace_back(dim);
        const Value wanted = shape.fully_defined() ? Value::list(std::move(dims))
                                                   : wrap(state, shape_of(state, Value(VariableValue{&state, id})));
        restored = reshape(state, value, wanted);
    }
    if (!variable.is_resource)
        return assign(state, id, wrap(state, restored), "Assign", "", true, !reshapes && variable.shape.fully_defined())
            .node;
    const std::string& device = state.graph.node(variable.op).device;
    std::optional<DeviceScope> on;
    if (!device.empty()) on.emplace(state, device);
    const Output copied = op1(state, "Identity", restored);
    return call_op(state, "AssignVariableOp", {wrap(state, Output{variable.op, 0}), wrap(state, copied)},
                   {{"dtype", variable.dtype}});
}

/// BaseSaverBuilder._AddRestoreOps with BulkSaverBuilder.bulk_restore: one op reads all.
NodeId add_restore(GraphState& state, Output filename, const Saveables& saveables, bool reshapes) {
    std::vector<DType> dtypes;
    for (const auto& [name, id] : saveables) dtypes.push_back(state.graph.variable(id).dtype);
    NodeId restore;
    {
        const DeviceScope on_cpu(state, "cpu:0");
        restore = call_op(state, "RestoreV2", {wrap(state, filename), names(saveables), whole(saveables)},
                          {{"dtypes", attr_list(dtypes)}});
    }
    std::vector<NodeId> assigns;
    for (std::size_t i = 0; i < saveables.size(); ++i)
        assigns.push_back(add_assign(state, saveables[i].second, {restore, static_cast<int>(i)}, reshapes));
    return group(state, assigns, "restore_all");
}

Value saver(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    if (a[2].truthy() || !a[7].is_none() || !a[8].is_none())
        raise("NotImplementedError", "Saver: sharded, saver_def and builder are not supported");
    if (a[9].truthy()) raise("NotImplementedError", "Saver: defer_build is not supported");
    std::shared_ptr<SaverObject> made;
    const Saveables saveables = saveables_of(state, a[0]);
    if (saveables.empty()) {
        if (!a[10].truthy()) raise("ValueError", "No variables to save");
        made = std::make_shared<SaverObject>();
        made->empty = true;
    } else {
        made = make_saver(state, saveables, text_or(a[5], ""), text_or(a[14], ""), a[1].truthy());
    }
    made->max_to_keep = optional_int(a[3]).value_or(0);
    made->pad_step_number = a[12].truthy();
    return Value(made);
}

} // namespace

Value SaverObject::attribute(Context& context, std::string_view name) {
    if (name == "last_checkpoints") {
        std::vector<Value> paths(last_checkpoints.begin(), last_checkpoints.end());
        return Value::list(std::move(paths));
    }
    return Object::attribute(context, name);
}

std::optional<std::string> SaverObject::record(const std::string& path) {
    if (max_to_keep <= 0) return std::nullopt;
    std::erase(last_checkpoints, path);
    last_checkpoints.push_back(path);
    if (static_cast<std::int64_t>(last_checkpoints.size()) <= max_to_keep) return std::nullopt;
    const std::string oldest = last_checkpoints.front();
    last_checkpoints.erase(last_checkpoints.begin());
    return oldest;
}

Saveables saveables_of(GraphState& state, const Value& var_list) {
    std::map<std::string, VariableId> sorted;
    if (const auto* dict = var_list.as<DictValue>()) {
        std::map<VariableId, std::string> seen;
        for (const auto& [key, value] : **dict) {
            const auto* name = key.as<std::string>();
            if (name == nullptr)
                raise("TypeError",
                      fmt::format("names_to_saveables must be a dict mapping string names to checkpointable "
                                  "operations. Name is not a string: {}",
                                  repr(key)));
            const VariableId id = variable_behind(
                state, value,
                "names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable: ");
            if (!seen.emplace(id, *name).second)
                raise("ValueError", fmt::format("The same saveable will be restored with two names: {}", *name));
            sorted.emplace(*name, id);
        }
    } else if (var_list.is_none()) {
        for (const char* key : {"variables", "saveable_objects"})
            for (const VariableId id : collection_variables(state, key))
                sorted.emplace(state.graph.variable(id).name, id);
    } else {
        const std::vector<Value>* items = items_of(var_list);
        if (items == nullptr)
            raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(var_list)));
        for (const Value& item : *items) {
            const VariableId id = variable_behind(state, item, "Variable to save is not a Variable: ");
            if (const std::string& name = state.graph.variable(id).name; !sorted.emplace(name, id).second)
                raise("ValueError", fmt::format("At least two variables have the same name: {}", name));
        }
    }
    return {sorted.begin(), sorted.end()};
}

std::shared_ptr<SaverObject> make_saver(GraphState& state, const Saveables& saveables, const std::string& name,
                                        const std::string& filename, bool reshape) {
    const NameScope scope(state, name.empty() ? "save" : name);
    const auto with_default = [&](const Value& value, std::string_view op_name) {
        return op_output(state, "PlaceholderWithDefault", {value}, {{"shape", Shape{}}}, op_name);
    };
    Output file = with_default(Value(filename.empty() ? "model" : filename), "filename");
    file = with_default(wrap(state, file), "Const"); // the name of long ago, which checkpoints' users feed
    auto saver = std::make_shared<SaverObject>();
    saver->filename_tensor = state.graph.tensor_name(file);
    saver->save_tensor = state.graph.tensor_name(add_save(state, file, saveables));
    saver->restore_op = state.graph.node(add_restore(state, file, saveables, reshape)).name;
    return saver;
}

std::vector<ApiDef> saver_api() {
    return {
        {"train.Saver",
         params("var_list=None, reshape=False, sharded=False, max_to_keep=5, keep_checkpoint_every_n_hours=10000.0, "
                "name=None, restore_sequentially=False, saver_def=None, builder=None, defer_build=False, "
                "allow_empty=False, write_version=None, pad_step_number=False, save_relative_paths=False, "
                "filename=None"),
         "Saves variables to checkpoints and restores them.", saver},
    };
}

} // namespace rnnscope::tf1

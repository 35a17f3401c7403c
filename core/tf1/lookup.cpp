#include "core/tf1/lookup.hpp"

#include "core/tf1/collections.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {
namespace {

/// tf.lookup.KeyValueTensorInitializer: two tensors until a table asks for the op.
class KeyValueObject : public Object {
  public:
    KeyValueObject(GraphState& graph, Output key_tensor, Output value_tensor, std::string scope)
        : state(graph), keys(key_tensor), values(value_tensor), name(std::move(scope)) {}
    std::string type_name() const override { return "KeyValueTensorInitializer"; }
    Value attribute(Context& context, std::string_view attribute_name) override {
        if (attribute_name == "key_dtype") return key_dtype();
        if (attribute_name == "value_dtype") return value_dtype();
        return Object::attribute(context, attribute_name);
    }
    std::vector<std::string> attribute_names() const override { return {"key_dtype", "value_dtype"}; }
    DType key_dtype() const { return state.graph.info(keys).dtype; }
    DType value_dtype() const { return state.graph.info(values).dtype; }

    GraphState& state;
    const Output keys, values;
    const std::string name; ///< of the scope of the op that fills the table
};

/// A table: StaticHashTable or its older form, HashTable.
class TableObject : public Object {
  public:
    TableObject(GraphState& graph, std::string class_name) : state(graph), class_name_(std::move(class_name)) {}
    std::string type_name() const override { return class_name_; }
    std::vector<std::string> bases() const override { return {"StaticHashTable"}; }
    Value attribute(Context& context, std::string_view attribute_name) override {
        if (attribute_name == "initializer" || (attribute_name == "init" && class_name_ == "HashTable"))
            return OperationValue{&state, initializer};
        if (attribute_name == "name") return short_name();
        if (attribute_name == "key_dtype") return key_dtype;
        if (attribute_name == "value_dtype") return value_dtype;
        if (attribute_name == "default_value") return wrap(state, default_value);
        if (attribute_name == "resource_handle") return wrap(state, handle);
        return Object::attribute(context, attribute_name);
    }
    std::vector<std::string> attribute_names() const override {
        return {"default_value", "init", "initializer", "key_dtype", "name", "resource_handle", "value_dtype"};
    }
    /// The op's name without its scopes.
    std::string short_name() const {
        const std::string& full = state.graph.node(handle.node).name;
        return full.substr(full.rfind('/') + 1);
    }

    GraphState& state;
    Output handle, default_value;
    NodeId initializer;
    DType key_dtype = DType::invalid, value_dtype = DType::invalid;

  private:
    std::string class_name_;
};

Value key_value_initializer(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const auto convert = [&](const Value& value, const Value& dtype, std::string_view name) {
        return to_tensor(state, value, optional_dtype(dtype), name);
    };
    const InitScope outside(state);
    const Output keys = convert(a[0], a[2], "keys");
    const Output values = convert(a[1], a[3], "values");
    return std::make_shared<KeyValueObject>(state, keys, values, text_or(a[4], "key_value_init"));
}

/// TensorFlow draws a UUID, so that no two tables share their content by name; here it is the count of the graph's ops.
std::string name_of_its_own(const GraphState& state) {
    return fmt::format("hash_table_{:08x}-0000-4000-8000-{:012x}", static_cast<std::uint32_t>(state.graph.id().index()),
                       state.graph.size());
}

Value make_table(Context& context, const Value& initializer, const Value& default_value, const std::string& shared,
                 const std::string& name, const std::string& class_name) {
    GraphState& state = context.default_graph();
    const auto source = initializer.object<KeyValueObject>();
    if (!source)
        raise("AttributeError", fmt::format("'{}' object has no attribute 'key_dtype'", python_type_name(initializer)));
    auto table = std::make_shared<TableObject>(state, class_name);
    table->key_dtype = source->key_dtype();
    table->value_dtype = source->value_dtype();
    table->default_value = to_tensor(state, default_value, table->value_dtype);
    const InitScope outside(state);
    table->handle = op_output(state, "HashTableV2", {},
                              {{"shared_name", shared.empty() ? name_of_its_own(state) : shared},
                               {"key_dtype", table->key_dtype},
                               {"value_dtype", table->value_dtype}},
                              name.empty() ? "hash_table" : name);
    {
        const NameScope scope(state, source->name);
        table->initializer =
            call_op(state, "LookupTableImportV2",
                    {wrap(state, table->handle), wrap(state, source->keys), wrap(state, source->values)});
    }
    add_to_collection(state, "table_initializer", OperationValue{&state, table->initializer});
    return table;
}

TableObject& table_of(const Arguments& a) {
    const auto self = a[0].object<TableObject>();
    if (!self)
        raise("TypeError", fmt::format("descriptor requires a 'StaticHashTable' object but received a '{}'",
                                       python_type_name(a[0])));
    return *self;
}

Value lookup(Context& context, const Arguments& a) {
    TableObject& table = table_of(a);
    GraphState& state = context.default_graph();
    check_graph(state, a[1]);
    const auto* keys = a[1].as<TensorValue>();
    if (keys == nullptr)
        raise("AttributeError", fmt::format("'{}' object has no attribute 'dtype'", python_type_name(a[1])));
    const OutputInfo info = state.graph.info(keys->output);
    if (info.dtype != table.key_dtype)
        raise("TypeError", fmt::format("Signature mismatch. Keys must be dtype <dtype: '{}'>, got <dtype: '{}'>.",
                                       dtype_name(table.key_dtype), dtype_name(info.dtype)));
    const std::string name = text_or(a[2], "");
    const NameScope scope(state, name.empty() ? table.short_name() + "_Lookup" : name);
    const Output values =
        op_output(state, "LookupTableFindV2", {wrap(state, table.handle), a[1], wrap(state, table.default_value)});
    state.graph.set_output_shape(values, info.shape);
    return wrap(state, values);
}

Value table_size(Context& context, const Arguments& a) {
    TableObject& table = table_of(a);
    GraphState& state = context.default_graph();
    const std::string name = text_or(a[1], "");
    const NameScope scope(state, name.empty() ? table.short_name() + "_Size" : name);
    return op_value(state, "LookupTableSizeV2", {wrap(state, table.handle)});
}

Value tables_initializer(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    std::vector<NodeId> initializers;
    for (const CollectionItem& item : state.graph.collection("table_initializer"))
        if (const auto* node = std::get_if<NodeId>(&item)) initializers.push_back(*node);
    return OperationValue{&state, group(state, initializers, text_or(a[0], "init_all_tables"))};
}

} // namespace

std::vector<ApiDef> lookup_api() {
    const std::vector<Param> pairs = params("keys, values, key_dtype=None, value_dtype=None, name=None");
    return {
        {"lookup.KeyValueTensorInitializer", pairs, "What a table is filled with: keys and their values.",
         key_value_initializer},
        {"contrib.lookup.KeyValueTensorInitializer", pairs, "What a table is filled with: keys and their values.",
         key_value_initializer},
        {"lookup.StaticHashTable", params("initializer, default_value, name=None"),
         "A table from keys to values, filled by tables_initializer().",
         [](Context& context, const Arguments& a) {
             return make_table(context, a[0], a[1], "", text_or(a[2], ""), "StaticHashTable");
         }},
        {"contrib.lookup.HashTable", params("initializer, default_value, shared_name=None, name=None"),
         "A table from keys to values, filled by tables_initializer().",
         [](Context& context, const Arguments& a) {
             return make_table(context, a[0], a[1], text_or(a[2], ""), text_or(a[3], ""), "HashTable");
         }},
        {"StaticHashTable.lookup", params("self, keys, name=None"), "The values of keys.", lookup},
        {"StaticHashTable.size", params("self, name=None"), "How many keys the table has.", table_size},
        {"tables_initializer", params("name='init_all_tables'"), "An op that fills all tables that exist now.",
         tables_initializer},
        {"initialize_all_tables", params("name='init_all_tables'"), "Deprecated name of tables_initializer.",
         tables_initializer},
    };
}

} // namespace rnnscope::tf1

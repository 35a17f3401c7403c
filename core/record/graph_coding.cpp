#include "core/record/graph_coding.hpp"

#include <algorithm>

namespace rnnscope::record {
namespace {

constexpr int most_depth = 16; ///< of attributes in attributes

void put_attrs(ByteWriter& out, const AttrMap& attrs, const TensorNumber& number);

struct AttrPutter {
    ByteWriter& out;
    const TensorNumber& number;
    void operator()(std::monostate) const {}
    void operator()(const std::string& value) const { out.text(value); }
    void operator()(std::int64_t value) const { out.integer(value); }
    void operator()(float value) const { out.raw(std::as_bytes(std::span(&value, 1))); }
    void operator()(bool value) const { out.flag(value); }
    void operator()(DType value) const { out.byte(static_cast<std::uint8_t>(value)); }
    void operator()(const Shape& value) const { out.shape(value); }
    void operator()(const Tensor& value) const { out.number(number(value)); }
    void operator()(const FunctionName& value) const {
        out.text(value.name);
        put_attrs(out, value.attrs ? *value.attrs : AttrMap(), number);
    }
    void operator()(const AttrList& list) const {
        out.number(list.entries.size());
        for (const AttrValue& entry : list.entries) {
            out.byte(static_cast<std::uint8_t>(entry.value.index()));
            std::visit(*this, entry.value);
        }
    }
};

void put_attrs(ByteWriter& out, const AttrMap& attrs, const TensorNumber& number) {
    out.number(attrs.size());
    for (const auto& [key, attr] : attrs) {
        out.text(key);
        out.byte(static_cast<std::uint8_t>(attr.value.index()));
        std::visit(AttrPutter{out, number}, attr.value);
    }
}

DType get_dtype(ByteReader& in) {
    const std::uint8_t value = in.byte();
    return in.require(value <= static_cast<std::uint8_t>(DType::uint64)) ? static_cast<DType>(value) : DType::invalid;
}

AttrMap get_attrs(ByteReader& in, std::span<const Tensor> tensors, int depth);

AttrValue get_attr(ByteReader& in, std::span<const Tensor> tensors, int depth) {
    if (!in.require(depth < most_depth)) return {};
    switch (in.byte()) {
    case 0:
        return {};
    case 1:
        return std::string(in.text());
    case 2:
        return in.integer();
    case 3: {
        float value = 0;
        const std::string_view bytes = in.raw(sizeof value);
        std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&value));
        return value;
    }
    case 4:
        return in.flag();
    case 5:
        return get_dtype(in);
    case 6:
        return in.shape();
    case 7:
        return get_tensor_named(in, tensors);
    case 8: {
        FunctionName function{std::string(in.text()), nullptr};
        function.attrs = std::make_shared<const AttrMap>(get_attrs(in, tensors, depth + 1));
        return function;
    }
    case 9: {
        AttrList list;
        for (std::size_t i = in.count(); i > 0 && in.ok(); --i)
            list.entries.push_back(get_attr(in, tensors, depth + 1));
        return list;
    }
    default:
        in.fail();
        return {};
    }
}

AttrMap get_attrs(ByteReader& in, std::span<const Tensor> tensors, int depth) {
    AttrMap attrs;
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        std::string key(in.text());
        attrs.insert_or_assign(std::move(key), get_attr(in, tensors, depth));
    }
    return attrs;
}

/// As far as it can be known before all nodes are there.
Output get_any_output(ByteReader& in) {
    Output output{in.id_or_none<NodeId>(NodeId::none - 1), 0};
    output.index = static_cast<int>(in.number_up_to(std::numeric_limits<int>::max()));
    return output;
}

} // namespace

void put_output(ByteWriter& out, Output output) {
    out.id(output.node);
    out.number(static_cast<std::uint64_t>(output.index));
}

void put_node(ByteWriter& out, const Node& node, const TensorNumber& number) {
    out.text(node.name);
    out.text(node.op);
    out.text(node.device);
    out.number(node.inputs.size());
    for (const Output& input : node.inputs) put_output(out, input);
    out.number(node.control_inputs.size());
    for (const NodeId control : node.control_inputs) out.id(control);
    out.number(node.outputs.size());
    for (const OutputInfo& info : node.outputs) {
        out.byte(static_cast<std::uint8_t>(info.dtype));
        out.flag(info.is_ref);
        out.shape(info.shape);
    }
    out.id(node.origin);
    out.flag(node.fetchable);
    out.flag(node.feedable);
    put_attrs(out, node.attrs, number);
}

void put_variable(ByteWriter& out, const Variable& variable) {
    out.text(variable.name);
    out.id(variable.op);
    out.flag(variable.is_resource);
    out.flag(variable.trainable);
    out.byte(static_cast<std::uint8_t>(variable.dtype));
    out.shape(variable.shape);
    out.id(variable.initializer);
    for (const Output output : {variable.snapshot, variable.cached, variable.initial_value, variable.is_initialized})
        put_output(out, output);
    out.id(variable.origin);
}

void put_item(ByteWriter& out, const CollectionItem& item) {
    struct Putter {
        ByteWriter& out;
        void operator()(VariableId id) const { out.id(id); }
        void operator()(Output output) const { put_output(out, output); }
        void operator()(NodeId id) const { out.id(id); }
        void operator()(const ControlFlowName& context) const { out.text(context.name); }
        void operator()(const std::string& text) const { out.text(text); }
    };
    out.byte(static_cast<std::uint8_t>(item.index()));
    std::visit(Putter{out}, item);
}

Tensor get_tensor_named(ByteReader& in, std::span<const Tensor> tensors) {
    const std::uint64_t number = in.number_up_to(tensors.size());
    return number == 0 ? Tensor() : tensors[static_cast<std::size_t>(number - 1)];
}

Output get_output(ByteReader& in, const Graph& graph, bool may_be_none) {
    const Output output = get_any_output(in);
    if (!output.valid()) return in.require(may_be_none), output;
    const bool exists = output.node.index() < graph.size() &&
                        static_cast<std::size_t>(output.index) < graph.node(output.node).outputs.size();
    return in.require(exists) ? output : Output();
}

void StoredGraph::add_node(ByteReader& in, std::span<const Tensor> tensors, std::size_t origins) {
    Node node;
    node.name = in.text();
    node.op = in.text();
    node.device = in.text();
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) node.inputs.push_back(get_any_output(in));
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i)
        node.control_inputs.push_back(in.id_or_none<NodeId>(NodeId::none - 1));
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        OutputInfo info;
        info.dtype = get_dtype(in);
        info.is_ref = in.flag();
        info.shape = in.shape();
        node.outputs.push_back(std::move(info));
    }
    node.origin = in.id_or_none<OriginId>(origins);
    node.fetchable = in.flag();
    node.feedable = in.flag();
    node.attrs = get_attrs(in, tensors, 0);
    if (in.ok()) nodes_.push_back(std::move(node));
}

bool StoredGraph::is_sound(const Node& node) const {
    const auto exists = [&](NodeId id) { return id.valid() && id.index() < nodes_.size(); };
    return std::ranges::all_of(node.control_inputs, exists) &&
           std::ranges::all_of(node.inputs, [&](const Output& input) {
               return exists(input.node) &&
                      static_cast<std::size_t>(input.index) < nodes_[input.node.index()].outputs.size();
           });
}

std::shared_ptr<Graph> StoredGraph::build(GraphId id) {
    auto graph = std::make_shared<Graph>(id);
    if (!std::ranges::all_of(nodes_, [&](const Node& node) { return is_sound(node); })) return nullptr;
    const std::vector<Node> nodes = std::exchange(nodes_, {});
    std::vector<NodeId> later; ///< nodes that wait for one that comes later
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        Node node = nodes[i];
        if (graph->find(node.name).valid()) return nullptr;
        const auto is_later = [&](NodeId other) { return other.index() > i; };
        // A loop's Merge: until the other end is there it takes its own output.
        for (Output& input : node.inputs)
            if (is_later(input.node)) input.node = NodeId(i);
        const bool waits = std::ranges::any_of(node.control_inputs, is_later);
        if (waits) node.control_inputs.clear(), later.push_back(NodeId(i));
        graph->append(std::move(node));
    }
    for (std::size_t i = 0; i < nodes.size(); ++i)
        for (std::size_t slot = 0; slot < nodes[i].inputs.size(); ++slot)
            if (nodes[i].inputs[slot].node.index() > i) graph->set_input(NodeId(i), slot, nodes[i].inputs[slot]);
    for (const NodeId node : later) graph->set_control_inputs(node, nodes[node.index()].control_inputs);
    return graph;
}

void add_variable(ByteReader& in, Graph& graph, std::size_t origins) {
    Variable variable;
    variable.name = in.text();
    variable.op = in.id<NodeId>(graph.size());
    variable.is_resource = in.flag();
    variable.trainable = in.flag();
    variable.dtype = get_dtype(in);
    variable.shape = in.shape();
    variable.initializer = in.id_or_none<NodeId>(graph.size());
    for (Output* output : {&variable.snapshot, &variable.cached, &variable.initial_value, &variable.is_initialized})
        *output = get_output(in, graph, true);
    variable.origin = in.id_or_none<OriginId>(origins);
    if (in.ok()) graph.add_variable(std::move(variable));
}

void add_collection_item(ByteReader& in, Graph& graph) {
    const std::string key(in.text());
    CollectionItem item;
    switch (in.byte()) {
    case 0:
        item = in.id<VariableId>(graph.variables().size());
        break;
    case 1:
        item = get_output(in, graph, false);
        break;
    case 2:
        item = in.id<NodeId>(graph.size());
        break;
    case 3:
        item = ControlFlowName{std::string(in.text())};
        break;
    case 4:
        item = std::string(in.text());
        break;
    default:
        in.fail();
    }
    if (in.ok()) graph.add_to_collection(key, std::move(item));
}

} // namespace rnnscope::record

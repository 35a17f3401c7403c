#include "core/import/graphdef_importer.hpp"

#include "core/import/graph_file.hpp"
#include "core/import/list_variables.hpp"
#include "core/ops/op_def.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <queue>
#include <unordered_set>

namespace rnnscope {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

struct Input {
    std::size_t source = none; ///< position in the file
    int index = 0;             ///< output of the source; -1 for a control input
};

bool is_merge(std::string_view op) {
    return op == "Merge" || op == "RefMerge";
}
bool is_next_iteration(std::string_view op) {
    return op == "NextIteration" || op == "RefNextIteration";
}

/// TensorFlow's [A-Za-z0-9.][A-Za-z0-9_.\-/]*
bool is_node_name(std::string_view name) {
    const auto is_alnum = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    };
    if (name.empty() || !(is_alnum(name[0]) || name[0] == '.')) return false;
    return std::ranges::all_of(name,
                               [&](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-' || c == '/'; });
}

class Importer {
  public:
    Importer(Graph& graph, const NodeDefs& nodes, const ImportOptions& options)
        : graph_(graph), nodes_(nodes), options_(options), defs_(nodes.size()), foreign_(nodes.size()),
          inputs_(nodes.size()), built_(nodes.size()) {}

    Diagnostics run() {
        read_names();
        choose_names();
        for (std::size_t i = 0; i < nodes_.size(); ++i) read_inputs(i);
        if (problems_.empty()) build();
        if (problems_.empty()) close_loops();
        if (problems_.empty()) transfer();
        return std::move(problems_);
    }

  private:
    void read_names();
    void read_inputs(std::size_t at);
    void build();
    void build_node(std::size_t at);
    void report_cycle(const std::vector<std::size_t>& waiting);
    void close_loops();
    void transfer();
    void choose_names();
    void rename_colocations(NodeDefData& node) const;
    void note_use(std::size_t at, std::size_t slot, const Input& input);

    void report(std::string code, std::string message, std::string remedy = "") {
        problems_.push_back({std::move(code), std::move(message), {}, std::move(remedy)});
    }
    bool is_back_edge(std::size_t at, const Input& input) const {
        return input.index >= 0 && is_merge(nodes_.op(at)) && is_next_iteration(nodes_.op(input.source));
    }

    Graph& graph_;
    const NodeDefs& nodes_;
    ImportOptions options_;
    Diagnostics problems_;
    std::unordered_map<std::string_view, std::size_t> by_name_;
    std::vector<std::string> names_;               ///< in the graph, by position in the file
    std::vector<const ops::OpDef*> defs_;          ///< null: not known
    std::vector<std::vector<OutputInfo>> foreign_; ///< outputs of nodes whose op is not known
    std::vector<std::vector<Input>> inputs_;
    Graph scratch_;                  ///< built in TensorFlow's order, so that `graph_` stays as it is until all is well
    std::vector<NodeId> built_;      ///< by position in the file: the node of `scratch_`
    std::vector<std::size_t> order_; ///< positions in the order of `scratch_`
};

void Importer::read_names() {
    std::unordered_map<std::string_view, const FunctionData*> functions;
    if (options_.functions != nullptr)
        for (const FunctionData& function : *options_.functions) functions.emplace(function.name, &function);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const std::string_view name = nodes_.name(i), op = nodes_.op(i);
        if (!is_node_name(name))
            report("import.node-name",
                   fmt::format("node {} has the name \"{}\", which is not a valid node name", i, name));
        else if (!by_name_.emplace(name, i).second)
            report("import.duplicate-name", fmt::format("two nodes have the name \"{}\"", name));
        defs_[i] = ops::find_op(op);
        if (defs_[i] != nullptr) continue;
        if (const auto function = functions.find(op); function != functions.end())
            for (const FunctionData::Argument& output : function->second->outputs)
                foreign_[i].push_back({output.dtype, false, Shape::unknown_rank()});
    }
}

/// GraphConstructor::AddPrefixToNodeDef and UniquifyNames (1.15).
void Importer::choose_names() {
    std::unordered_set<std::string> taken;
    if (options_.uniquifies)
        for (const Node& node : graph_.nodes()) {
            // Scopes count as names, too.
            for (std::size_t slash = node.name.find('/'); slash != std::string::npos;
                 slash = node.name.find('/', slash + 1))
                taken.insert(node.name.substr(0, slash));
        }
    const auto is_taken = [&](const std::string& name) { return graph_.find(name).valid() || taken.contains(name); };
    names_.reserve(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const std::string own(nodes_.name(i)), wanted = options_.prefix.empty() ? own : options_.prefix + "/" + own;
        std::string name = wanted;
        if (options_.uniquifies)
            for (int count = 0; is_taken(name) || (count > 0 && by_name_.contains(name));)
                name = fmt::format("{}_{}", wanted, ++count);
        else if (graph_.find(name).valid())
            report("import.duplicate-name", fmt::format("the graph already has a node \"{}\"", name),
                   "import under a name prefix");
        names_.push_back(std::move(name));
    }
}

/// `_class` names the nodes whose device a node shares: ["loc:@kernel"].
void Importer::rename_colocations(NodeDefData& node) const {
    const auto found = node.attrs.find("_class");
    if (found == node.attrs.end() || (options_.prefix.empty() && !options_.uniquifies)) return;
    const auto* list = found->second.as<AttrList>();
    if (list == nullptr) return;
    AttrList renamed;
    constexpr std::string_view mark = "loc:@";
    for (const AttrValue& entry : list->entries) {
        const auto* text = entry.as<std::string>();
        const auto at = text != nullptr && text->starts_with(mark)
                            ? by_name_.find(std::string_view(*text).substr(mark.size()))
                            : by_name_.end();
        renamed.entries.push_back(at == by_name_.end() ? entry : AttrValue(std::string(mark) + names_[at->second]));
    }
    found->second = std::move(renamed);
}

/// What a node asks of an output of an op that is not known is what is known of it.
void Importer::note_use(std::size_t at, std::size_t slot, const Input& input) {
    if (defs_[input.source] != nullptr || input.index < 0) return;
    constexpr int most_outputs = 1 << 16; // a number in a file must not be able to exhaust the memory
    if (input.index >= most_outputs) return;
    std::vector<OutputInfo>& outputs = foreign_[input.source];
    const auto index = static_cast<std::size_t>(input.index);
    if (index >= outputs.size()) outputs.resize(index + 1);
    if (defs_[at] == nullptr) return;
    const auto expected = ops::expected_input(*defs_[at], nodes_[at].attrs, slot);
    if (!expected) return;
    if (outputs[index].dtype == DType::invalid) outputs[index].dtype = expected->dtype;
    outputs[index].is_ref = outputs[index].is_ref || expected->is_ref;
}

void Importer::read_inputs(std::size_t at) {
    const std::string_view node = nodes_.name(at);
    bool after_control = false;
    std::size_t slot = 0;
    for (const std::string_view text : nodes_.inputs(at)) {
        const bool is_control = text.starts_with("^");
        std::string_view name = text;
        Input input;
        if (is_control) {
            name.remove_prefix(1);
            input.index = -1;
        } else if (const std::size_t colon = name.rfind(':'); colon != std::string_view::npos) {
            const std::string_view digits = name.substr(colon + 1);
            const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), input.index);
            if (problem != std::errc{} || end != digits.data() + digits.size() || input.index < 0) {
                report("import.input", fmt::format("node \"{}\": input \"{}\" is not a tensor name", node, text));
                continue;
            }
            name = name.substr(0, colon);
        }
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) {
            report("import.input", fmt::format("node \"{}\": input \"{}\" is not in the file", node, text));
            continue;
        }
        if (!is_control && after_control)
            report("import.input",
                   fmt::format("node \"{}\": data input \"{}\" stands after a control input", node, text));
        after_control = after_control || is_control;
        input.source = found->second;
        inputs_[at].push_back(input);
        note_use(at, slot++, input);
    }
}

/// As TensorFlow's GraphConstructor: of the nodes whose inputs are there, the first of the file.
void Importer::build() {
    std::vector<std::size_t> waiting(nodes_.size(), 0);
    std::vector<std::vector<std::size_t>> consumers(nodes_.size());
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        for (const Input& input : inputs_[i]) {
            if (is_back_edge(i, input)) continue;
            consumers[input.source].push_back(i);
            ++waiting[i];
        }
        if (waiting[i] == 0) ready.push(i);
    }
    std::size_t visited = 0;
    for (; !ready.empty(); ++visited) {
        const std::size_t at = ready.top();
        ready.pop();
        build_node(at);
        for (const std::size_t consumer : consumers[at])
            if (--waiting[consumer] == 0) ready.push(consumer);
    }
    if (visited < nodes_.size()) report_cycle(waiting);
}

void Importer::build_node(std::size_t at) {
    NodeDefData node = nodes_[at];
    node.name = names_[at];
    rename_colocations(node);
    ops::NodeSpec spec{node.name, node.op, {}, {}, std::move(node.attrs), node.device, {}, true};
    std::erase_if(spec.attrs,
                  [](const auto& attr) { return std::holds_alternative<std::monostate>(attr.second.value); });
    std::vector<std::size_t> back;
    for (const Input& input : inputs_[at]) {
        if (is_back_edge(at, input)) {
            back.push_back(spec.inputs.size());
            spec.inputs.push_back({});
            continue;
        }
        const NodeId source = built_[input.source];
        if (!source.valid()) return; // what is wrong there has been said
        if (input.index < 0) {
            spec.control_inputs.push_back(source);
            continue;
        }
        const std::size_t outputs = scratch_.node(source).outputs.size();
        if (static_cast<std::size_t>(input.index) >= outputs) {
            report("import.input", fmt::format("node \"{}\": \"{}\" has {} output{}, so there is no \"{}:{}\"",
                                               node.name, nodes_.name(input.source), outputs, outputs == 1 ? "" : "s",
                                               nodes_.name(input.source), input.index));
            return;
        }
        spec.inputs.push_back({source, input.index});
    }
    // Until the loop is closed, its entry stands in for the value that comes round.
    const auto entry = std::ranges::find_if(spec.inputs, [](const Output& input) { return input.valid(); });
    if (entry == spec.inputs.end() && !back.empty()) {
        report("import.loop",
               fmt::format("node \"{}\" merges values of next iterations only: the loop has no entry", node.name));
        return;
    }
    for (const std::size_t slot : back) spec.inputs[slot] = *entry;
    const auto added = defs_[at] != nullptr ? ops::add_node(scratch_, std::move(spec))
                                            : ops::add_foreign_node(scratch_, std::move(spec), foreign_[at]);
    if (!added) {
        report("import.node", fmt::format("node \"{}\": {}", node.name, added.error().message));
        return;
    }
    built_[at] = *added;
    order_.push_back(at);
    constexpr int last_without_unknown_rank = 21; // array_ops.cc, shape function of Placeholder
    if (options_.producer <= last_without_unknown_rank && node.op == "Placeholder" &&
        scratch_.info({*added, 0}).shape == Shape{})
        scratch_.set_output_shape({*added, 0}, Shape::unknown_rank());
}

void Importer::report_cycle(const std::vector<std::size_t>& waiting) {
    // Walking from input to input among the nodes that wait must come round.
    auto at =
        static_cast<std::size_t>(std::ranges::find_if(waiting, [](std::size_t n) { return n > 0; }) - waiting.begin());
    std::vector<bool> seen(nodes_.size(), false);
    while (!seen[at]) {
        seen[at] = true;
        for (const Input& input : inputs_[at])
            if (waiting[input.source] > 0 && !is_back_edge(at, input)) {
                at = input.source;
                break;
            }
    }
    report("import.cycle",
           fmt::format("node \"{}\" depends on itself, and not through a while loop's NextIteration", nodes_.name(at)));
}

void Importer::close_loops() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (!is_merge(nodes_.op(i))) continue;
        std::size_t slot = 0;
        for (const Input& input : inputs_[i]) {
            if (input.index < 0) break; // control inputs come last
            if (is_back_edge(i, input)) {
                const Output output{built_[input.source], input.index};
                const Node& merge = scratch_.node(built_[i]);
                const Node& source = scratch_.node(output.node);
                if (static_cast<std::size_t>(output.index) >= source.outputs.size() ||
                    scratch_.info(output).dtype != merge.outputs[0].dtype)
                    report("import.loop",
                           fmt::format("node \"{}\": the value that comes round from \"{}\" has another type",
                                       merge.name, source.name));
                else
                    scratch_.set_input(built_[i], slot, output);
            }
            ++slot;
        }
    }
}

void Importer::transfer() {
    const std::size_t first = graph_.size();
    std::vector<std::size_t> order = order_;
    if (options_.order == ImportOptions::Order::file) std::ranges::sort(order);
    std::vector<NodeId> moved(scratch_.size()); // by node of scratch_
    for (std::size_t i = 0; i < order.size(); ++i) moved[built_[order[i]].index()] = NodeId(first + i);

    for (const std::size_t at : order) {
        Node node = scratch_.node(built_[at]);
        const NodeId id = moved[node.id.index()];
        node.origin = options_.origin;
        // What comes later in the order is put in below; until then the node stands for it itself.
        for (Output& input : node.inputs)
            input = moved[input.node.index()] < id ? Output{moved[input.node.index()], input.index} : Output{id, 0};
        node.control_inputs.clear();
        graph_.append(std::move(node));
    }
    for (const std::size_t at : order) {
        const Node& node = scratch_.node(built_[at]);
        const NodeId id = moved[node.id.index()];
        for (std::size_t slot = 0; slot < node.inputs.size(); ++slot)
            if (const NodeId source = moved[node.inputs[slot].node.index()]; source > id)
                graph_.set_input(id, slot, {source, node.inputs[slot].index});
        for (const NodeId control : node.control_inputs) graph_.add_control_input(id, moved[control.index()]);
    }
    list_variables(graph_, first, options_.origin);
}

} // namespace

Diagnostics import_graphdef(Graph& graph, const NodeDefs& nodes, const ImportOptions& options) {
    return Importer(graph, nodes, options).run();
}

Diagnostics import_graph(Graph& graph, const GraphFile& file, ImportOptions options) {
    options.functions = &file.functions;
    options.producer = file.producer;
    Diagnostics problems = import_graphdef(graph, file.nodes, options);
    for (Diagnostic& problem : problems) problem.where.file = file.path;
    return problems;
}

} // namespace rnnscope

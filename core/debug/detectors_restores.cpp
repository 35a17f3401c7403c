// Restores that fail: the checkpoint has other names, or other shapes, than the graph.

#include "core/debug/detectors.hpp"
#include "core/debug/text_match.hpp"
#include "core/import/checkpoint.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace rnnscope::debug {

using namespace program;

namespace {

/// One tensor of a checkpoint, without its values.
struct Stored {
    std::string name;
    DType dtype = DType::invalid;
    Shape shape;
};

/// What one restore op wants: the names in the checkpoint and the variables that they go to.
struct Wanted {
    std::string name;
    VariableId variable;
};

/// The op that reads the checkpoint: the failed one, or what the failed assignment gets its value from.
NodeId restore_op(const Graph& graph, NodeId failed) {
    for (NodeId at = failed; at.valid(); at = graph.node(at).inputs.back().node) {
        const Node& node = graph.node(at);
        if (node.op == "RestoreV2") return at;
        const bool passes_on = node.op.starts_with("Assign") || node.op == "Identity" || node.op == "Reshape";
        if (!passes_on || node.inputs.empty()) break;
        // Of a reshape the first input is the value, of an assignment the last.
        if (node.op == "Reshape") return restore_op(graph, node.inputs.front().node);
    }
    return {};
}

/// The variable that an output of the restore op is assigned to, as it is or in another shape or type. The graph may be
/// any: with loops, and as deep as it likes.
VariableId assigned_from(const Graph& graph, Output output) {
    std::vector<Output> work{output};
    std::set<NodeId> seen;
    while (!work.empty()) {
        const Output value = work.back();
        work.pop_back();
        for (const NodeId consumer : graph.consumers(value.node)) {
            const Node& node = graph.node(consumer);
            if (std::ranges::find(node.inputs, value) == node.inputs.end() || !seen.insert(consumer).second) continue;
            if (node.op == "Identity" || node.op == "Reshape" || node.op == "Cast") work.push_back({consumer, 0});
            if (!node.op.starts_with("Assign")) continue;
            if (const Variable* variable = graph.variable_of(node.inputs.front().node)) return variable->id;
        }
    }
    return {};
}

std::vector<Wanted> wanted_by(const Graph& graph, NodeId restore) {
    std::vector<Wanted> wanted;
    const Node& names = graph.node(graph.node(restore).inputs[1].node);
    const auto value = names.attrs.find("value");
    const Tensor* list = value == names.attrs.end() ? nullptr : value->second.as<Tensor>();
    if (!list || list->dtype() != DType::string) return wanted;
    int index = 0;
    for (const std::string& name : list->strings()) wanted.push_back({name, assigned_from(graph, {restore, index++})});
    return wanted;
}

/// The file that a run of a saver's op was given.
std::string fed_file(const record::RecordedRun& run) {
    for (const auto& feed : run.info.request.feeds)
        if (feed.value.dtype() == DType::string && feed.value.elements() == 1) return feed.value.strings()[0];
    return {};
}

/// What a checkpoint holds that an earlier run of the program wrote; nothing when none did.
std::vector<Stored> saved_by_program(const Facts& facts, const std::string& file, std::uint64_t before) {
    std::vector<Stored> stored;
    for (const record::RecordedRun& run : facts.recording().runs()) {
        if (run.first_tick >= before || run.outcome.error || fed_file(run) != file) continue;
        const Graph& graph = facts.graph(run.info.graph);
        for (const Node& node : graph.nodes()) {
            if (node.op != "SaveV2") continue;
            for (const std::uint32_t index : facts.recording().events_of(run.info.id, node.id)) {
                const record::RecordedEvent event = facts.recording().event(run.info.id, index);
                if (event.inputs.size() < 3 || event.inputs[1].tensor.dtype() != DType::string) continue;
                stored.clear(); // the later one replaces the earlier
                const auto names = event.inputs[1].tensor.strings();
                for (std::size_t i = 0; i < names.size() && i + 3 < event.inputs.size(); ++i) {
                    const record::RecordedValue& value = event.inputs[i + 3];
                    const Tensor tensor =
                        value.tensor ? value.tensor
                                     : facts.recording().value_at(run.info.session, value.variable, {run.last_tick});
                    stored.push_back({names[i], tensor.dtype(), tensor.shape()});
                }
            }
        }
    }
    return stored;
}

/// A restore that failed, and what its checkpoint has.
struct RestoreCase {
    const FailureCase& failure;
    const record::RecordedRun& run;
    const Graph& graph;
    NodeId restore;
    std::string file;
    std::vector<Wanted> wanted;
    std::vector<Stored> stored;

    const Stored* find(std::string_view name) const {
        const auto found = std::ranges::find(stored, name, &Stored::name);
        return found == stored.end() ? nullptr : &*found;
    }
    StatementId saver() const { return failure.facts.evaluation().evaluator().statement_of(graph.node(restore)); }
};

std::optional<RestoreCase> restore_case(const FailureCase& failure) {
    const ProgramError& error = failure.error();
    if (!error.run.valid() || !error.node.valid()) return std::nullopt;
    const Facts& facts = failure.facts;
    const record::RecordedRun& run = facts.recording().run(error.run);
    const Graph& graph = facts.graph(run.info.graph);
    const NodeId restore = restore_op(graph, error.node);
    if (!restore.valid()) return std::nullopt;
    RestoreCase found{failure, run, graph, restore, fed_file(run), wanted_by(graph, restore), {}};
    found.stored = saved_by_program(facts, found.file, run.first_tick);
    if (!found.stored.empty()) return found;
    const auto checkpoint = Checkpoint::open((std::filesystem::path(facts.program().directory) / found.file).string());
    if (!checkpoint) return found;
    for (const CheckpointEntry& entry : checkpoint->entries())
        found.stored.push_back({entry.name, entry.dtype, entry.shape});
    return found;
}

// --- names ----------------------------------------------------------------------------------------------------------

/// A name as all versions of TensorFlow could have written it: the parts without case and underscores, under the words
/// of today. 0.x: RNN/GRUCell/Gates/Linear/Matrix; 1.0: rnn/gru_cell/gates/weights; 1.2: rnn/gru_cell/gates/kernel.
std::vector<std::string> name_words(std::string_view name) {
    std::vector<std::string> words(1);
    for (const char c : name) {
        if (c == '/')
            words.emplace_back();
        else if (c != '_')
            words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    std::erase(words, "linear");
    for (std::string& word : words) {
        if (word == "weights" || word == "matrix") word = "kernel";
        if (word == "biases") word = "bias";
    }
    return words;
}

/// How many words two names share, in order from the end and then from the beginning; 0 where that is too little to go
/// by. The last word says what a variable is (a bias, a slot of one optimizer), and that alone is no evidence: there
/// has to be another one, or the names are the same but for how they are written.
std::size_t likeness(std::string_view a, std::string_view b) {
    const std::vector<std::string> left = name_words(a), right = name_words(b);
    const std::size_t most = std::min(left.size(), right.size());
    std::size_t behind = 0, before = 0;
    while (behind < most && left[left.size() - 1 - behind] == right[right.size() - 1 - behind]) ++behind;
    while (before + behind < most && left[before] == right[before]) ++before;
    const std::size_t shared = behind + before;
    const bool is_same = shared == left.size() && shared == right.size();
    return is_same || (behind > 0 && shared >= 2) ? shared : 0;
}

/// The stored tensor that a variable was most likely saved as, among those that nothing else wants; null when none fits
/// or two fit alike.
const Stored* moved_to(const RestoreCase& restore, const Wanted& wanted, const std::set<std::string>& taken) {
    if (!wanted.variable.valid()) return nullptr;
    const Variable& variable = restore.graph.variable(wanted.variable);
    const Stored* best = nullptr;
    std::size_t most = 0;
    bool is_tie = false;
    for (const Stored& stored : restore.stored) {
        if (taken.contains(stored.name) || stored.dtype != variable.dtype || !stored.shape.compatible(variable.shape))
            continue;
        const std::size_t score = likeness(wanted.name, stored.name);
        if (score == most) is_tie = true;
        if (score <= most) continue;
        is_tie = false;
        best = &stored;
        most = score;
    }
    return is_tie ? nullptr : best;
}

/// JSON text of a variable that the program may have no name for: tf.global_variables("rnn/kernel:0")[0].
std::string variable_json(const std::string& name) {
    return fmt::format(R"({{"index": {{"call": "global_variables", "args": [{}]}}, "at": 0}})",
                       json_string(name + ":0"));
}

/// Gives the saver of the restore another list of variables.
std::optional<Fix> set_var_list(const RestoreCase& restore, const std::string& json, std::string title) {
    const Facts& facts = restore.failure.facts;
    const StatementId statement = restore.saver();
    const auto call = statement.valid() ? find_call(facts.program().statement(statement), "train.Saver") : std::nullopt;
    return call ? set_argument(facts, statement, *call, "var_list", 0, json, std::move(title)) : std::nullopt;
}

/// JSON text of a saver's var_list: a list, or a dict where the checkpoint has other names.
std::string var_list_json(const RestoreCase& restore, const std::vector<Wanted>& part) {
    std::vector<std::string> list, dict;
    bool is_renamed = false;
    for (const Wanted& wanted : part) {
        const std::string& name = restore.graph.variable(wanted.variable).name;
        is_renamed = is_renamed || name != wanted.name;
        list.push_back(variable_json(name));
        dict.push_back(fmt::format("[{}, {}]", json_string(wanted.name), variable_json(name)));
    }
    return is_renamed ? fmt::format(R"({{"dict": [{}]}})", fmt::join(dict, ", "))
                      : fmt::format("[{}]", fmt::join(list, ", "));
}

/// Restores a part of what the saver was made for. The rest needs a value, which it has where something initialized
/// the session before; otherwise that is done, too.
void offer_part(const RestoreCase& restore, const std::vector<Wanted>& entries, Finding& finding) {
    if (entries.empty()) return;
    const Facts& facts = restore.failure.facts;
    const std::string list = var_list_json(restore, entries);
    const std::string what = counted(entries.size(), "variable");
    const auto part = set_var_list(restore, list, fmt::format("Restore only what fits: {}", what));
    const auto inits = facts.init_runs(restore.run.info.session, {restore.run.first_tick});
    const bool rest_has_values = std::ranges::all_of(restore.wanted, [&](const Wanted& wanted) {
        return std::ranges::find(entries, wanted.variable, &Wanted::variable) != entries.end() ||
               std::ranges::any_of(inits, [&](const auto& init) { return init.op->sets(wanted.variable); });
    });
    if (rest_has_values) {
        offer(finding, part);
        return;
    }
    const StatementId statement = restore.failure.error().statement;
    std::string session;
    for (const Call& call : calls_of(facts.program().statement(statement)))
        if (const Expr* given = call.name.ends_with(".restore") ? argument(*call.call, "sess", 0) : nullptr)
            if (const auto* name = std::get_if<NameExpr>(&given->node)) session = name->name;
    offer(finding,
          both(facts, part, run_before(facts, statement, session, R"({"call": "global_variables_initializer"})", ""),
               fmt::format("Initialize, and restore only what fits: {}", what)));
}

// --- shapes ---------------------------------------------------------------------------------------------------------

/// The place of the whole number behind an expression: itself, or what a name or a parameter of it stands for.
struct Number {
    std::int64_t value = 0;
    StatementId statement;
    std::string pointer;
};

std::optional<Number> number_behind(const Facts& facts, const Expr& expr, StatementId statement,
                                    const std::vector<StatementId>& callers, int depth = 0) {
    if (const auto* literal = std::get_if<Literal>(&expr.node)) {
        const auto* value = std::get_if<std::int64_t>(&literal->value);
        return value ? std::optional(Number{*value, statement, expr.where.pointer}) : std::nullopt;
    }
    const auto* name = std::get_if<NameExpr>(&expr.node);
    constexpr int most = 20;
    if (!name || depth > most) return std::nullopt;
    const Program& program = facts.program();
    StatementId around = program.statement(statement).parent;
    while (around.valid() && !std::holds_alternative<FunctionStatement>(program.statement(around).node))
        around = program.statement(around).parent;
    if (around.valid()) {
        const auto& function = std::get<FunctionStatement>(program.statement(around).node);
        const auto at = std::ranges::find(function.parameters, name->name, &Parameter::name);
        const auto position = static_cast<std::size_t>(at - function.parameters.begin());
        for (const StatementId caller : callers) {
            const auto call =
                at == function.parameters.end() ? std::nullopt : find_call(program.statement(caller), function.name);
            const Expr* given = call ? argument(*call->call, name->name, position) : nullptr;
            if (given) return number_behind(facts, *given, caller, callers, depth + 1);
        }
    }
    const StatementId assigned = last_assignment(program, name->name, statement, statement);
    if (!assigned.valid()) return std::nullopt;
    return number_behind(facts, *std::get<AssignStatement>(program.statement(assigned).node).value, assigned, callers,
                         depth + 1);
}

/// The number of units with which the variable would have the shape that was saved.
std::optional<std::int64_t> units_of(std::int64_t units, std::int64_t here, std::int64_t saved) {
    if (units <= 0 || here <= 0 || saved <= 0 || here % units != 0)
        return std::nullopt;                 // unknown or empty: no evidence
    const std::int64_t times = here / units; // a GRU's gates have two values for each unit
    return saved % times == 0 && saved != here ? std::optional(saved / times) : std::nullopt;
}

/// A variable of another size than its saved value has.
struct Misfit {
    const Variable* variable = nullptr;
    Shape saved;
};

/// The number of units that explains all of them, with a cell that has `units` here.
std::optional<std::int64_t> units_of_all(std::int64_t units, const std::vector<Misfit>& misfits) {
    std::optional<std::int64_t> all;
    for (const auto& [variable, saved] : misfits) {
        if (saved.rank() == 0 || variable->shape.rank() != saved.rank()) return std::nullopt;
        const auto one = units_of(units, variable->shape.dim(saved.rank() - 1), saved.dim(saved.rank() - 1));
        if (!one || (all && *all != *one)) return std::nullopt;
        all = one;
    }
    return all;
}

/// The number of units of a cell, where that is what differs: only variables of cells tell of it.
void offer_units(const RestoreCase& restore, std::vector<Misfit> misfits, Finding& finding) {
    std::erase_if(misfits, [](const Misfit& misfit) { return !has_match(misfit.variable->name, "cell(_[0-9]+)?/"); });
    if (misfits.empty()) return;
    const Facts& facts = restore.failure.facts;
    const std::vector<StatementId> callers =
        facts.evaluation().evaluator().origin_stack(restore.graph.node(misfits[0].variable->op).origin);
    std::set<std::string> offered; ///< places: several cells may get their number from one
    for (const Statement& statement : facts.program().statements)
        for (const Call& call : calls_of(statement)) {
            const Expr* given = call.name.ends_with("Cell") ? argument(*call.call, "num_units", 0) : nullptr;
            const auto number = given ? number_behind(facts, *given, statement.id, callers) : std::nullopt;
            const auto units = number ? units_of_all(number->value, misfits) : std::nullopt;
            if (units && offered.insert(number->pointer).second)
                offer(finding, replace_value(facts, number->statement, number->pointer, fmt::format("{}", *units),
                                             fmt::format("Build it with {} units, as it was saved", *units)));
        }
}

} // namespace

std::optional<Finding> names_moved(const FailureCase& failure) {
    if (!has_match(failure.error().text, "not found in checkpoint")) return std::nullopt;
    const auto restore = restore_case(failure);
    if (!restore) return std::nullopt;
    std::set<std::string> taken;
    for (const Wanted& wanted : restore->wanted)
        if (restore->find(wanted.name)) taken.insert(wanted.name);
    std::vector<std::pair<std::string, std::string>> moved; // the name that is wanted, the name that is there
    std::vector<Wanted> entries;                            // under the names that are there
    for (const Wanted& wanted : restore->wanted) {
        const Stored* there = restore->find(wanted.name);
        if (!there) {
            there = moved_to(*restore, wanted, taken);
            if (!there) continue;
            taken.insert(there->name);
            moved.emplace_back(wanted.name, there->name);
        }
        if (wanted.variable.valid()) entries.push_back({there->name, wanted.variable});
    }
    if (moved.empty()) return std::nullopt;
    Finding finding;
    finding.summary = fmt::format("The checkpoint {} calls {} {}; the saver looks for the graph's names.",
                                  restore->file, moved[0].first, moved[0].second);
    const StatementId saver = restore->saver();
    for (const auto& [wanted, there] : moved)
        finding.evidence.push_back(
            {fmt::format("{} is not in the checkpoint; {} is, with the same shape.", wanted, there), saver, {}});
    finding.fix_at = saver.valid() ? saver : failure.error().statement;
    if (entries.size() == restore->wanted.size())
        offer(finding,
              set_var_list(*restore, var_list_json(*restore, entries), "Tell the saver the names of the checkpoint"));
    return finding;
}

std::optional<Finding> not_in_checkpoint(const FailureCase& failure) {
    if (!has_match(failure.error().text, "not found in checkpoint")) return std::nullopt;
    const auto restore = restore_case(failure);
    if (!restore || restore->stored.empty()) return std::nullopt;
    Finding finding;
    std::vector<Wanted> there;
    std::string first;
    for (const Wanted& wanted : restore->wanted) {
        if (!wanted.variable.valid()) return std::nullopt;
        if (restore->find(wanted.name)) {
            there.push_back(wanted);
            continue;
        }
        const Variable& variable = restore->graph.variable(wanted.variable);
        if (first.empty()) first = wanted.name;
        finding.evidence.push_back({fmt::format("{} is not in the checkpoint.", wanted.name),
                                    failure.facts.created_at(restore->graph.id(), variable), variable.op});
    }
    if (first.empty()) return std::nullopt;
    finding.summary =
        fmt::format("The checkpoint {} has {} of the {} variables that the saver asks for; {} is not among them.",
                    restore->file, restore->wanted.size() - finding.evidence.size(), restore->wanted.size(), first);
    finding.fix_at = restore->saver().valid() ? restore->saver() : failure.error().statement;
    offer_part(*restore, there, finding);
    return finding;
}

std::optional<Finding> shape_changed(const FailureCase& failure) {
    if (!has_match(failure.error().text, "Assign requires shapes of both tensors to match")) return std::nullopt;
    const auto restore = restore_case(failure);
    if (!restore) return std::nullopt;
    Finding finding;
    finding.fix_at = failure.error().statement;
    std::vector<Wanted> fitting;
    std::vector<Misfit> misfits;
    for (const Wanted& wanted : restore->wanted) {
        const Stored* stored = restore->find(wanted.name);
        if (!stored || !wanted.variable.valid()) continue;
        const Variable& variable = restore->graph.variable(wanted.variable);
        if (stored->shape.compatible(variable.shape)) {
            fitting.push_back(wanted);
            continue;
        }
        finding.evidence.push_back({fmt::format("{} is {} in the graph and {} in the checkpoint.", variable.name,
                                                to_text(variable.shape), to_text(stored->shape)),
                                    failure.facts.created_at(restore->graph.id(), variable), variable.op});
        misfits.push_back({&variable, stored->shape});
    }
    if (misfits.empty()) return std::nullopt;
    offer_units(*restore, misfits, finding);
    finding.summary = fmt::format("The checkpoint {} was written by a model of other sizes: {} of {} variables do not "
                                  "fit, {} among them.",
                                  restore->file, finding.evidence.size(), restore->wanted.size(),
                                  short_name(misfits[0].variable->name));
    offer_part(*restore, fitting, finding);
    if (!finding.fixes.empty()) finding.fix_at = finding.fixes[0].changed;
    return finding;
}

} // namespace rnnscope::debug

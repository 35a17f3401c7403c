#include "core/view/variables_view.hpp"

#include "core/base/suggest.hpp"
#include "core/debug/selection_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

namespace rnnscope::view {

using debug::Debugger;
using record::HistoryEntry;

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    return out;
}

/// The scopes that variables stand in, children in order of first appearance.
struct TreeScope {
    std::string path;
    std::size_t parent = 0;
    std::vector<std::pair<bool, std::size_t>> children; ///< is it a scope, index of scope or variable
    std::vector<StateMark> marks;                       ///< of all variables inside
    std::size_t covered = 0;                            ///< of them, by the coverage that is asked about
};

class VariablesBuilder {
  public:
    VariablesBuilder(const Debugger& debugger, const VariablesOptions& options)
        : debugger_(debugger), options_(options) {}

    VariablesView build() {
        if (!debugger_.is_open()) return std::move(view_);
        collect_sessions();
        const auto ids = visible_variables(debugger_);
        view_.total = ids.size();
        collect_shared();
        const std::string filter = lower(options_.filter);
        if (!options_.coverage.empty()) view_.coverage = coverage_of(debugger_, options_.coverage);
        for (const VariableId id : ids) {
            const Variable& variable = debugger_.graph()->variable(id);
            VariableRow row = make_row(variable);
            const bool is_uninitialized = has_no_value(row.mark);
            view_.uninitialized += is_uninitialized;
            view_.trainable += variable.trainable;
            if (options_.only_uninitialized && !is_uninitialized) continue;
            if (options_.only_trainable && !variable.trainable) continue;
            if (filter.empty() || matches(row, filter)) add(std::move(row));
        }
        view_.shown = variables_.size();
        if (!ids.empty() && variables_.empty()) explain_emptiness(ids);
        if (ids.empty()) view_.empty = "No variable exists yet at this position.";
        emit();
        return std::move(view_);
    }

  private:
    static bool has_no_value(StateMark mark) {
        return mark == StateMark::declared || mark == StateMark::uninitialized || mark == StateMark::none;
    }

    void explain_emptiness(const std::vector<VariableId>& ids) {
        if (!options_.filter.empty()) return suggest(ids);
        view_.empty = options_.only_uninitialized ? "Every variable has a value here." : "No variable is trainable.";
        if (options_.only_uninitialized && options_.only_trainable)
            view_.empty = "Every trainable variable has a value here.";
    }

    void collect_sessions() {
        for (std::size_t i = 0; i < debugger_.recording().sessions(); ++i)
            view_.sessions.push_back({SessionId(i), debug::session_text(SessionId(i))});
        view_.session = debugger_.current_session();
    }

    void collect_shared() {
        const auto* report = debugger_.known_preflight();
        if (!report || !debugger_.at_end()) return;
        for (const debug::Warning& warning : report->warnings)
            if (warning.code == "shared-weights")
                for (const std::string& name : warning.variables) ++shared_[name];
    }

    VariableRow make_row(const Variable& variable) const {
        VariableRow row;
        row.path = variable.name;
        row.variable = variable.id;
        row.mark = mark_of(debugger_, variable);
        row.shape = shape_text(variable.shape);
        row.covered = view_.coverage && view_.coverage->problem.empty() && view_.coverage->hits[variable.id.index()];
        row.count = 1;
        row.covered_count = row.covered;
        row.written = "never";
        row.read = "not yet";
        const auto now = debugger_.position().ticks;
        const SessionId session = debugger_.current_session();
        if (session.valid())
            for (const HistoryEntry& entry :
                 debugger_.recording().history(session, storage_name(debugger_, variable))) {
                if (entry.tick >= now) break;
                note(row, entry);
            }
        const auto shared = shared_.find(variable.name);
        if (shared != shared_.end()) row.shared_by = shared->second + 1;
        const auto& selection = debugger_.selection();
        row.selected = selection.kind == debug::Selection::Kind::variable && selection.variable == variable.id;
        return row;
    }

    void note(VariableRow& row, const HistoryEntry& entry) const {
        const StatementId statement = statement_of(debugger_, entry.run);
        if (entry.kind == HistoryEntry::Kind::write) {
            row.written_at = statement;
            row.written = entry.run.valid() ? line_text(debugger_, statement) : "restored";
        } else if (entry.kind == HistoryEntry::Kind::read || entry.kind == HistoryEntry::Kind::uninitialized_read) {
            row.read_at = statement;
            row.read = line_text(debugger_, statement);
            row.read_failed = entry.kind == HistoryEntry::Kind::uninitialized_read;
        }
    }

    static bool matches(const VariableRow& row, const std::string& filter) {
        return lower(row.path).find(filter) != std::string::npos || row.shape.find(filter) != std::string::npos ||
               std::string(describe(row.mark)).find(filter) != std::string::npos;
    }

    void suggest(const std::vector<VariableId>& ids) {
        std::vector<std::string> names;
        for (const VariableId id : ids) {
            std::string_view rest = debugger_.graph()->variable(id).name;
            while (!rest.empty()) {
                const std::size_t slash = rest.find('/');
                names.emplace_back(rest.substr(0, slash));
                rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
            }
        }
        std::ranges::sort(names);
        view_.suggestion = nearest(options_.filter, names);
        view_.empty = fmt::format("No variable matches “{}”.", options_.filter);
        if (!view_.suggestion.empty()) view_.empty += fmt::format(" Did you mean {}?", view_.suggestion);
    }

    std::size_t scope_of(const std::string& path) {
        if (path.empty()) return 0;
        const auto found = by_path_.find(path);
        if (found != by_path_.end()) return found->second;
        std::size_t parent = 0; // every prefix gets its scope, outermost first
        for (std::size_t slash = path.find('/');; slash = path.find('/', slash + 1)) {
            const std::string prefix = path.substr(0, slash);
            const auto [place, fresh] = by_path_.try_emplace(prefix, scopes_.size());
            if (fresh) {
                scopes_.push_back({prefix, parent, {}, {}});
                scopes_[parent].children.emplace_back(true, place->second);
            }
            parent = place->second;
            if (slash == std::string::npos) return parent;
        }
    }

    void add(VariableRow row) {
        const std::size_t slash = row.path.rfind('/');
        const std::size_t scope = scope_of(slash == std::string::npos ? std::string() : row.path.substr(0, slash));
        for (std::size_t at = scope;; at = scopes_[at].parent) {
            scopes_[at].marks.push_back(row.mark);
            scopes_[at].covered += row.covered;
            if (at == 0) break;
        }
        scopes_[scope].children.emplace_back(false, variables_.size());
        variables_.push_back(std::move(row));
    }

    /// Rows in order; a scope that holds nothing but one scope is drawn together with it.
    void emit() {
        struct Frame {
            std::size_t scope, next;
            int depth;
        };
        std::vector<Frame> stack = {{0, 0, 0}};
        while (!stack.empty()) {
            Frame& frame = stack.back();
            const TreeScope& scope = scopes_[frame.scope];
            if (frame.next == scope.children.size()) {
                stack.pop_back();
                continue;
            }
            const auto [is_scope, index] = scope.children[frame.next++];
            const std::size_t prefix = scope.path.empty() ? 0 : scope.path.size() + 1;
            const int depth = frame.depth;
            if (!is_scope) {
                VariableRow row = variables_[index];
                row.label = row.path.substr(prefix);
                row.depth = depth;
                view_.rows.push_back(std::move(row));
                continue;
            }
            std::size_t inner = index;
            while (scopes_[inner].children.size() == 1 && scopes_[inner].children[0].first)
                inner = scopes_[inner].children[0].second;
            view_.rows.push_back(scope_row(scopes_[inner], prefix, depth));
            if (view_.rows.back().open) stack.push_back({inner, 0, depth + 1});
        }
    }

    VariableRow scope_row(const TreeScope& scope, std::size_t prefix, int depth) const {
        VariableRow row;
        row.is_scope = true;
        row.path = scope.path;
        row.label = scope.path.substr(prefix);
        row.depth = depth;
        row.open = !options_.collapsed.contains(scope.path) || !options_.filter.empty();
        row.mark = combine(scope.marks);
        row.shape = count_text(scope.marks.size(), "variable");
        row.count = scope.marks.size();
        row.covered_count = scope.covered;
        row.covered = scope.covered == scope.marks.size();
        if (view_.coverage && view_.coverage->problem.empty())
            row.shape = fmt::format("{} of {}", scope.covered, scope.marks.size());
        const auto& selection = debugger_.selection();
        row.selected = selection.kind == debug::Selection::Kind::scope && selection.scope == scope.path;
        return row;
    }

    const Debugger& debugger_;
    const VariablesOptions& options_;
    VariablesView view_;
    std::vector<TreeScope> scopes_ = {TreeScope{}};
    std::map<std::string, std::size_t> by_path_;
    std::vector<VariableRow> variables_;
    std::map<std::string, int> shared_;
};

} // namespace

VariablesView build_variables(const Debugger& debugger, const VariablesOptions& options) {
    return VariablesBuilder(debugger, options).build();
}

std::string to_text(const VariablesView& view) {
    std::string out;
    if (view.coverage) out += to_text(*view.coverage) + "\n";
    if (view.rows.empty() && !view.empty.empty()) return out + view.empty + "\n";
    for (const VariableRow& row : view.rows) {
        out += std::string(static_cast<std::size_t>(row.depth) * 2, ' ');
        out += row.is_scope ? (row.open ? "v " : "> ") : "  ";
        out += fmt::format("{} {}  {}", glyph(row.mark), row.label, row.shape);
        if (!row.is_scope) out += fmt::format("  written {}, read {}", row.written, row.read);
        if (row.shared_by > 1) out += fmt::format("  shared by {}", row.shared_by);
        if (view.coverage && !row.is_scope) out += row.covered ? "  taken in" : "  missed";
        out += "\n";
    }
    return out;
}

} // namespace rnnscope::view

#include "core/view/cell_steps.hpp"

#include "core/debug/poison.hpp"
#include "core/view/common.hpp"

#include <algorithm>
#include <map>

namespace rnnscope::view {

namespace {

using record::EventNumbers;
using record::RecordedVisit;
using record::Recording;

/// Instances one after the other, as `previous` links them.
std::vector<std::vector<std::size_t>> chains_of(const RecognizedCell& cell) {
    std::vector<std::vector<std::size_t>> chains;
    std::map<std::size_t, std::size_t> chain_of; // last instance so far: its chain
    for (std::size_t i = 0; i < cell.instances.size(); ++i) {
        const auto& previous = cell.instances[i].previous;
        const auto before = previous ? chain_of.find(*previous) : chain_of.end();
        if (before == chain_of.end()) {
            chain_of[i] = chains.size();
            chains.push_back({i});
            continue;
        }
        const std::size_t chain = before->second;
        chain_of.erase(before);
        chain_of[i] = chain;
        chains[chain].push_back(i);
    }
    return chains;
}

std::string path_of(const RecognizedCell& cell, const std::vector<std::size_t>& chain) {
    return chain.size() > 1 || cell.instances[chain[0]].scope.empty() ? cell.name : cell.instances[chain[0]].scope;
}

/// As few segments from the end as tell all paths apart, at least two where there are two.
void label(std::vector<CellTrack>& tracks) {
    for (CellTrack& track : tracks) {
        int segments = 2;
        const auto is_ambiguous = [&](int count) {
            return std::ranges::any_of(tracks, [&](const CellTrack& other) {
                return other.path != track.path && last_segments(other.path, count) == last_segments(track.path, count);
            });
        };
        while (segments < 12 && is_ambiguous(segments)) ++segments;
        track.label = track.path.empty() ? "cell" : std::string(last_segments(track.path, segments));
    }
    std::map<std::string, int> uses;
    for (CellTrack& track : tracks)
        if (const int use = ++uses[track.label]; use > 1) track.label += " (" + std::to_string(use) + ")";
}

bool is_number_matrix(const Tensor& tensor) {
    return tensor && is_floating(tensor.dtype());
}

} // namespace

std::vector<CellTrack> cell_tracks(const std::vector<RecognizedCell>& cells) {
    std::vector<CellTrack> tracks;
    for (std::size_t i = 0; i < cells.size(); ++i)
        for (std::vector<std::size_t>& chain : chains_of(cells[i])) {
            const std::string path = path_of(cells[i], chain);
            tracks.push_back({i, std::move(chain), "", path});
        }
    label(tracks);
    return tracks;
}

CellSteps::CellSteps(const debug::Debugger& debugger, const CellTrack& track, RunId run)
    : debugger_(debugger), recording_(debugger.recording()), graph_(debugger.graph()),
      cell_(debugger.graph_roles().cells[track.cell]), track_(track), run_(run) {
    if (run_.valid()) size_ = count_recorded();
}

const CellInstance& CellSteps::instance(std::size_t t) const {
    return cell_.instances[track_.instances[t % track_.instances.size()]];
}

bool CellSteps::is_sequence() const {
    return cell_.variant.fused_op.starts_with("BlockLSTM");
}

std::size_t CellSteps::count_recorded() const {
    if (is_sequence()) {
        const CellInstance& only = instance(0);
        const EventNumbers events = recording_.events_of(run_, only.part("h").node);
        if (events.empty()) return 0;
        const Tensor all = recording_.output(run_, events.back(), static_cast<std::size_t>(only.part("h").index));
        return all && all.shape().rank() == 3 ? static_cast<std::size_t>(all.shape().dim(0)) : 0;
    }
    const std::size_t length = track_.instances.size();
    std::size_t size = 0;
    for (std::size_t i = 0; i < length; ++i)
        for (const CellPart& part : instance(i).parts) {
            const EventNumbers events = recording_.events_of(run_, part.output.node);
            std::size_t count = events.size();
            // A loop's last round, and a branch that is not taken, make nothing of anything.
            while (count > 0 && recording_.visit(run_, events[count - 1]).dead) --count;
            if (count > 0) size = std::max(size, (count - 1) * length + i + 1);
        }
    return size;
}

std::optional<std::size_t> CellSteps::now(record::Position position) const {
    const std::uint32_t happened = recording_.events_at(run_, position);
    const auto has_begun = [&](std::size_t t) {
        return std::ranges::any_of(instance(t).parts, [&](const CellPart& part) {
            const auto at = event(part.name, t);
            return at && *at < happened;
        });
    };
    std::size_t low = 0, high = size_; // begun below low, not begun from high on
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (has_begun(middle))
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? std::nullopt : std::optional(low - 1);
}

std::optional<std::uint32_t> CellSteps::event_of(Output output, std::size_t t) const {
    if (!output.valid() || !run_.valid()) return std::nullopt;
    const EventNumbers events = recording_.events_of(run_, output.node);
    const std::size_t at = is_sequence() ? events.size() - 1 : t / track_.instances.size();
    if (events.empty() || at >= events.size()) return std::nullopt;
    const std::uint32_t event = events[at];
    const RecordedVisit visit = recording_.visit(run_, event);
    if (visit.dead || visit.failed) return std::nullopt;
    return event;
}

std::optional<std::uint32_t> CellSteps::event(std::string_view part, std::size_t t) const {
    return event_of(instance(t).part(part), t);
}

Tensor CellSteps::row_of_sequence(const Tensor& all, std::size_t t) const {
    if (!is_number_matrix(all) || all.shape().rank() != 3) return all;
    const std::int64_t steps = all.shape().dim(0);
    if (static_cast<std::int64_t>(t) >= steps) return {};
    const Shape row({all.shape().dim(1), all.shape().dim(2)});
    const std::size_t bytes = all.byte_size() / static_cast<std::size_t>(steps);
    return Tensor::from_bytes(all.dtype(), row, all.bytes().subspan(t * bytes, bytes));
}

Tensor CellSteps::value(std::string_view part, std::size_t t) const {
    const Output output = instance(t).part(part);
    const auto at = event_of(output, t);
    if (!at) return {};
    const Tensor value = recording_.output(run_, *at, static_cast<std::size_t>(output.index));
    return is_sequence() ? row_of_sequence(value, t) : value;
}

debug::PoisonMask CellSteps::poison(std::string_view part, std::size_t t) const {
    const debug::Poison* poison = debugger_.poison();
    const auto at = event(part, t);
    if (poison == nullptr || !at) return {};
    const debug::PoisonMask mask = poison->output(run_, *at, static_cast<std::size_t>(instance(t).part(part).index));
    return is_sequence() && mask.any() ? debug::PoisonMask::all() : mask;
}

Tensor CellSteps::fed(Output output) const {
    for (const auto& feed : recording_.run(run_).info.request.feeds)
        if (feed.output == output) return feed.value;
    return {};
}

/// Of a tensor that the cell reads: that of the same iteration, or the only one.
Tensor CellSteps::value_of(Output output, std::size_t t) const {
    if (!output.valid() || !run_.valid()) return {};
    if (Tensor value = fed(output)) return value;
    const EventNumbers events = recording_.events_of(run_, output.node);
    if (events.empty()) return {};
    const std::size_t iteration = is_sequence() ? 0 : t / track_.instances.size();
    const std::uint32_t event = events[std::min(iteration, events.size() - 1)];
    if (recording_.visit(run_, event).dead) return {};
    return recording_.output(run_, event, static_cast<std::size_t>(output.index));
}

std::vector<Tensor> CellSteps::inputs(std::size_t t) const {
    std::vector<Tensor> values;
    for (const Output& x : instance(t).inputs)
        values.push_back(is_sequence() ? row_of_sequence(value_of(x, t), t) : value_of(x, t));
    return values;
}

Tensor CellSteps::previous_h(std::size_t t) const {
    return is_sequence() && t > 0 ? value("h", t - 1) : value_of(instance(t).previous_h, t);
}

Tensor CellSteps::previous_c(std::size_t t) const {
    return is_sequence() && t > 0 ? value("c", t - 1) : value_of(instance(t).previous_c, t);
}

Tensor CellSteps::weight(std::string_view role, std::size_t t) const {
    const auto weight = std::ranges::find(cell_.weights, role, &CellWeight::role);
    if (weight == cell_.weights.end() || !run_.valid()) return {};
    const Output source = weight->source;
    if (const Variable* variable = graph_->variable_of(source.node))
        return recording_.value_at(recording_.run(run_).info.session, record::storage_name(*graph_, *variable),
                                   {tick_after(t)});
    if (Tensor value = value_of(source, 0)) return value;
    const Tensor* constant = graph_->node(source.node).attr<Tensor>("value");
    return constant != nullptr ? *constant : Tensor();
}

std::uint64_t CellSteps::tick_after(std::size_t t) const {
    std::uint32_t last = 0;
    for (const CellPart& part : instance(t).parts)
        if (const auto at = event(part.name, t)) last = std::max(last, *at);
    return recording_.tick_of(run_, last) + 1;
}

std::vector<double> CellSteps::over_time(std::string_view part, std::int64_t example, std::int64_t unit) const {
    std::vector<double> values;
    const Output output = instance(0).part(part);
    const std::int64_t width = part == "h" ? cell_.output_size : cell_.units;
    if (track_.instances.size() == 1 && !is_sequence() && output.valid() && width > 0) {
        values = recording_.elements(run_, output, example * width + unit);
    } else {
        for (std::size_t t = 0; t < size_; ++t) {
            const Tensor tensor = value(part, t);
            const bool has = tensor && tensor.shape().rank() > 0;
            const std::int64_t at = has ? example * tensor.shape().dim(tensor.shape().rank() - 1) + unit : 0;
            values.push_back(has ? runtime::number_or_nan(tensor, at) : std::numeric_limits<double>::quiet_NaN());
        }
    }
    values.resize(size_, std::numeric_limits<double>::quiet_NaN());
    return values;
}

RunId run_of_track(const debug::Debugger& debugger, const CellTrack& track) {
    const Recording& recording = debugger.recording();
    const RecognizedCell& cell = debugger.graph_roles().cells[track.cell];
    const auto computes = [&](RunId run) {
        return recording.run(run).info.graph == debugger.current_graph() &&
               std::ranges::any_of(cell.instances[track.instances[0]].parts, [&](const CellPart& part) {
                   return !recording.events_of(run, part.output.node).empty();
               });
    };
    if (const RunId current = debugger.current_run(); current.valid() && computes(current)) return current;
    RunId last;
    for (const record::RecordedRun& run : recording.runs())
        if (run.first_tick < debugger.position().ticks && computes(run.info.id)) last = run.info.id;
    return last;
}

} // namespace rnnscope::view

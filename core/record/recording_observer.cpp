#include "core/record/recording_impl.hpp"

#include <unistd.h>

namespace rnnscope::record {

bool is_fed_by_restore(const Graph& graph, const Node& assign) {
    if (assign.inputs.size() < 2) return false;
    Output value = assign.inputs[1];
    // Resources are restored through an Identity, Saver(reshape=True) goes through a Reshape.
    const auto passes_on = [&] {
        const Node& node = graph.node(value.node);
        return (node.op == "Identity" || node.op == "Reshape") && !node.inputs.empty();
    };
    while (passes_on()) value = graph.node(value.node).inputs[0];
    const std::string& op = graph.node(value.node).op;
    return op == "RestoreV2" || op == "Restore" || op == "RestoreSlice";
}

void Recording::on_step(const program::Step& step) {
    impl_->sample_graphs();
    assert(step.id.index() == impl_->steps_.size());
    RecordedStep& recorded = impl_->steps_.emplace_back();
    recorded.step = step;
    recorded.graph = impl_->source_.current();
    recorded.first_tick = recorded.last_tick = impl_->ticks_;
    recorded.nodes_before = recorded.nodes_after = nodes_at(recorded.graph, end());
    impl_->push_ticks(step.id);
}

void Recording::on_step_done(StepId id) {
    impl_->sample_graphs();
    RecordedStep& step = impl_->steps_[id.index()];
    step.nodes_after = nodes_at(step.graph, end());
}

void Recording::on_session([[maybe_unused]] SessionId id, GraphId graph) {
    impl_->sample_graphs();
    assert(id.index() == impl_->sessions_.size());
    SessionData& session = impl_->sessions_.emplace_back();
    session.graph = graph;
    impl_->declare(session);
}

void Recording::on_restored(SessionId id, std::span<const ops::NamedTensor> values) {
    SessionData& session = impl_->sessions_[id.index()];
    for (const auto& [variable, value] : values) {
        HistoryEntry entry;
        entry.kind = HistoryEntry::Kind::write;
        entry.tick = impl_->ticks_ == 0 ? 0 : impl_->ticks_ - 1;
        entry.state = InitState::restored;
        entry.value = value;
        impl_->count_bytes(value);
        session.histories[variable].push_back(std::move(entry));
    }
}

void Recording::on_run(const program::RunInfo& info) {
    impl_->sample_graphs();
    assert(info.id.index() == impl_->runs_.size());
    RecordedRun& run = impl_->runs_.emplace_back();
    run.info = info;
    run.first_tick = run.last_tick = impl_->ticks_;
    impl_->events_.emplace_back();
    RecordedStep& step = impl_->steps_[info.step.index()];
    step.run = info.id;
    step.nodes_after = nodes_at(step.graph, end());
    impl_->push_ticks(info.step);
}

void Recording::on_run_done(RunId id, const program::RunOutcome& outcome) {
    RecordedRun& run = impl_->runs_[id.index()];
    run.outcome = outcome;
    run.done = true;
    run.last_tick = impl_->ticks_;
    for (const Tensor& result : outcome.results) impl_->count_bytes(result);
    impl_->push_ticks(run.info.step);
    if (!outcome.error || impl_->errors_.empty()) return;
    RecordedError& newest = impl_->errors_.back();
    if (newest.error.run == id && !newest.passed) newest.last = end();
}

void Recording::on_error(const program::ProgramError& error, bool caught) {
    impl_->sample_graphs();
    RecordedError recorded{error, caught, false, impl_->error_begin(error), end()};
    impl_->errors_.push_back(std::move(recorded));
    if (!error.step.valid() || error.step.index() >= impl_->steps_.size()) return;
    RecordedStep& step = impl_->steps_[error.step.index()];
    step.error = error;
    step.error_caught = caught;
    step.nodes_after = nodes_at(step.graph, end());
}

void Recording::on_frame(const runtime::FrameInfo& frame) {
    impl_->runs_.back().frames.push_back(frame);
}

void Recording::on_passed_over(const program::ProgramError& error) {
    impl_->errors_.push_back({error, false, true, end(), end()});
}

void Recording::on_event(const runtime::Event& event) {
    impl_->add_event(event);
}

void Recording::on_block(std::shared_ptr<const runtime::EventBlock> block) {
    if (keep().what == runtime::Keep::What::states) impl_->keeps_states_ = true;
    impl_->add_block(std::move(block));
}

std::size_t Recording::Impl::quarter_of_memory() {
    const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    constexpr std::size_t otherwise = std::size_t{1} << 30U;
    if (pages <= 0 || page_bytes <= 0) return otherwise;
    return static_cast<std::size_t>(pages) / 4 * static_cast<std::size_t>(page_bytes);
}

/// The first half of the budget is for everything; then each further eighth makes the intervals four times as long, so
/// that the other half lasts for any run that ends.
runtime::Keep Recording::keep() const {
    using What = runtime::Keep::What;
    const std::size_t half = impl_->budget_ / 2, part = std::max<std::size_t>(impl_->budget_ / 8, 1);
    if (impl_->bytes_ < half) return {What::all, 1};
    constexpr std::uint32_t first = 2, growth_bits = 2, most_bits = 12;
    const auto parts = static_cast<std::uint32_t>(std::min<std::size_t>((impl_->bytes_ - half) / part, most_bits));
    return {What::states, first << std::min(parts * growth_bits, most_bits)};
}

} // namespace rnnscope::record

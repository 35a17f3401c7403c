#include "core/debug/poison_coding.hpp"

#include "core/record/byte_coding.hpp"

#include <utility>

namespace rnnscope::debug {

namespace {

using record::ByteReader;
using record::ByteWriter;
using Extent = PoisonMask::Extent;

void put_mask(ByteWriter& out, const PoisonMask& mask) {
    out.byte(static_cast<std::uint8_t>(mask.extent()));
    if (mask.extent() != Extent::some) return;
    const auto size = static_cast<std::uint64_t>(mask.size());
    out.number(size);
    std::uint8_t eight = 0;
    for (std::uint64_t i = 0; i < size; ++i) {
        eight = static_cast<std::uint8_t>(eight | (mask.at(static_cast<std::int64_t>(i)) ? 1U << (i % 8) : 0U));
        if (i % 8 == 7 || i + 1 == size) out.byte(std::exchange(eight, std::uint8_t{0}));
    }
}

PoisonMask get_mask(ByteReader& in) {
    const auto extent = static_cast<Extent>(in.number_up_to(static_cast<std::uint64_t>(Extent::shape)));
    if (extent == Extent::none) return {};
    if (extent == Extent::all) return PoisonMask::all();
    if (extent == Extent::shape) return PoisonMask::shape();
    const std::uint64_t size = in.number_up_to(std::uint64_t{in.left()} * 8);
    std::vector<bool> elements;
    for (std::uint64_t i = 0; i < size; i += 8) {
        const unsigned eight = in.byte();
        for (std::uint64_t k = i; k < std::min(size, i + 8); ++k) elements.push_back((eight >> (k - i) & 1U) != 0);
    }
    PoisonMask mask = PoisonMask::of(std::move(elements));
    in.require(mask.extent() == Extent::some); // others are written shorter
    return mask;
}

void put_mark(ByteWriter& out, const Poison::Mark& mark) {
    out.number(mark.event);
    out.id(mark.node);
    out.number(mark.frame);
    out.integer(mark.iteration);
    out.flag(mark.decides);
    out.flag(mark.writes);
    out.flag(mark.fails);
    out.number(mark.outputs.size());
    for (const PoisonMask& mask : mark.outputs) put_mask(out, mask);
}

void put_read(ByteWriter& out, const Poison::Read& read) {
    out.text(read.variable);
    out.number(read.after.ticks);
    out.id(read.session);
    out.id(read.statement);
    out.id(read.run);
    out.number(read.event);
    out.id(read.node);
    out.integer(read.iteration);
}

void put_change(ByteWriter& out, const Poison::VariableChange& change) {
    out.number(change.tick);
    put_mask(out, change.mask);
    out.flag(change.is_read);
    out.id(change.run);
    out.number(change.event);
    out.id(change.node);
}

/// Believes nothing that the recording does not bear out.
class PoisonReader {
  public:
    PoisonReader(std::string_view bytes, const Evaluation& evaluation)
        : in_(bytes), evaluation_(evaluation), recording_(evaluation.recording()) {}

    std::optional<PoisonState> read() {
        PoisonState state;
        state.is_complete = in_.flag();
        for (std::size_t left = in_.count(); left > 0 && in_.ok(); --left) state.reads.push_back(get_read(state.reads));
        const std::size_t runs = in_.count();
        if (!in_.require(runs <= recording_.runs().size())) return std::nullopt;
        state.marks.resize(runs);
        state.fetches.resize(runs);
        for (std::size_t i = 0; i < runs && in_.ok(); ++i) get_run(RunId(i), state);
        for (std::size_t left = in_.count(); left > 0 && in_.ok(); --left) get_variable(state);
        return in_.ok() && in_.at_end() ? std::optional(std::move(state)) : std::nullopt;
    }

  private:
    const Graph& graph_of(RunId run) const { return evaluation_.evaluator().graph(recording_.run(run).info.graph); }

    /// An event of a run, and the op that it is about.
    template <class Event> void get_event(Event& event) {
        event.run = in_.id<RunId>(recording_.runs().size());
        event.event = in_.number32();
        if (!in_.ok() || !in_.require(event.event < recording_.event_count(event.run))) return;
        event.node = in_.id_or_none<NodeId>(graph_of(event.run).size());
        in_.require(!event.node.valid() || event.node == recording_.visit(event.run, event.event).node);
    }

    Poison::Read get_read(const std::vector<Poison::Read>& before) {
        Poison::Read read;
        read.variable = in_.text();
        read.after = {in_.number_up_to(recording_.end().ticks)};
        read.session = in_.id<SessionId>(recording_.sessions());
        read.statement = in_.id<StatementId>(evaluation_.document().program().statements.size());
        get_event(read);
        read.iteration = in_.integer();
        in_.require(before.empty() || before.back().after <= read.after);
        return read;
    }

    void get_run(RunId run, PoisonState& state) {
        const Graph& graph = graph_of(run);
        std::vector<Poison::Mark>& marks = state.marks[run.index()];
        for (std::size_t left = in_.count(); left > 0 && in_.ok(); --left) {
            Poison::Mark mark;
            mark.event = in_.number32();
            mark.node = in_.id_or_none<NodeId>(graph.size());
            mark.frame = in_.number32();
            mark.iteration = in_.integer();
            mark.decides = in_.flag();
            mark.writes = in_.flag();
            mark.fails = in_.flag();
            for (std::size_t outputs = in_.count(); outputs > 0 && in_.ok(); --outputs)
                mark.outputs.push_back(get_mask(in_));
            const bool is_next = marks.empty() || marks.back().event < mark.event;
            if (!in_.require(is_next && mark.event < recording_.event_count(run))) return;
            const record::RecordedVisit visit = recording_.visit(run, mark.event);
            in_.require(mark.node == visit.node && mark.frame == visit.frame && mark.iteration == visit.iteration);
            marks.push_back(std::move(mark));
        }
        for (std::size_t left = in_.count(); left > 0 && in_.ok(); --left) {
            Output output;
            output.node = in_.id<NodeId>(graph.size());
            output.index = static_cast<int>(in_.number_up_to(std::numeric_limits<int>::max()));
            state.fetches[run.index()][output] = get_mask(in_);
        }
    }

    void get_variable(PoisonState& state) {
        const SessionId session = in_.id<SessionId>(recording_.sessions());
        std::string storage(in_.text());
        std::vector<Poison::VariableChange>& changes = state.variables[{session.value, std::move(storage)}];
        const std::size_t count = in_.count();
        in_.require(changes.empty() && count > 0); // each is there once, and was poisoned
        for (std::size_t left = count; left > 0 && in_.ok(); --left) {
            Poison::VariableChange change;
            change.tick = in_.number();
            change.mask = get_mask(in_);
            change.is_read = in_.flag();
            get_event(change);
            const bool is_next = changes.empty() || changes.back().tick <= change.tick;
            in_.require(is_next && change.tick < recording_.end().ticks);
            changes.push_back(std::move(change));
        }
    }

    ByteReader in_;
    const Evaluation& evaluation_;
    const record::Recording& recording_;
};

} // namespace

std::string encoded_poison(const PoisonState& state) {
    ByteWriter out;
    out.flag(state.is_complete);
    out.number(state.reads.size());
    for (const Poison::Read& read : state.reads) put_read(out, read);
    out.number(state.marks.size());
    for (std::size_t run = 0; run < state.marks.size(); ++run) {
        out.number(state.marks[run].size());
        for (const Poison::Mark& mark : state.marks[run]) put_mark(out, mark);
        out.number(state.fetches[run].size());
        for (const auto& [output, mask] : state.fetches[run]) {
            out.id(output.node);
            out.number(static_cast<std::uint64_t>(output.index));
            put_mask(out, mask);
        }
    }
    out.number(state.variables.size());
    for (const auto& [key, changes] : state.variables) {
        out.id(SessionId(key.first));
        out.text(key.second);
        out.number(changes.size());
        for (const Poison::VariableChange& change : changes) put_change(out, change);
    }
    return std::move(out.bytes());
}

std::optional<PoisonState> decoded_poison(std::string_view bytes, const Evaluation& evaluation) {
    return PoisonReader(bytes, evaluation).read();
}

} // namespace rnnscope::debug

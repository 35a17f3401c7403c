#include "core/record/run_events.hpp"

#include <algorithm>
#include <cassert>
#include <map>

namespace rnnscope::record {

const EventPiece& RunEvents::piece_of(std::uint32_t event) const {
    assert(event < size_);
    if (event >= pieces_.back().first) return pieces_.back();
    return *std::prev(std::ranges::upper_bound(pieces_, event, {}, &EventPiece::first));
}

const SingleEvent* RunEvents::single(std::uint32_t event) const {
    const EventPiece& piece = piece_of(event);
    return piece.block != nullptr ? nullptr : &single_of(piece, event);
}

const SingleEvent& RunEvents::single_of(const EventPiece& piece, std::uint32_t event) const {
    return singles_[first_single_[static_cast<std::size_t>(&piece - pieces_.data())] + event - piece.first];
}

RecordedVisit RunEvents::visit(std::uint32_t event) const {
    const EventPiece& piece = piece_of(event);
    if (piece.block == nullptr) return single_of(piece, event);
    const runtime::EventBlock& block = *piece.block;
    const runtime::BlockVisit& visited = block.visits()[piece.offset(event)];
    RecordedVisit visit;
    visit.node = visited.node;
    visit.frame = block.frame();
    visit.iteration = block.iteration(event - piece.first);
    visit.dead = visited.dead;
    visit.may_access_variables = visited.may_access_variables;
    return visit;
}

EventNumbers RunEvents::of(NodeId node) const {
    const auto& by_node = index().by_node;
    const auto it = by_node.find(node);
    return it == by_node.end() ? EventNumbers() : EventNumbers(it->second);
}

EventNumbers RunEvents::time_steps() const {
    return EventNumbers(index().time_steps);
}

void RunEvents::add(SingleEvent event) {
    const auto number = static_cast<std::uint32_t>(size_++);
    if (pieces_.empty() || pieces_.back().block != nullptr) {
        pieces_.push_back({number, 0, 1, nullptr});
        first_single_.push_back(singles_.size());
    }
    ++pieces_.back().count;
    event.may_access_variables = !event.accesses.empty();
    singles_.push_back(std::move(event));
}

void RunEvents::add(std::shared_ptr<const runtime::EventBlock> block) {
    const auto first = static_cast<std::uint32_t>(size_);
    const auto visits = static_cast<std::uint32_t>(block->visits().size());
    pieces_.push_back({first, static_cast<std::uint32_t>(block->events()), visits, block.get()});
    first_single_.push_back(singles_.size());
    size_ += block->events();
    blocks_.push_back(std::move(block));
}

std::size_t RunEvents::thin(std::uint32_t interval, runtime::RowPool& pool) {
    std::size_t freed = 0, at = 0;
    for (EventPiece& piece : pieces_) {
        if (piece.block == nullptr) continue;
        std::shared_ptr<const runtime::EventBlock>& block = blocks_[at++];
        auto thinner = block->thinned(interval, pool);
        if (!thinner || thinner->bytes() >= block->bytes()) continue;
        freed += block->bytes() - thinner->bytes();
        block = std::move(thinner);
        piece.block = block.get();
    }
    return freed;
}

const RunEvents::Index& RunEvents::index() const {
    while (index_.events < size_) {
        while (index_.events >= pieces_[index_.last_piece].end()) ++index_.last_piece;
        const EventPiece& piece = pieces_[index_.last_piece];
        if (piece.block != nullptr) {
            index_.add(piece);
            index_.events = piece.end();
        } else {
            const std::size_t shift = first_single_[index_.last_piece] - piece.first;
            for (; index_.events < piece.end(); ++index_.events)
                index_.add(singles_[index_.events + shift], static_cast<std::uint32_t>(index_.events));
        }
    }
    return index_;
}

/// An iteration is begun from the one before, so that those of a frame begin in order: the newest tells all.
bool RunEvents::Index::begins_iteration(std::uint32_t frame, std::int64_t iteration) {
    if (frame == 0) return false;
    const auto [known, is_first] = newest.emplace(frame, iteration);
    if (is_first) return true;
    if (iteration <= known->second) return false;
    known->second = iteration;
    return true;
}

void RunEvents::Index::add(const RecordedVisit& visit, std::uint32_t number) {
    if (visit.node.valid()) by_node[visit.node].add(number);
    const bool begins = begins_iteration(visit.frame, visit.iteration);
    if (number == 0 || begins) time_steps.add(number);
}

void RunEvents::Index::add(const EventPiece& rounds) {
    const runtime::EventBlock& block = *rounds.block;
    std::map<NodeId, std::vector<std::uint32_t>> offsets;
    for (std::uint32_t i = 0; i < rounds.visits; ++i) offsets[block.visits()[i].node].push_back(i);
    for (auto& [node, at] : offsets)
        by_node[node].add_rounds(rounds.first, rounds.visits, std::move(at),
                                 static_cast<std::uint32_t>(block.rounds()));
    add_time_steps(block, rounds.first);
}

/// In the first round as for single events. In each later one the newest iteration is that of the round before until
/// the first visit with the largest relative iteration, so that one begins there.
void RunEvents::Index::add_time_steps(const runtime::EventBlock& block, std::uint32_t first) {
    const auto visits = block.visits();
    const auto period = static_cast<std::uint32_t>(visits.size());
    for (std::uint32_t i = 0; i < period; ++i) {
        const bool begins = begins_iteration(block.frame(), block.iteration(i));
        if (first + i == 0 || begins) time_steps.add(first + i);
    }
    if (block.frame() == 0 || block.rounds() < 2) return;
    const auto begins = std::ranges::max_element(visits, {}, &runtime::BlockVisit::iteration);
    const auto offset = static_cast<std::uint32_t>(begins - visits.begin());
    assert(newest[block.frame()] == block.iteration(offset));
    const auto later = static_cast<std::uint32_t>(block.rounds() - 1);
    time_steps.add_rounds(first + period, period, {offset}, later);
    newest[block.frame()] = block.iteration(block.events() - period + offset);
}

} // namespace rnnscope::record

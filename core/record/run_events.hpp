#pragma once

#include "core/record/recording.hpp"

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

namespace rnnscope::record {

/// An event that was heard singly, as it is kept.
struct SingleEvent : RecordedVisit {
    std::span<const RecordedValue> inputs, outputs;
    std::span<const RecordedAccess> accesses;
};

/// The events of one run: single ones, and blocks by reference. Nothing is held for each event of a block.
class RunEvents {
  public:
    std::size_t size() const { return size_; }
    std::span<const EventPiece> pieces() const { return pieces_; }
    const EventPiece& piece_of(std::uint32_t event) const;
    RecordedVisit visit(std::uint32_t event) const;
    /// Null for events of blocks.
    const SingleEvent* single(std::uint32_t event) const;
    EventNumbers of(NodeId node) const;
    EventNumbers time_steps() const { return EventNumbers(time_steps_); }

    void add(SingleEvent event);
    void add(std::shared_ptr<const runtime::EventBlock> block);

  private:
    bool begins_iteration(std::uint32_t frame, std::int64_t iteration);
    void add_time_steps(const runtime::EventBlock& block, std::uint32_t first);

    std::size_t size_ = 0;
    std::vector<EventPiece> pieces_;
    std::vector<std::size_t> first_single_; ///< by piece: in singles_
    std::vector<std::shared_ptr<const runtime::EventBlock>> blocks_;
    std::deque<SingleEvent> singles_;
    std::unordered_map<NodeId, EventNumberList> by_node_;
    EventNumberList time_steps_;
    std::unordered_map<std::uint32_t, std::int64_t> newest_; ///< iteration, by frame
};

} // namespace rnnscope::record

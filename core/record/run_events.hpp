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

/// The events of one run: single ones, and blocks by reference. Nothing is held for each event of a block. Which events
/// a node has is found out when it is asked, so that recording does not wait for it: asking is for one thread.
class RunEvents {
  public:
    std::size_t size() const { return size_; }
    std::span<const EventPiece> pieces() const { return pieces_; }
    const EventPiece& piece_of(std::uint32_t event) const;
    RecordedVisit visit(std::uint32_t event) const;
    /// Null for events of blocks.
    const SingleEvent* single(std::uint32_t event) const;
    EventNumbers of(NodeId node) const;
    EventNumbers time_steps() const;

    /// Replaces blocks by thinner ones (EventBlock::thinned); the bytes that are free now.
    std::size_t thin(std::uint32_t interval, runtime::RowPool& pool);
    void add(SingleEvent event);
    void add(std::shared_ptr<const runtime::EventBlock> block);

  private:
    /// What can be looked up, as far as it is known.
    struct Index {
        std::size_t events = 0, last_piece = 0; ///< so many events are in, up to somewhere in the piece
        std::unordered_map<NodeId, EventNumberList> by_node;
        EventNumberList time_steps;
        std::unordered_map<std::uint32_t, std::int64_t> newest; ///< iteration, by frame

        void add(const RecordedVisit& visit, std::uint32_t number);
        void add(const EventPiece& rounds);

      private:
        bool begins_iteration(std::uint32_t frame, std::int64_t iteration);
        void add_time_steps(const runtime::EventBlock& block, std::uint32_t first);
    };
    const Index& index() const; ///< up to the last event
    const SingleEvent& single_of(const EventPiece& piece, std::uint32_t event) const;

    std::size_t size_ = 0;
    std::vector<EventPiece> pieces_;
    std::vector<std::size_t> first_single_; ///< by piece: in singles_
    std::vector<std::shared_ptr<const runtime::EventBlock>> blocks_;
    std::deque<SingleEvent> singles_;
    mutable Index index_;
};

} // namespace rnnscope::record

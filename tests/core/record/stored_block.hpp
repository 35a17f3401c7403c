#pragma once

#include "core/runtime/event_block.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace rnnscope::tests {

/// A block whose values are simply there. Reading an event makes its variables hold what they held after it, as if it
/// happened now: so those who expand the block see them as those did who heard every event.
class StoredBlock : public runtime::EventBlock {
  public:
    /// `events`: whole rounds of `visits`.
    StoredBlock(std::vector<runtime::BlockVisit> visits, std::uint32_t frame, std::int64_t first_iteration,
                std::vector<runtime::BlockEvent> events)
        : EventBlock(std::move(visits), frame, first_iteration), events_(std::move(events)) {
        rounds_ = events_.size() / this->visits().size();
        for (const runtime::BlockEvent& event : events_)
            for (const ops::VariableAccess& access : event.accesses)
                before_.emplace(access.storage, access.storage->value);
    }

    void read(std::uint64_t event, runtime::BlockEvent& out) const override {
        ++reads_;
        out = events_[event];
        for (const auto& [storage, value] : before_) storage->value = value;
        for (std::uint64_t i = 0; i <= event && !before_.empty(); ++i)
            for (const ops::VariableAccess& access : events_[i].accesses)
                if (access.kind == ops::VariableAccess::Kind::write) access.storage->value = access.value;
    }
    Tensor output(std::uint64_t event, std::size_t index) const override {
        const auto& outputs = events_[event].outputs;
        if (index >= outputs.size()) return {};
        const auto* tensor = std::get_if<Tensor>(&outputs[index]);
        return tensor != nullptr ? *tensor : Tensor();
    }
    std::size_t bytes() const override { return 1000; }
    std::size_t reads() const { return reads_; } ///< how often someone asked for all values of an event

  private:
    std::vector<runtime::BlockEvent> events_;
    std::map<ops::VariableStorage*, std::optional<Tensor>> before_; ///< what the variables held
    mutable std::size_t reads_ = 0;
};

} // namespace rnnscope::tests

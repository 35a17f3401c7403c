#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rnnscope::tf1 {

/// A device name of TensorFlow, possibly partial: "/job:worker/task:1/device:GPU:0", "/cpu:0", "gpu:1".
struct DeviceSpec {
    std::optional<std::string> job;
    std::optional<std::string> replica, task;
    std::optional<std::string> type, index;

    std::string to_string() const; ///< canonical: "/job:worker/task:1/device:GPU:0"
    /// What `outer` says where this one says nothing (device.merge_device).
    DeviceSpec merged_over(const DeviceSpec& outer) const;
};

/// nullopt when malformed.
std::optional<DeviceSpec> parse_device(std::string_view text);

} // namespace rnnscope::tf1

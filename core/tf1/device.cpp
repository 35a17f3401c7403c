#include "core/tf1/device.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace rnnscope::tf1 {

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text)
        if (c == separator)
            parts.emplace_back();
        else
            parts.back() += c;
    return parts;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

} // namespace

std::string DeviceSpec::to_string() const {
    std::string text;
    if (job) text += "/job:" + *job;
    if (replica) text += "/replica:" + *replica;
    if (task) text += "/task:" + *task;
    if (type) text += "/device:" + *type + ":" + index.value_or("*");
    return text;
}

DeviceSpec DeviceSpec::merged_over(const DeviceSpec& outer) const {
    DeviceSpec merged = outer;
    if (job) merged.job = job;
    if (replica) merged.replica = replica;
    if (task) merged.task = task;
    if (type) merged.type = type;
    if (index) merged.index = index;
    return merged;
}

std::optional<DeviceSpec> parse_device(std::string_view text) {
    DeviceSpec spec;
    for (const std::string& part : split(text, '/')) {
        if (part.empty()) continue;
        const std::vector<std::string> fields = split(part, ':');
        const auto value = [&](std::size_t i) -> std::optional<std::string> {
            return fields[i] == "*" ? std::nullopt : std::optional(fields[i]);
        };
        const std::string kind = upper(fields[0]);
        if (fields[0] == "job" && fields.size() == 2) {
            spec.job = fields[1];
        } else if (fields[0] == "replica" && fields.size() == 2) {
            spec.replica = value(1);
        } else if (fields[0] == "task" && fields.size() == 2) {
            spec.task = value(1);
        } else if (fields[0] == "device" && fields.size() == 3) {
            spec.type = upper(fields[1]);
            spec.index = value(2);
        } else if ((kind == "CPU" || kind == "GPU") && fields.size() <= 2) {
            spec.type = kind;
            if (fields.size() == 2) spec.index = value(1);
        } else {
            return std::nullopt;
        }
    }
    return spec;
}

} // namespace rnnscope::tf1

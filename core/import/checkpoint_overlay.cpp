#include "core/import/checkpoint_overlay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace rnnscope {
namespace {

namespace fs = std::filesystem;

/// What one checkpoint offers, whether in memory or on disk.
class Source {
  public:
    explicit Source(const std::vector<ops::NamedTensor>& tensors) {
        for (const ops::NamedTensor& tensor : tensors) saved_.emplace(tensor.name, &tensor.value);
    }
    explicit Source(Checkpoint checkpoint) : file_(std::move(checkpoint)) {}

    /// invalid: not there
    DType dtype(const std::string& name) const {
        if (file_) {
            const CheckpointEntry* entry = file_->find(name);
            return entry == nullptr ? DType::invalid : entry->dtype;
        }
        const auto it = saved_.find(name);
        return it == saved_.end() ? DType::invalid : it->second->dtype();
    }
    Result<Tensor> read(const std::string& name) const { return file_ ? file_->read(name) : *saved_.at(name); }

  private:
    std::optional<Checkpoint> file_;
    std::map<std::string, const Tensor*> saved_;
};

Error not_found(const std::string& prefix) {
    return {
        "NotFoundError",
        fmt::format("Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {}", prefix)};
}

} // namespace

std::string CheckpointOverlay::place(const std::string& path) const {
    std::string place = (fs::path(folder_) / path).lexically_normal().string();
    while (place.size() > 1 && place.back() == '/') place.pop_back(); // "dir/" is "dir"
    return place;
}

Status CheckpointOverlay::save(const std::string& prefix, std::vector<ops::NamedTensor> tensors) {
    const std::string at = place(prefix);
    removed_.erase(at);
    saved_.insert_or_assign(at, std::move(tensors));
    return {};
}

bool CheckpointOverlay::exists(const std::string& prefix) const {
    const std::string at = place(prefix);
    if (saved_.contains(at)) return true;
    return !removed_.contains(at) && (is_file(at + ".index") || is_file(at));
}

Result<std::vector<Tensor>> CheckpointOverlay::restore(const std::string& prefix, std::span<const std::string> names,
                                                       std::span<const DType> dtypes) {
    if (!exists(prefix)) return not_found(prefix);
    const auto saved = saved_.find(place(prefix));
    std::optional<Source> source;
    if (saved != saved_.end()) {
        source.emplace(saved->second);
    } else {
        auto opened = Checkpoint::open(place(prefix));
        if (!opened) return opened.error();
        source.emplace(*std::move(opened));
    }
    // TensorFlow goes by name (save_restore_tensor.cc, RestoreTensorsV2): that decides which error is the first.
    std::vector<std::size_t> order(names.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) -> const std::string& { return names[i]; });
    std::string mismatches;
    for (const std::size_t i : order) {
        const DType stored = source->dtype(names[i]);
        if (stored == DType::invalid)
            return Error{"NotFoundError", fmt::format("Key {} not found in checkpoint", names[i])};
        if (stored != dtypes[i])
            mismatches += fmt::format("{}tensor_name = {}; expected dtype {} does not equal original dtype {}",
                                      mismatches.empty() ? "" : "\n", names[i], dtype_cpp_name(dtypes[i]),
                                      dtype_cpp_name(stored));
    }
    if (!mismatches.empty()) return Error{"InvalidArgumentError", mismatches};
    std::vector<Tensor> tensors(names.size());
    for (const std::size_t i : order) {
        auto value = source->read(names[i]);
        if (!value) return value.error();
        tensors[i] = *std::move(value);
    }
    return tensors;
}

Result<std::vector<ops::NamedTensor>> CheckpointOverlay::all(const std::string& prefix) const {
    if (const auto saved = saved_.find(place(prefix)); saved != saved_.end()) return saved->second;
    if (!exists(prefix)) return not_found(prefix);
    const auto checkpoint = Checkpoint::open(place(prefix));
    if (!checkpoint) return checkpoint.error();
    std::vector<ops::NamedTensor> tensors;
    for (const CheckpointEntry& entry : checkpoint->entries()) {
        auto value = checkpoint->read(entry);
        if (!value) return value.error();
        tensors.push_back({entry.name, *std::move(value)});
    }
    return tensors;
}

Status CheckpointOverlay::merge(std::span<const std::string> prefixes, const std::string& destination,
                                bool delete_old) {
    std::map<std::string, Tensor> merged;
    for (const std::string& prefix : prefixes) {
        auto tensors = all(prefix);
        if (!tensors) return tensors.error();
        for (ops::NamedTensor& tensor : *tensors)
            if (!merged.emplace(tensor.name, std::move(tensor.value)).second)
                return Error{"InvalidArgumentError",
                             fmt::format("Duplicate tensor keyed by {} encountered, when merging prefix: {}",
                                         tensor.name, prefix)};
    }
    if (delete_old)
        for (const std::string& prefix : prefixes) remove(prefix);
    std::vector<ops::NamedTensor> tensors;
    for (auto& [name, value] : merged) tensors.push_back({name, std::move(value)});
    return save(destination, std::move(tensors));
}

void CheckpointOverlay::remove(const std::string& prefix) {
    saved_.erase(place(prefix));
    removed_.insert(place(prefix));
}

bool CheckpointOverlay::is_folder(const std::string& path) const {
    if (path.empty()) return false; // as stat("") says
    const std::string at = place(path);
    std::error_code failure;
    return fs::is_directory(at.empty() ? "." : at, failure) ||
           std::ranges::any_of(saved_, [&](const auto& saved) { return saved.first.starts_with(at + "/"); });
}

void CheckpointOverlay::set_state(const std::string& folder, CheckpointState state) {
    const fs::path base = fs::path(folder).lexically_normal();
    const auto make_relative = [&](std::string& path) {
        const fs::path normal = fs::path(path).lexically_normal();
        if (normal.is_relative()) path = normal.lexically_relative(base).string();
    };
    make_relative(state.latest);
    for (std::string& path : state.all) make_relative(path);
    states_.insert_or_assign(place(folder), std::move(state));
}

std::optional<CheckpointState> CheckpointOverlay::state(const std::string& folder) const {
    if (const auto it = states_.find(place(folder)); it != states_.end()) {
        CheckpointState state = it->second;
        state.latest = (fs::path(folder) / state.latest).string();
        for (std::string& path : state.all) path = (fs::path(folder) / path).string();
        return state;
    }
    auto state = read_checkpoint_state(place(folder), folder);
    return state ? std::optional(*std::move(state)) : std::nullopt;
}

std::optional<std::string> CheckpointOverlay::latest(const std::string& folder) const {
    const auto known = state(folder);
    if (!known || known->latest.empty() || !exists(known->latest)) return std::nullopt;
    return known->latest;
}

Status CheckpointOverlay::write_to_disk() const {
    for (const auto& [prefix, tensors] : saved_)
        if (Status status = write_checkpoint(prefix, tensors); !status) return status;
    return {};
}

} // namespace rnnscope

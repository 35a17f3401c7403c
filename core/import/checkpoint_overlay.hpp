#pragma once

#include "core/import/checkpoint.hpp"
#include "core/ops/checkpoint_store.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rnnscope {

/// Checkpoints as one evaluation sees them: what it saved is in memory and comes first, everything else is on disk and
/// is never changed. So a program can be evaluated again and again, and gives the same every time.
class CheckpointOverlay final : public ops::CheckpointStore {
  public:
    /// Relative prefixes are relative to `folder`; empty: the current folder.
    explicit CheckpointOverlay(std::string folder) : folder_(std::move(folder)) {}

    Status save(const std::string& prefix, std::vector<ops::NamedTensor> tensors) override;
    Result<std::vector<Tensor>> restore(const std::string& prefix, std::span<const std::string> names,
                                        std::span<const DType> dtypes) override;
    Status merge(std::span<const std::string> prefixes, const std::string& destination, bool delete_old) override;
    bool exists(const std::string& prefix) const override;
    bool is_folder(const std::string& path) const; ///< Python's gfile.IsDirectory
    /// Forgets what was saved there, and hides what is on disk.
    void remove(const std::string& prefix);

    /// What tf.train.Saver notes in the folder's file `checkpoint`, and what tf.train.latest_checkpoint finds there.
    /// Relative paths are kept relative to the folder, and come back behind the folder as it is called then.
    void set_state(const std::string& folder, CheckpointState state);
    std::optional<CheckpointState> state(const std::string& folder) const;
    std::optional<std::string> latest(const std::string& folder) const;

    /// By place: where each would be on disk. The tensors of each are in the order in which they were saved.
    const std::map<std::string, std::vector<ops::NamedTensor>>& saved() const { return saved_; }
    /// Writes all that was saved to its place, in the order of the places. Stops at the first that cannot be written.
    Status write_to_disk() const;

    /// Where a prefix or folder of the program is.
    std::string place(const std::string& path) const;

  private:
    /// All tensors of one checkpoint, from memory or from disk.
    Result<std::vector<ops::NamedTensor>> all(const std::string& prefix) const;

    std::string folder_;
    std::map<std::string, std::vector<ops::NamedTensor>> saved_;
    std::map<std::string, CheckpointState> states_;
    std::set<std::string> removed_; ///< hides what is on disk
};

} // namespace rnnscope

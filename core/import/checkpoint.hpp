#pragma once

#include "core/base/result.hpp"
#include "core/ops/checkpoint_store.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope {

/// A part of a tensor: along each dimension from where on, and how much; -1: all of it.
struct CheckpointSlice {
    std::vector<std::int64_t> start, length;
};

struct CheckpointEntry {
    std::string name;
    DType dtype = DType::invalid;
    Shape shape;                ///< fully defined
    int shard = 0;              ///< which data file
    std::uint64_t offset = 0;   ///< of the value in that file
    std::uint64_t size = 0;     ///< bytes of the value there
    std::uint32_t checksum = 0; ///< CRC-32C of the value, not masked
    /// Of a partitioned variable: the pieces that it is stored in. It has no value of its own then.
    std::vector<CheckpointSlice> slices = {};
};

/// A checkpoint of format V2 (TensorFlow 1.15, core/util/tensor_bundle): `PREFIX.index` lists the tensors,
/// `PREFIX.data-00000-of-00001` and so on hold the values. Opening reads the index alone, so that a checkpoint without
/// its data can be listed. A partitioned variable is listed once, and read as if it were stored in one piece. Nothing
/// in the files is believed unchecked; in memory are the names, and one value at a time.
///
/// Errors have the Python class and, where there is one, the text of TensorFlow, and name the file and the byte:
///   NotFoundError    "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for PREFIX"
///                    "Key rnn/bias not found in checkpoint"
///   DataLossError    "not an sstable (bad magic number) (m.index, byte 131)"
///                    "Checksum does not match: stored 2923... vs. calculated on the restored bytes 133...
///                    (m.data-...)"
///   UnimplementedError: V1 checkpoints, big endian ones, strings in slices, resources and variants
class Checkpoint {
  public:
    static Result<Checkpoint> open(std::string prefix);

    const std::string& prefix() const { return prefix_; }
    std::string index_file() const { return prefix_ + ".index"; }
    std::string data_file(int shard) const;
    int shards() const { return shards_; }
    /// In the order of their names, bytewise.
    std::span<const CheckpointEntry> entries() const { return entries_; }
    const CheckpointEntry* find(std::string_view name) const; ///< null: not there
    Result<Tensor> read(std::string_view name) const;
    Result<Tensor> read(const CheckpointEntry& entry) const;

  private:
    std::string prefix_;
    int shards_ = 0;
    std::vector<CheckpointEntry> entries_;
    std::vector<CheckpointEntry> pieces_; ///< of partitioned variables, by name; of one in the order of their keys
};

/// Writes `PREFIX.data-00000-of-00001` and `PREFIX.index`, byte for byte as TensorFlow 1.15's BundleWriter does. Both
/// are written beside their place and then renamed, so that no half of a file can be found there. Makes the folder.
Status write_checkpoint(const std::string& prefix, std::span<const ops::NamedTensor> tensors);

/// The file `checkpoint` that tf.train.Saver leaves in a folder.
struct CheckpointState {
    std::string latest;           ///< model_checkpoint_path
    std::vector<std::string> all; ///< oldest first
};
/// Relative paths in it are relative to the folder, which the results call `shown`. Errors: NotFoundError without the
/// file, DataLossError when it is no CheckpointState.
Result<CheckpointState> read_checkpoint_state(const std::string& folder, const std::string& shown);
inline Result<CheckpointState> read_checkpoint_state(const std::string& folder) {
    return read_checkpoint_state(folder, folder);
}
/// Is there a file, and no folder, of that name?
bool is_file(const std::string& path);
/// tf.train.latest_checkpoint: the prefix that the folder's state names, if there are files for it.
Result<std::string> latest_checkpoint(const std::string& folder);

/// What a person may have meant by `path`: a prefix, a folder (its latest checkpoint), or one of a checkpoint's files.
Result<std::string> checkpoint_prefix(const std::string& path);

} // namespace rnnscope

#pragma once

#include "core/base/result.hpp"
#include "core/tensor/tensor.hpp"

#include <span>
#include <string>
#include <vector>

namespace rnnscope::ops {

struct NamedTensor {
    std::string name;
    Tensor value;
};

/// Where SaveV2 puts tensors and RestoreV2 finds them. The ops know prefixes, not files: whether a prefix is a file,
/// and whether writing it changes the disk, is the business of whoever gives the store to the session. All errors are
/// Python's class and TensorFlow's text.
class CheckpointStore {
  public:
    virtual ~CheckpointStore() = default;

    /// Replaces what is there. Names are unique.
    virtual Status save(const std::string& prefix, std::vector<NamedTensor> tensors) = 0;
    /// One tensor for each name, of the wanted type. Refuses when any name is missing ("Key %s not found in
    /// checkpoint"), and names every one of another type.
    virtual Result<std::vector<Tensor>> restore(const std::string& prefix, std::span<const std::string> names,
                                                std::span<const DType> dtypes) = 0;
    /// Makes one checkpoint out of several, and removes those if `delete_old`.
    virtual Status merge(std::span<const std::string> prefixes, const std::string& destination, bool delete_old) = 0;
    virtual bool exists(const std::string& prefix) const = 0;
};

} // namespace rnnscope::ops

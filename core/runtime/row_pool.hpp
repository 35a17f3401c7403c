#pragma once

#include <cstddef>
#include <memory>

namespace rnnscope::runtime {

class RowPool;

/// Memory for the rows of one block: a piece of one of the pool's regions.
class RowMemory {
  public:
    std::byte* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }
    /// Gives back what lies behind the first `bytes`; only for the piece that was allocated last.
    void shrink(std::size_t bytes);

  private:
    friend class RowPool;
    std::shared_ptr<class RowRegion> region_; ///< lives as long as any piece of it
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
};

/// Hands out memory that was touched before, where there is some: the first touch of a page costs several times what it
/// costs to fill a warm one. Regions that nothing uses any more are kept for the next block. Thread safe in that pieces
/// may be destroyed on any thread.
class RowPool {
  public:
    RowPool();
    ~RowPool();
    RowPool(const RowPool&) = delete;
    RowPool& operator=(const RowPool&) = delete;

    RowMemory allocate(std::size_t bytes);

  private:
    struct Shelf;
    std::shared_ptr<Shelf> shelf_;
    std::shared_ptr<RowRegion> current_;
};

} // namespace rnnscope::runtime

#include "core/runtime/row_pool.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <mutex>
#include <new>
#include <vector>

namespace rnnscope::runtime {
namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t region_bytes = std::size_t{32} << 20U;
constexpr std::size_t kept_bytes = std::size_t{256} << 20U; ///< of regions that wait to be used again

std::size_t rounded(std::size_t bytes, std::size_t to) {
    return (bytes + to - 1) / to * to;
}

} // namespace

class RowRegion {
  public:
    explicit RowRegion(std::size_t bytes) : bytes_(bytes) {
        // Pages that nobody writes to take no memory, so that a region may be larger than what is needed.
        void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) throw std::bad_alloc();
        data_ = static_cast<std::byte*>(at);
        madvise(at, bytes, MADV_HUGEPAGE);
    }
    ~RowRegion() { munmap(data_, bytes_); }
    RowRegion(const RowRegion&) = delete;
    RowRegion& operator=(const RowRegion&) = delete;

    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
    std::size_t used_ = 0;
};

struct RowPool::Shelf {
    std::mutex mutex;
    std::vector<std::unique_ptr<RowRegion>> regions;
    std::size_t bytes = 0;

    std::unique_ptr<RowRegion> take(std::size_t wanted) {
        const std::lock_guard lock(mutex);
        const auto found = std::ranges::find_if(regions, [&](const auto& region) { return region->bytes_ >= wanted; });
        if (found == regions.end()) return nullptr;
        std::unique_ptr<RowRegion> region = std::move(*found);
        regions.erase(found);
        bytes -= region->bytes_;
        region->used_ = 0;
        return region;
    }
    void put(std::unique_ptr<RowRegion> region) {
        const std::lock_guard lock(mutex);
        if (bytes + region->bytes_ > kept_bytes) return;
        bytes += region->bytes_;
        regions.push_back(std::move(region));
    }
};

void RowMemory::shrink(std::size_t bytes) {
    assert(bytes <= bytes_);
    const std::size_t end = static_cast<std::size_t>(data_ - region_->data_) + rounded(bytes_, alignment);
    if (end != region_->used_) return;
    region_->used_ -= rounded(bytes_, alignment) - rounded(bytes, alignment);
    bytes_ = bytes;
}

RowPool::RowPool() : shelf_(std::make_shared<Shelf>()) {}
RowPool::~RowPool() = default;

RowMemory RowPool::allocate(std::size_t bytes) {
    const std::size_t needed = rounded(bytes, alignment);
    if (current_ && current_.use_count() == 1) {
        std::atomic_thread_fence(std::memory_order_acquire); // another thread may have let the last piece go
        current_->used_ = 0;                                 // what was written last is in the caches
    }
    if (!current_ || current_->bytes_ - current_->used_ < needed) {
        current_.reset(); // back to the shelf, if nothing else lies in it
        const std::size_t wanted = std::max(region_bytes, needed);
        std::unique_ptr<RowRegion> region = shelf_->take(wanted);
        if (!region) region = std::make_unique<RowRegion>(wanted);
        // The shelf lives as long as any region that may come back to it.
        current_ = std::shared_ptr<RowRegion>(
            region.release(), [shelf = shelf_](RowRegion* unused) { shelf->put(std::unique_ptr<RowRegion>(unused)); });
    }
    RowMemory memory;
    memory.region_ = current_;
    memory.data_ = current_->data_ + current_->used_;
    memory.bytes_ = bytes;
    current_->used_ += needed;
    return memory;
}

} // namespace rnnscope::runtime

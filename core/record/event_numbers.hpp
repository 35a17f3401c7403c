#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

namespace rnnscope::record {

/// Numbers of events of one run, ascending, that grow at their end. Those in the rounds of a block are computed: they
/// take no memory for each.
class EventNumberList {
  public:
    void add(std::uint32_t number);
    /// `offsets` (ascending, below `period`) in each of `rounds` rounds, the first of which begins with `first`.
    void add_rounds(std::uint32_t first, std::uint32_t period, std::vector<std::uint32_t> offsets,
                    std::uint32_t rounds);

    std::size_t size() const;
    std::uint32_t operator[](std::size_t i) const;

  private:
    struct Stretch {
        std::size_t ordinal = 0;             ///< of its first number in the whole list
        std::size_t begin = 0, count = 0;    ///< in numbers_: the numbers, or the offsets of a round
        std::uint32_t first = 0, period = 0; ///< period 0: no rounds, just numbers
        std::uint32_t rounds = 1;
        std::size_t size() const { return count * rounds; }
    };
    std::vector<std::uint32_t> numbers_;
    std::vector<Stretch> stretches_; ///< empty as long as there are no rounds
};

/// What there was in such a list when it was asked for. Valid as long as the recording.
class EventNumbers {
  public:
    EventNumbers() = default;
    explicit EventNumbers(const EventNumberList& list) : list_(&list), size_(list.size()) {}

    class iterator {
      public:
        using iterator_category = std::random_access_iterator_tag;
        using value_type = std::uint32_t;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::uint32_t*;
        using reference = std::uint32_t;

        iterator() = default;
        iterator(const EventNumberList* list, std::ptrdiff_t at) : list_(list), at_(at) {}
        std::uint32_t operator*() const { return (*list_)[static_cast<std::size_t>(at_)]; }
        std::uint32_t operator[](std::ptrdiff_t n) const { return *(*this + n); }
        iterator& operator++() { return ++at_, *this; }
        iterator& operator--() { return --at_, *this; }
        iterator operator++(int) { return iterator(list_, at_++); }
        iterator operator--(int) { return iterator(list_, at_--); }
        iterator& operator+=(std::ptrdiff_t n) { return at_ += n, *this; }
        iterator& operator-=(std::ptrdiff_t n) { return at_ -= n, *this; }
        friend iterator operator+(iterator a, std::ptrdiff_t n) { return a += n; }
        friend iterator operator+(std::ptrdiff_t n, iterator a) { return a += n; }
        friend iterator operator-(iterator a, std::ptrdiff_t n) { return a -= n; }
        friend std::ptrdiff_t operator-(const iterator& a, const iterator& b) { return a.at_ - b.at_; }
        friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_; }
        friend auto operator<=>(const iterator& a, const iterator& b) { return a.at_ <=> b.at_; }

      private:
        const EventNumberList* list_ = nullptr;
        std::ptrdiff_t at_ = 0;
    };

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::uint32_t operator[](std::size_t i) const { return (*list_)[i]; }
    std::uint32_t front() const { return (*list_)[0]; }
    std::uint32_t back() const { return (*list_)[size_ - 1]; }
    iterator begin() const { return {list_, 0}; }
    iterator end() const { return {list_, static_cast<std::ptrdiff_t>(size_)}; }
    /// Where the first number that is not below `event` stands; size() when all are.
    std::size_t lower_bound(std::uint32_t event) const;
    bool contains(std::uint32_t event) const;

  private:
    const EventNumberList* list_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace rnnscope::record

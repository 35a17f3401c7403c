#include "core/view/layout_ends.hpp"
#include "core/view/layout_rank.hpp"

#include <utility>

namespace rnnscope::view {
namespace {

/// Where edges touch the boxes: spread over the side, in the order of where they go to, near to straight.
class Ports {
  public:
    Ports(const std::vector<LayoutBox>& boxes, const LayoutEnds& ends)
        : boxes_(boxes), ends_(ends), first_(boxes.size() + 1) {}

    /// `outer`: of a line that turns beside the ranks anyway, so others of the same port say where it is.
    void ask(std::uint32_t node, float towards, std::uint32_t port, float* result, bool outer = false) {
        asked_.push_back({towards, node, port, outer, result});
    }
    /// All that was asked for on that side of the boxes.
    void settle(bool end_side) {
        shared_.clear();
        std::fill(first_.begin(), first_.end(), 0);
        for (const Request& r : asked_) ++first_[r.node];
        std::uint32_t sum = 0;
        for (std::uint32_t& first : first_) sum += std::exchange(first, sum);
        by_node_.resize(asked_.size());
        for (const Request& r : asked_) by_node_[first_[r.node]++] = r; // now where the node's end
        asked_.clear();
        for (std::size_t begin = 0, end = 0; begin < by_node_.size(); begin = end) {
            const std::uint32_t node = by_node_[begin].node;
            end = first_[node];
            settle(boxes_[node], window(node, end_side), {by_node_.data() + begin, end - begin});
        }
        for (const auto& [from, to] : shared_) *to = *from;
    }

    /// Where a line between two boxes is straight, as near to the middle of the narrower one as may be.
    float between(std::uint32_t upper, std::uint32_t lower) const {
        Window narrow = window(upper, true), wide = window(lower, false);
        float center = boxes_[upper].center();
        if (wide.high - wide.low < narrow.high - narrow.low) {
            std::swap(narrow, wide);
            center = boxes_[lower].center();
        }
        center = std::clamp(center, narrow.low, narrow.high);
        if (wide.low > narrow.high || wide.high < narrow.low)
            return (center + std::clamp(center, wide.low, wide.high)) / 2;
        return std::clamp(center, std::max(narrow.low, wide.low), std::min(narrow.high, wide.high));
    }

    float outermost(std::uint32_t node, bool end_side, bool at_low) const {
        return at_low ? window(node, end_side).low : window(node, end_side).high;
    }

  private:
    /// What lines may touch of a side.
    struct Window {
        float low, high;
        bool given;
    };
    Window window(std::uint32_t node, bool end_side) const {
        const LayoutBox& box = boxes_[node];
        const std::vector<LayoutEnds::Range>& ranges = end_side ? ends_.end : ends_.start;
        if (!ranges.empty() && ranges[node].high >= ranges[node].low)
            return {box.across + ranges[node].low, box.across + ranges[node].high, true};
        const float reach = LayoutBox::reach_of(box.width);
        return {box.center() - reach, box.center() + reach, false};
    }

    struct Request {
        float towards;
        std::uint32_t node, port;
        bool outer;
        float* result;
    };

    /// Stable. Sides have few ends: no need for a sort that allocates.
    template <class Less> static void sort_few(std::span<Request> requests, Less less) {
        if (requests.size() > 32) {
            std::stable_sort(requests.begin(), requests.end(), less);
            return;
        }
        for (auto at = requests.begin(); at != requests.end(); ++at)
            std::rotate(std::upper_bound(requests.begin(), at, *at, less), at, at + 1);
    }

    /// From where the lines to all of them are shortest, and one of them is straight.
    float middle_of(std::span<const Request> requests, float center) {
        towards_.clear();
        for (const bool outer : {false, true}) {
            if (!towards_.empty()) break;
            for (const Request& r : requests)
                if (r.outer == outer) towards_.push_back(r.towards);
        }
        std::sort(towards_.begin(), towards_.end());
        const float left = towards_[(towards_.size() - 1) / 2], right = towards_[towards_.size() / 2];
        return center - left <= right - center ? left : right;
    }

    /// One request for each port, in the middle direction of all.
    std::span<Request> share_ports(std::span<Request> requests, float center) {
        const auto is_port = [](const Request& r) { return r.port != LayoutEnds::own_place; };
        if (std::none_of(requests.begin(), requests.end(), is_port)) return requests;
        sort_few(requests, [](const Request& a, const Request& b) { return a.port < b.port; });
        std::size_t kept = 0;
        for (std::size_t begin = 0, end = 0; begin < requests.size(); begin = end) {
            end = begin + 1;
            if (is_port(requests[begin]))
                for (; end < requests.size() && requests[end].port == requests[begin].port; ++end)
                    shared_.emplace_back(requests[begin].result, requests[end].result);
            const float middle = middle_of({requests.data() + begin, end - begin}, center);
            requests[kept] = requests[begin];
            requests[kept++].towards = middle;
        }
        return requests.first(kept);
    }

    void settle(const LayoutBox& box, const Window& window, std::span<Request> all) {
        const std::span<Request> requests = share_ports(all, box.center());
        sort_few(requests, [](const Request& a, const Request& b) { return a.towards < b.towards; });
        const auto [low, high, given] = window;
        const auto count = static_cast<float>(requests.size());
        const float gap = requests.size() < 2 ? 0 : std::min(12.f, (high - low) / (count - 1));
        float next = low;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const float rest = gap * (count - 1 - static_cast<float>(i));
            const float wanted = std::clamp(requests[i].towards, low, high);
            *requests[i].result = std::clamp(wanted, next, std::max(next, high - rest));
            next = *requests[i].result + gap;
        }
        if (given || box.width > LayoutBox::small) return;
        // A small box looks best with its edges centered.
        const float middle = (*requests.front().result + *requests.back().result) / 2;
        const bool straight = requests.size() == 1 && requests[0].towards >= low && requests[0].towards <= high;
        if (straight) return;
        const float shift =
            std::clamp(box.center() - middle, low - *requests.front().result, high - *requests.back().result);
        for (const Request& r : requests) *r.result += shift * 0.5f;
    }

    const std::vector<LayoutBox>& boxes_;
    const LayoutEnds& ends_;
    std::vector<Request> asked_, by_node_;
    std::vector<std::uint32_t> first_;
    std::vector<float> towards_;
    std::vector<std::pair<const float*, float*>> shared_;
};

/// Where the ends of an edge should be.
struct Wish {
    float leave = 0, enter = 0;
    bool meets = false; ///< no bends in between
};

} // namespace

EdgeEnds find_ends(const LayoutOrder& order, std::span<const LayoutEdge> edges, const std::vector<LayoutBox>& boxes,
                   float width, const LayoutEnds& given, std::vector<bool>& low_side) {
    EdgeEnds ends{std::vector<EdgeEnds::Pair>(edges.size()), std::vector<float>(given.outer.size(), 0)};
    std::vector<Wish> wishes(edges.size());
    Ports ports(boxes, given);
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const LayoutEdge& e = edges[i];
        if (e.from == e.to) continue;
        const auto& bends = order.bends[i];
        Wish& wish = wishes[i];
        if (runs_around(order, edges, i)) {
            // On the nearer side.
            low_side[i] = boxes[e.from].center() + boxes[e.to].center() < width;
            wish.leave = ports.outermost(e.from, true, low_side[i]);
            wish.enter = ports.outermost(e.to, false, low_side[i]);
        } else if (bends.empty()) {
            wish.leave = wish.enter = ports.between(e.from, e.to);
            wish.meets = true;
        } else {
            wish.leave = boxes[order.against[i] ? bends.back() : bends.front()].center();
            wish.enter = boxes[order.against[i] ? bends.front() : bends.back()].center();
        }
    }
    const auto settle = [&](bool end_side) {
        const std::vector<std::uint32_t>& port = end_side ? given.from_port : given.to_port;
        for (std::size_t i = 0; i < edges.size(); ++i) {
            const LayoutEdge& e = edges[i];
            if (e.from == e.to) continue;
            ports.ask(end_side ? e.from : e.to, end_side ? wishes[i].leave : wishes[i].enter,
                      port.empty() ? LayoutEnds::own_place : port[i],
                      end_side ? &ends.edges[i].from : &ends.edges[i].to);
        }
        for (std::size_t i = 0; i < given.outer.size(); ++i) {
            const LayoutEnds::Outer& o = given.outer[i];
            if (o.leaves == end_side)
                ports.ask(o.node, boxes[o.node].center() + o.towards * boxes[o.node].width, o.port, &ends.outer[i],
                          true);
        }
        ports.settle(end_side);
    };
    // Where one end could not be straight, the other one may.
    settle(true);
    for (std::size_t i = 0; i < edges.size(); ++i)
        if (wishes[i].meets) wishes[i].enter = ends.edges[i].from;
    settle(false);
    bool straight = true;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (!wishes[i].meets) continue;
        straight = straight && ends.edges[i].from == ends.edges[i].to;
        wishes[i].leave = ends.edges[i].to;
    }
    if (!straight) settle(true);
    return ends;
}

} // namespace rnnscope::view

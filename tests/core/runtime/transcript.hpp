#pragma once

#include "core/runtime/row_pool.hpp"
#include "core/runtime/session.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace rnnscope::testing {

/// Every event of a run with all its values, so that two ways to execute it can be compared.
struct Transcript : runtime::RunObserver {
    struct Line {
        NodeId node;
        int slot;
        runtime::VisitKind kind;
        std::uint32_t frame;
        std::int64_t iteration;
        bool dead, failed;
        std::vector<ops::Value> inputs, outputs;
        std::vector<ops::VariableAccess> accesses;
    };
    std::vector<Line> lines;
    std::uint64_t blocks = 0, in_blocks = 0;
    std::vector<std::shared_ptr<const runtime::EventBlock>> heard;
    std::vector<std::string> frames; ///< as they were opened, and after how many events
    runtime::Keep wanted;

    runtime::Keep keep() const override { return wanted; }

    void on_frame(const runtime::FrameInfo& frame) override {
        frames.push_back(fmt::format("{}: frame {} {} in {} at {}", lines.size(), frame.id, frame.name, frame.parent,
                                     frame.parent_iteration));
    }
    void on_event(const runtime::Event& event) override {
        lines.push_back({event.node, event.slot, event.kind, event.frame, event.iteration, event.dead,
                         event.error != nullptr, std::vector(event.inputs.begin(), event.inputs.end()),
                         std::vector(event.outputs.begin(), event.outputs.end()),
                         std::vector(event.accesses.begin(), event.accesses.end())});
    }
    void on_block(std::shared_ptr<const runtime::EventBlock> block) override {
        ++blocks;
        in_blocks += block->events();
        heard.push_back(block);
        RunObserver::on_block(std::move(block));
    }
};

inline bool same_tensor(const Tensor& a, const Tensor& b) {
    return a.dtype() == b.dtype() && (!a || a.identical(b));
}

/// References are compared by name: the two runs may be in two sessions.
inline bool same_value(const ops::Value& a, const ops::Value& b) {
    if (a.index() != b.index()) return false;
    if (const auto* tensor = std::get_if<Tensor>(&a)) return same_tensor(*tensor, std::get<Tensor>(b));
    if (auto* const* storage = std::get_if<ops::VariableStorage*>(&a))
        return (*storage)->name == std::get<ops::VariableStorage*>(b)->name;
    return true;
}

inline bool same_line(const Transcript::Line& a, const Transcript::Line& b) {
    const auto same_access = [](const ops::VariableAccess& x, const ops::VariableAccess& y) {
        return x.kind == y.kind && x.storage->name == y.storage->name && same_tensor(x.value, y.value);
    };
    return a.node == b.node && a.slot == b.slot && a.kind == b.kind && a.frame == b.frame &&
           a.iteration == b.iteration && a.dead == b.dead && a.failed == b.failed &&
           std::ranges::equal(a.inputs, b.inputs, same_value) && std::ranges::equal(a.outputs, b.outputs, same_value) &&
           std::ranges::equal(a.accesses, b.accesses, same_access);
}

inline void expect_same(const Graph& graph, const Transcript& a, const Transcript& b) {
    for (std::size_t i = 0; i < std::min(a.lines.size(), b.lines.size()); ++i) {
        const std::string name = a.lines[i].node.valid() ? graph.node(a.lines[i].node).name : "feed or fetch";
        ASSERT_TRUE(same_line(a.lines[i], b.lines[i]))
            << "event " << i << ": " << name << ", iteration " << a.lines[i].iteration;
    }
    EXPECT_EQ(a.lines.size(), b.lines.size());
}

/// Every block, thinned, reads as it did.
inline void expect_thinned_same(const Transcript& transcript, std::uint32_t interval) {
    runtime::RowPool pool;
    runtime::BlockEvent expected, actual;
    for (const auto& block : transcript.heard) {
        const auto thin = block->thinned(interval, pool);
        for (std::uint64_t event = 0; thin != nullptr && event < block->events(); ++event) {
            block->read(event, expected);
            thin->read(event, actual);
            ASSERT_TRUE(std::ranges::equal(expected.inputs, actual.inputs, same_value)) << event;
            ASSERT_TRUE(std::ranges::equal(expected.outputs, actual.outputs, same_value)) << event;
            ASSERT_EQ(expected.accesses.size(), actual.accesses.size());
        }
    }
}

/// What a block says of all its rounds is what its events say one by one.
inline void expect_scans(const runtime::EventBlock& block) {
    runtime::BlockEvent event;
    std::vector<std::uint64_t> unfinite;
    for (std::uint64_t e = 0; e < block.events(); ++e) {
        block.read(e, event);
        const bool is_finite = std::ranges::all_of(event.outputs, [](const ops::Value& value) {
            const Tensor* tensor = std::get_if<Tensor>(&value);
            return tensor == nullptr || runtime::all_finite(*tensor);
        });
        if (!is_finite) unfinite.push_back(e);
        for (std::size_t o = 0; o < event.outputs.size(); ++o) {
            const Tensor output = block.output(e, o);
            for (const std::int64_t element : {std::int64_t{1}, output ? output.elements() - 1 : 0}) {
                double found[1];
                block.elements(e % block.visits().size(), o, element, e / block.visits().size(), found);
                const double expected = runtime::number_or_nan(output, element);
                ASSERT_TRUE(found[0] == expected || (std::isnan(found[0]) && std::isnan(expected)));
            }
        }
    }
    const auto visits = static_cast<std::uint32_t>(block.visits().size());
    const std::vector<std::vector<std::uint32_t>> some{{}, {visits / 2}, {0, visits - 1}}; // {}: of all visits
    for (const std::vector<std::uint32_t>& only : some) {
        std::vector<std::uint64_t> wanted;
        for (const std::uint64_t e : unfinite)
            if (only.empty() || std::ranges::count(only, e % visits) > 0) wanted.push_back(e);
        for (std::uint64_t e = 0; e <= block.events(); e += only.empty() ? 1 : 5) {
            const auto next = std::ranges::lower_bound(wanted, e);
            ASSERT_EQ(block.next_unfinite(e, only), next == wanted.end() ? block.events() : *next) << e;
            ASSERT_EQ(block.last_unfinite(e, only), next == wanted.begin() ? block.events() : *std::prev(next)) << e;
        }
    }
}

} // namespace rnnscope::testing

#include "ui/shell/samples.hpp"

#include "ui/theme/embedded.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace rnnscope::ui {

namespace {

std::vector<Sample> read_samples() {
    std::vector<Sample> out;
    for (const EmbeddedFile& file : embedded_samples()) {
        const auto json = nlohmann::json::parse(file.bytes, nullptr, false);
        if (!json.is_object() || !json.contains("format")) continue;
        Sample sample;
        sample.file = std::string(file.name);
        sample.text = file.bytes;
        sample.title = json.value("title", sample.file);
        sample.description = json.value("description", "");
        sample.fixed_twin = json.value("fixed_twin", "");
        sample.tags = json.value("tags", std::vector<std::string>{});
        out.push_back(std::move(sample));
    }
    return out;
}

} // namespace

bool Sample::healthy() const {
    return std::ranges::find(tags, "healthy") != tags.end();
}

std::span<const Sample> all_samples() {
    static const std::vector<Sample> samples = read_samples();
    return samples;
}

const Sample* find_sample(std::string_view file) {
    const auto samples = all_samples();
    const auto found = std::ranges::find(samples, file, &Sample::file);
    return found == samples.end() ? nullptr : &*found;
}

std::span<const Featured> featured_samples() {
    using view::StateMark;
    static constexpr std::array<Featured, 9> featured = {{
        {"seed_a_init_early.json", "Init built too early",
         "The init op is a snapshot, taken before the cell had variables.", StateMark::uninitialized,
         StateMark::uninitialized, true, true, "init-built-too-early"},
        {"seed_a_noinit.json", "Init never run", "The init op is there, but no session ran it.", StateMark::declared,
         StateMark::declared, true, true, "init-never-run"},
        {"seed_b_scope_miss_layer1.json", "Scope filter misses a layer",
         "A regex picked cell_0 and left cell_1 without values.", StateMark::initialized, StateMark::uninitialized,
         false, true, "not-in-initialized-set"},
        {"D20_two_sessions.json", "Two sessions", "One session holds the values, the other one is asked for them.",
         StateMark::initialized, StateMark::uninitialized, false, true, "wrong-session"},
        {"D26_resource_message.json", "Resource variables", "The same fault with another message, at another op.",
         StateMark::uninitialized, StateMark::uninitialized, true, true, "init-never-run"},
        {"D24_batch_baked.json", "Batch size baked in", "The state was made for 25 sequences and meets 2.",
         StateMark::initialized, StateMark::initialized, false, true, "shape-mismatch"},
        {"D16b_shared_cell_silent.json", "One cell, three layers",
         "Three layers share one kernel. It runs without an error.", StateMark::initialized, StateMark::none, false,
         false, "shared-weights"},
        {"seed_a_second_no_reuse.json", "Second call without reuse",
         "The second build of the same scope raises ValueError.", StateMark::initialized, StateMark::none, false, true,
         "already-exists"},
        {"seed_a_ok.json", "A healthy GRU", "Two layers of 64 units over five time steps.", StateMark::initialized,
         StateMark::initialized, false, false, "no problem"},
    }};
    return featured;
}

} // namespace rnnscope::ui

#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <string_view>

namespace rnnscope::tests {

/// The text of a sample. One that trains gets five steps instead of dozens: enough that runs follow what earlier ones
/// left behind, and nothing new comes after. That they learn needs all steps, and is tested once
/// (core/program/training_samples_test.cpp).
inline std::string short_sample(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    struct Length {
        std::string_view all, few;
    };
    bool is_shorter = false;
    for (const auto& [all, few] :
         {Length{R"({"let": "steps", "value": 60})", R"({"let": "steps", "value": 5})"}, Length{R"("for": "step",
          "in": {"range": [30]})",
                                                                                                R"("for": "step",
          "in": {"range": [5]})"}}) {
        const std::size_t at = text.find(all);
        if (at == std::string::npos) continue;
        text.replace(at, all.size(), few);
        is_shorter = true;
    }
    EXPECT_EQ(is_shorter, path.stem().string().starts_with("train")) << path;
    return text;
}

} // namespace rnnscope::tests

#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace rnnscope::testing {

/// Compares with tests/core/`folder`/golden/`name`.txt. RNNSCOPE_UPDATE_GOLDEN=1 writes the file instead; the
/// difference is read in review.
inline void expect_golden(const std::string& folder, const std::string& name, const std::string& text) {
    const std::string path = std::string(RNNSCOPE_SOURCE_DIR) + "/tests/core/" + folder + "/golden/" + name + ".txt";
    if (const char* update = std::getenv("RNNSCOPE_UPDATE_GOLDEN"); update != nullptr && *update == '1')
        std::ofstream(path, std::ios::binary) << text;
    std::ifstream file(path, std::ios::binary);
    ASSERT_TRUE(file) << path;
    std::ostringstream golden;
    golden << file.rdbuf();
    EXPECT_EQ(text, golden.str()) << name;
}

} // namespace rnnscope::testing

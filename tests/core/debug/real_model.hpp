#pragma once

#include "core/debug/debugger.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>

namespace rnnscope::tests {

/// gru-process-model: a real graph with a training step and its checkpoint; read in place, where it is.
inline std::filesystem::path process_model() {
    return std::filesystem::path(RNNSCOPE_SHARED_DIR) / "data" / "tf1" / "gru-process-model" / "GRU.ckpt.meta";
}

/// Its prediction for `input`; variables restored, unless `init` says what is initialized instead.
inline void open_process_model(debug::Debugger& debugger, std::vector<std::string> init = {},
                               const std::string& input = "zeros(1,30,4)") {
    program::GraphSession session;
    if (init.empty())
        session.restore = (process_model().parent_path() / "GRU.ckpt").string();
    else
        session.init = std::move(init);
    session.feeds = {"Placeholder=" + input};
    session.fetches = {"Sigmoid:0"};
    const Diagnostics mistakes = debugger.open_graph(process_model().string(), session);
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
}

} // namespace rnnscope::tests

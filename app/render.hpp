#pragma once

#include <string>
#include <vector>

namespace rnnscope::app {

struct RenderOptions {
    std::string file;                  ///< program, or the file name of an embedded sample; "" for the welcome screen
    std::vector<std::string> commands; ///< "step.over", "select.node rnn/x": executed in order before the picture
    std::string output;                ///< PNG
    int width = 1600, height = 1000;   ///< points
    float scale = 1;                   ///< pixels for each point
    std::string theme = "dark";
};

/// Draws the window off-screen, without a display, and saves it.
int render(const RenderOptions& options);

} // namespace rnnscope::app

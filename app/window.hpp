#pragma once

#include <string>

namespace rnnscope::app {

struct WindowOptions {
    std::string file; ///< opened at the start; "" for the welcome screen
    std::string log;  ///< file that every command is written to as it is carried out; "": none
};

/// Opens the window and returns when it is closed. Without a display it says in one sentence what works instead.
int open_window(const WindowOptions& options);

} // namespace rnnscope::app

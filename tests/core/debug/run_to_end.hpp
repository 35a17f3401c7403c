#pragma once

#include "core/debug/debugger.hpp"

#include <chrono>

namespace rnnscope::tests {

/// To the end of the program, past every stop. What nobody waits for on the way (fixes to check, the preflight) is done
/// there, when the preflight need not run a copy to get there itself.
inline void run_to_end(debug::Debugger& debugger) {
    for (int stops = 0; !debugger.at_end() && stops < 1000; ++stops) {
        debugger.run_on(true);
        while (!debugger.pump(std::chrono::seconds(1))) {
        }
    }
    debugger.wait();
}

} // namespace rnnscope::tests

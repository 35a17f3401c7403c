#pragma once

#include <string>

namespace rnnscope::app {

/// "dark" or "light", as the desktop prefers it: the setting of the freedesktop.org portal
/// (org.freedesktop.appearance color-scheme), else that of GTK. Empty: it prefers neither, or does not say within half
/// a second.
std::string desktop_theme();

} // namespace rnnscope::app

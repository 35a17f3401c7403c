#pragma once

#include "core/base/result.hpp"
#include "ui/shell/dock.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rnnscope::ui {

/// What stays between starts. Measures are look pixels (1x).
struct Settings {
    std::string theme = "desktop"; ///< "dark", "light", or as the desktop prefers it
    int font_percent = 100;        ///< 80 to 200
    bool reduce_motion = false;
    bool fold_series = true;           ///< the graph shows runs of equal steps as one box
    std::string graph_color = "state"; ///< what the graph's fills say (view::ColorBy)
    int window_width = 1600, window_height = 1000;
    std::string workspace = "debug";
    std::map<std::string, Dock, std::less<>> docks; ///< of the workspaces that were shown
    struct Recent {
        std::string path;
        std::string when; ///< "2026-11-24 10:42"
        friend bool operator==(const Recent&, const Recent&) = default;
    };
    std::vector<Recent> recent;            ///< newest first, at most 8
    std::string last_directory;            ///< of the file browser
    std::vector<std::string> lessons_done; ///< by file name

    void remember(const std::string& path);
    friend bool operator==(const Settings&, const Settings&) = default;
};

/// $XDG_CONFIG_HOME/rnnscope/settings.json, or below ~/.config. Empty when neither is known.
std::string settings_path();
/// Unknown keys are ignored and absent ones keep their defaults: older and newer versions share the file.
Settings read_settings(const std::string& text);
std::string write_settings(const Settings& settings);
Settings load_settings(const std::string& path); ///< defaults when the file is absent or broken
Status save_settings(const Settings& settings, const std::string& path);

} // namespace rnnscope::ui

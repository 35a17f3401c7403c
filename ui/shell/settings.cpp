#include "ui/shell/settings.hpp"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rnnscope::ui {

namespace {

template <class T> void read(const nlohmann::json& json, const char* key, T& value, T least, T most) {
    if (const auto found = json.find(key); found != json.end() && found->is_number())
        value = std::clamp(found->get<T>(), least, most);
}

void read(const nlohmann::json& json, const char* key, std::string& value) {
    if (const auto found = json.find(key); found != json.end() && found->is_string()) value = found->get<std::string>();
}

} // namespace

void Settings::remember(const std::string& path) {
    std::erase_if(recent, [&](const Recent& entry) { return entry.path == path; });
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    recent.insert(recent.begin(), {path, fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(now))});
    if (recent.size() > 8) recent.resize(8);
}

std::string settings_path() {
    std::filesystem::path base;
    if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && *config)
        base = config;
    else if (const char* home = std::getenv("HOME"); home && *home)
        base = std::filesystem::path(home) / ".config";
    return base.empty() ? std::string() : (base / "rnnscope" / "settings.json").string();
}

Settings read_settings(const std::string& text) {
    Settings out;
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return out;
    read(json, "theme", out.theme);
    read(json, "font_percent", out.font_percent, 80, 200);
    read(json, "window_width", out.window_width, 640, 16384);
    read(json, "window_height", out.window_height, 400, 16384);
    read(json, "left", out.left, 200.0f, 2000.0f);
    read(json, "right", out.right, 200.0f, 2000.0f);
    read(json, "bottom", out.bottom, 100.0f, 2000.0f);
    read(json, "source_part", out.source_part, 0.1f, 0.9f);
    read(json, "timeline_part", out.timeline_part, 0.1f, 0.9f);
    read(json, "last_directory", out.last_directory);
    if (const auto recent = json.find("recent"); recent != json.end() && recent->is_array())
        for (const auto& entry : *recent) {
            Settings::Recent file;
            if (!entry.is_object() || out.recent.size() == 8) continue;
            read(entry, "path", file.path);
            read(entry, "when", file.when);
            if (!file.path.empty()) out.recent.push_back(std::move(file));
        }
    return out;
}

std::string write_settings(const Settings& settings) {
    nlohmann::json json = {{"theme", settings.theme},
                           {"font_percent", settings.font_percent},
                           {"window_width", settings.window_width},
                           {"window_height", settings.window_height},
                           {"left", settings.left},
                           {"right", settings.right},
                           {"bottom", settings.bottom},
                           {"source_part", settings.source_part},
                           {"timeline_part", settings.timeline_part},
                           {"last_directory", settings.last_directory},
                           {"recent", nlohmann::json::array()}};
    for (const Settings::Recent& entry : settings.recent)
        json["recent"].push_back({{"path", entry.path}, {"when", entry.when}});
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Settings load_settings(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return read_settings(text.str());
}

Status save_settings(const Settings& settings, const std::string& path) {
    if (path.empty())
        return Error{"settings.path", "Neither XDG_CONFIG_HOME nor HOME is set, so settings are not kept."};
    std::error_code problem;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), problem);
    const std::string next = path + ".new"; // replaced at once, so that a crash never leaves half a file
    {
        std::ofstream file(next);
        file << write_settings(settings);
        if (!file.flush()) return Error{"settings.write", "The settings could not be written to " + path + "."};
    }
    std::filesystem::rename(next, path, problem);
    if (problem) return Error{"settings.write", "The settings could not be written to " + path + "."};
    return {};
}

} // namespace rnnscope::ui

#include "ui/shell/settings.hpp"

#include "core/base/linked_file.hpp"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
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

constexpr std::array<std::pair<const char*, Dock::Measure>, 3> measures = {
    {{"first", Dock::Measure::first}, {"second", Dock::Measure::second}, {"share", Dock::Measure::share}}};

/// A place is a list of names, a split an object. Nothing when it is neither: then the workspace is as at first.
std::optional<Dock> read_dock(const nlohmann::json& json, int depth) {
    constexpr int deepest = 16;
    if (json.is_array()) {
        Dock place;
        for (const auto& name : json)
            if (name.is_string()) place.panels.push_back(name.get<std::string>());
        return place;
    }
    if (!json.is_object() || depth > deepest) return std::nullopt;
    if (const auto tabs = json.find("tabs"); tabs != json.end() && tabs->is_array()) {
        auto place = read_dock(*tabs, depth + 1);
        read(json, "front", place->front, std::size_t{0}, place->panels.empty() ? 0 : place->panels.size() - 1);
        return place;
    }
    const bool columns = json.contains("columns");
    const auto parts = json.find(columns ? "columns" : "rows");
    if (parts == json.end() || !parts->is_array() || parts->size() != 2) return std::nullopt;
    auto first = read_dock((*parts)[0], depth + 1), second = read_dock((*parts)[1], depth + 1);
    if (!first || !second) return std::nullopt;
    Dock out = Dock::split(columns ? Dock::Kind::columns : Dock::Kind::rows, Dock::Measure::share, 0.5f,
                           std::move(*first), std::move(*second));
    for (const auto& [name, measure] : measures)
        if (json.contains(name)) {
            out.measure = measure;
            const bool share = measure == Dock::Measure::share;
            read(json, name, out.size, share ? 0.05f : 50.0f, share ? 0.95f : 4000.0f);
        }
    return out;
}

nlohmann::json write_dock(const Dock& dock) {
    if (dock.kind == Dock::Kind::tabs) {
        if (dock.front == 0) return dock.panels;
        return {{"tabs", dock.panels}, {"front", dock.front}};
    }
    nlohmann::json out;
    out[dock.kind == Dock::Kind::columns ? "columns" : "rows"] = {write_dock(dock.parts[0]), write_dock(dock.parts[1])};
    for (const auto& [name, measure] : measures)
        if (measure == dock.measure) out[name] = dock.size;
    return out;
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
    if (const auto reduce = json.find("reduce_motion"); reduce != json.end() && reduce->is_boolean())
        out.reduce_motion = reduce->get<bool>();
    if (const auto fold = json.find("fold_series"); fold != json.end() && fold->is_boolean())
        out.fold_series = fold->get<bool>();
    read(json, "graph_color", out.graph_color);
    read(json, "font_percent", out.font_percent, 80, 200);
    read(json, "window_width", out.window_width, 640, 16384);
    read(json, "window_height", out.window_height, 400, 16384);
    read(json, "workspace", out.workspace);
    if (const auto docks = json.find("docks"); docks != json.end() && docks->is_object())
        for (const auto& [name, value] : docks->items())
            if (auto dock = read_dock(value, 0)) out.docks.emplace(name, std::move(*dock));
    read(json, "last_directory", out.last_directory);
    if (const auto lessons = json.find("lessons_done"); lessons != json.end() && lessons->is_array())
        for (const auto& file : *lessons)
            if (file.is_string()) out.lessons_done.push_back(file.get<std::string>());
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
                           {"reduce_motion", settings.reduce_motion},
                           {"fold_series", settings.fold_series},
                           {"graph_color", settings.graph_color},
                           {"window_width", settings.window_width},
                           {"window_height", settings.window_height},
                           {"workspace", settings.workspace},
                           {"docks", nlohmann::json::object()},
                           {"last_directory", settings.last_directory},
                           {"lessons_done", settings.lessons_done},
                           {"recent", nlohmann::json::array()}};
    for (const auto& [name, dock] : settings.docks) json["docks"][name] = write_dock(dock);
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
    const std::string target = linked_file(path);
    std::filesystem::create_directories(std::filesystem::path(target).parent_path(), problem);
    const std::string next = target + ".new"; // replaced at once, so that a crash never leaves half a file
    {
        std::ofstream file(next);
        file << write_settings(settings);
        if (!file.flush()) return Error{"settings.write", "The settings could not be written to " + path + "."};
    }
    std::filesystem::rename(next, target, problem);
    if (problem) return Error{"settings.write", "The settings could not be written to " + path + "."};
    return {};
}

} // namespace rnnscope::ui

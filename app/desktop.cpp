#include "app/desktop.hpp"

#ifdef RNNSCOPE_WITH_DBUS
#include <systemd/sd-bus.h>

#include <memory>
#endif

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace rnnscope::app {

namespace {

#ifdef RNNSCOPE_WITH_DBUS
std::string portal_theme() {
    constexpr std::uint64_t patience_us = 500'000;
    sd_bus* raw = nullptr;
    if (sd_bus_open_user(&raw) < 0) return {};
    const std::unique_ptr<sd_bus, decltype(&sd_bus_flush_close_unref)> bus(raw, sd_bus_flush_close_unref);
    sd_bus_set_method_call_timeout(bus.get(), patience_us);
    sd_bus_message* answer = nullptr;
    const int called = sd_bus_call_method(bus.get(), "org.freedesktop.portal.Desktop",
                                          "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings", "Read",
                                          nullptr, &answer, "ss", "org.freedesktop.appearance", "color-scheme");
    if (called < 0) return {};
    const std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)> owned(answer, sd_bus_message_unref);
    unsigned scheme = 0; // the portal wraps the number twice
    if (sd_bus_message_enter_container(answer, 'v', "v") < 0 || sd_bus_message_read(answer, "v", "u", &scheme) < 0)
        return {};
    return scheme == 1 ? "dark" : scheme == 2 ? "light" : "";
}
#endif

std::string gtk_theme() {
    if (const char* theme = std::getenv("GTK_THEME"); theme && *theme)
        return std::string_view(theme).ends_with(":dark") ? "dark" : "light";
    std::filesystem::path base;
    if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && *config)
        base = config;
    else if (const char* home = std::getenv("HOME"); home && *home)
        base = std::filesystem::path(home) / ".config";
    for (const char* version : {"gtk-4.0", "gtk-3.0"}) {
        std::ifstream file(base / version / "settings.ini");
        for (std::string line; std::getline(file, line);) {
            std::erase(line, ' ');
            if (!line.starts_with("gtk-application-prefer-dark-theme=")) continue;
            return line.ends_with("=1") || line.ends_with("=true") ? "dark" : "light";
        }
    }
    return {};
}

} // namespace

std::string desktop_theme() {
#ifdef RNNSCOPE_WITH_DBUS
    if (std::string theme = portal_theme(); !theme.empty()) return theme;
#endif
    return gtk_theme();
}

} // namespace rnnscope::app

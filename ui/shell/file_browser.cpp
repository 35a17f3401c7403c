#include "ui/shell/file_browser.hpp"

#include "core/import/graph_file.hpp"
#include "core/record/chunk_file.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <imgui_internal.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace rnnscope::ui {

namespace fs = std::filesystem;

namespace {

/// A program is JSON; graphs and recordings are known by how they begin, whatever they are called.
bool can_be_opened(const fs::path& file) {
    return file.extension() == ".json" || is_graph_file(file.string()) || record::is_recording_file(file.string());
}

} // namespace

void FileBrowser::open(const std::string& directory) {
    open_ = focus_ = true;
    typed_.clear();
    std::error_code problem;
    home_ = directory.empty() || !fs::is_directory(directory, problem) ? fs::current_path(problem).string()
                                                                       : fs::absolute(directory, problem).string();
    read(home_);
}

/// What was typed may name a folder first: the list is that folder's, and what follows its last slash is searched in
/// it. Returns that part.
std::string FileBrowser::follow_typed() {
    const std::size_t slash = typed_.rfind('/');
    fs::path folder = home_;
    if (slash != std::string::npos) folder = (folder / typed_.substr(0, slash + 1)).lexically_normal();
    if (typed_.starts_with("~/"))
        if (const char* user = std::getenv("HOME"))
            folder = (fs::path(user) / typed_.substr(2, slash - 1)).lexically_normal();
    std::error_code ignored;
    if (slash != std::string::npos && !fs::is_directory(folder, ignored)) {
        // A folder of that name may lie where the program was started.
        const fs::path here = (fs::current_path(ignored) / typed_.substr(0, slash + 1)).lexically_normal();
        if (fs::is_directory(here, ignored)) folder = here;
    }
    if (folder.string() != directory_) read(folder.string());
    return slash == std::string::npos ? typed_ : typed_.substr(slash + 1);
}

std::vector<const FileBrowser::Entry*> FileBrowser::matches(const std::string& part) const {
    const auto lower = [](std::string text) {
        std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return text;
    };
    std::vector<const Entry*> shown;
    for (const Entry& entry : entries_) {
        const bool is_match = lower(entry.name).find(lower(part)) != std::string::npos;
        if (is_match && (entry.is_directory || all_files_ || entry.can_be_opened)) shown.push_back(&entry);
    }
    // What begins with it comes first; a whole name before all.
    std::ranges::stable_sort(shown, [&](const Entry* a, const Entry* b) {
        const auto rank = [&](const Entry* entry) {
            return entry->name == part ? 0 : lower(entry->name).starts_with(lower(part)) ? 1 : 2;
        };
        return !part.empty() && rank(a) < rank(b);
    });
    return shown;
}

/// Up to where the matches differ, as a shell does.
void FileBrowser::complete(const std::vector<const Entry*>& shown, const std::string& part) {
    if (shown.empty()) return;
    std::string common;
    bool is_first = true;
    for (const Entry* entry : shown) {
        if (!entry->name.starts_with(part)) continue;
        if (is_first) common = entry->name + (entry->is_directory ? "/" : "");
        const auto [end, other] = std::ranges::mismatch(common, entry->name);
        if (!is_first) common.erase(end, common.end());
        is_first = false;
    }
    if (common.size() <= part.size() && shown.size() == 1)
        common = shown.front()->name + (shown.front()->is_directory ? "/" : "");
    if (common.size() > part.size()) set_typed(typed_.substr(0, typed_.size() - part.size()) + common);
}

void FileBrowser::set_typed(std::string text) {
    typed_ = std::move(text);
    renewed_ = focus_ = true;
}

void FileBrowser::read(const std::string& directory) {
    directory_ = directory;
    problem_.clear();
    entries_.clear();
    chosen_ = 0;
    std::error_code problem;
    for (fs::directory_iterator it(directory, fs::directory_options::skip_permission_denied, problem), end;
         !problem && it != end; it.increment(problem)) {
        Entry entry;
        entry.name = it->path().filename().string();
        std::error_code ignored;
        entry.is_directory = it->is_directory(ignored);
        // Looking into a pipe or a terminal would wait for somebody to write.
        const bool is_file = it->is_regular_file(ignored);
        entry.size = is_file ? it->file_size(ignored) : 0;
        entry.can_be_opened = is_file && can_be_opened(it->path());
        if (!entry.name.starts_with('.')) entries_.push_back(std::move(entry));
    }
    if (problem) problem_ = "This folder could not be read: " + problem.message() + ".";
    std::ranges::sort(entries_, [](const Entry& a, const Entry& b) {
        return a.is_directory != b.is_directory ? a.is_directory : a.name < b.name;
    });
}

void FileBrowser::draw(const PanelContext& ctx, std::string& directory) {
    if (!open_) return;
    const Look& look = ctx.look;
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    const float width = std::min(look.px(760), display.x - look.px(40)),
                height = std::min(look.px(560), display.y - look.px(100));
    const ImVec2 at{std::floor((display.x - width) / 2), std::floor((display.y - height) / 2)};
    ImGui::SetNextWindowPos(at);
    ImGui::SetNextWindowSize({width, height});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.0f);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, look.px(6));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, look[Token::bg2]);
    ImGui::Begin("##files", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_text_in_row(list, look, TextRole::title, at.x + look.px(16), at.y + look.px(8), look.px(26), Token::text1,
                     "Open");
    if (icon_button(look, "close", {at.x + width - look.px(22), at.y + look.px(21)}, icon::close, true,
                    "Close, Escape"))
        open_ = false;
    draw_text_in_row(list, look, TextRole::mono_small, at.x + look.px(16), at.y + look.px(36), look.px(20),
                     Token::text2, fit_path(look, TextRole::mono_small, directory_, width - look.px(32)));
    // A text that was put in by completion is another field: Dear ImGui keeps the one being typed to itself.
    if (std::exchange(renewed_, false)) {
        ++field_;
        unselect_ = 3;
    }
    ImGui::PushID(field_);
    const float all_width = text_width(look, TextRole::body, "All files") + look.px(20);
    if (button(look, "all", {at.x + width - look.px(48) - all_width, at.y + look.px(9)}, look.px(24), "", "All files",
               all_files_ ? ButtonTone::accent : ButtonTone::idle, true, nullptr))
        all_files_ = !all_files_;
    text_field(look, "##typed", {at.x + look.px(16), at.y + look.px(60)},
               {at.x + width - look.px(16), at.y + look.px(86)}, typed_,
               "A part of a name, or a path; Tab completes it", icon::find, std::exchange(focus_, false));
    if (ImGuiInputTextState* state = ImGui::GetInputTextState(ImGui::GetItemID()); state && unselect_ > 0) {
        state->ClearSelection(); // taking the keyboard selects all: the next letter is to follow instead
        --unselect_;
    }
    ImGui::PopID();
    const std::string part = follow_typed();
    const std::vector<const Entry*> shown = matches(part);
    if (compat::key_pressed(compat::key_tab, false)) complete(shown, part);
    if (part != searched_) chosen_ = 0;
    searched_ = part;
    if (compat::key_pressed(compat::key_down)) ++chosen_;
    if (compat::key_pressed(compat::key_up) && chosen_ > 0) --chosen_;
    chosen_ = std::min(chosen_, shown.empty() ? 0 : shown.size() - 1);
    const Entry* picked = nullptr;
    bool up = false;
    {
        Child rows("rows", {{at.x, at.y + look.px(94)}, {at.x + width, at.y + height - look.px(10)}});
        const float row = look.whole_px(26);
        const ImVec2 origin = ImGui::GetCursorScreenPos();
        ImDrawList& inside = *ImGui::GetWindowDrawList();
        const auto draw_row = [&](float y, std::string_view icon, std::string_view name, std::string_view detail,
                                  bool chosen, const char* id) {
            const Hit state = hit(id, {origin.x, y}, {origin.x + width, y + row});
            if (chosen || state.hovered)
                inside.AddRectFilled({origin.x, y}, {origin.x + width, y + row},
                                     look[chosen ? Token::accent_bg : Token::bg3]);
            draw_text_in_row(inside, look, TextRole::body, origin.x + look.px(18), y, row, Token::text2, icon);
            draw_text_in_row(inside, look, TextRole::mono, origin.x + look.px(42), y, row, Token::text1, name);
            draw_text_right(inside, look, TextRole::caption, origin.x + width - look.px(20), y, row, Token::text3,
                            detail);
            return state.clicked;
        };
        up = draw_row(origin.y, icon::up, "..", "", false, "up");
        ImGuiListClipper clipper;
        ImGui::SetCursorScreenPos({origin.x, origin.y + row});
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
        clipper.Begin(static_cast<int>(shown.size()), row);
        while (clipper.Step())
            for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
                const Entry& entry = *shown[static_cast<std::size_t>(i)];
                ImGui::PushID(entry.name.c_str());
                const std::string size =
                    entry.is_directory ? "" : view::bytes_text(static_cast<std::size_t>(entry.size));
                if (draw_row(origin.y + row * static_cast<float>(i + 1), entry.is_directory ? icon::folder : icon::file,
                             entry.name, size, static_cast<std::size_t>(i) == chosen_, "row"))
                    picked = &entry;
                ImGui::PopID();
            }
        clipper.End();
        ImGui::PopStyleVar();
        if (problem_.empty() && shown.empty())
            draw_text_in_row(inside, look, TextRole::body, origin.x + look.px(18), origin.y + row * 1.5f, row,
                             Token::text2, nothing_found(part));
        if (!problem_.empty())
            draw_text_in_row(inside, look, TextRole::body, origin.x + look.px(18), origin.y + row * 2, row,
                             Token::text2, problem_);
    }
    if (compat::key_pressed(compat::key_enter, false)) {
        if (part.empty() && !typed_.empty()) // a folder, typed to its end
            home_ = directory_, set_typed("");
        else if (chosen_ < shown.size())
            picked = shown[chosen_];
        else
            focus_ = true; // nothing to open: what was typed stays
    }
    if (up) {
        home_ = fs::path(directory_).lexically_normal().parent_path().string();
        if (home_ == directory_ || directory_ == home_ + "/") home_ = fs::path(home_).parent_path().string();
        set_typed("");
    } else if (picked) {
        choose(ctx, Entry(*picked), directory);
    }
    const bool outside = clicked_outside();
    if (compat::key_pressed(compat::key_escape, false) || outside) open_ = false;
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
}

std::string FileBrowser::nothing_found(const std::string& part) const {
    const bool is_hidden = std::ranges::any_of(entries_, [&](const Entry& entry) {
        return !entry.is_directory && !entry.can_be_opened && entry.name.find(part) != std::string::npos;
    });
    if (is_hidden && !all_files_) return "No program, graph or recording here: \"All files\" lists the others.";
    return part.empty() ? "This folder is empty." : "No match for \"" + part + "\" in this folder.";
}

void FileBrowser::choose(const PanelContext& ctx, const Entry& entry, std::string& directory) {
    const std::string path = (fs::path(directory_) / entry.name).string();
    if (entry.is_directory) {
        home_ = path;
        set_typed("");
        return;
    }
    directory = directory_;
    ctx.commands.push("file.open", path, "file browser");
    open_ = false;
}

} // namespace rnnscope::ui

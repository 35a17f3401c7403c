#include "ui/shell/file_browser.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <filesystem>

namespace rnnscope::ui {

namespace fs = std::filesystem;

void FileBrowser::open(const std::string& directory) {
    open_ = focus_ = true;
    typed_.clear();
    std::error_code problem;
    read(directory.empty() || !fs::is_directory(directory, problem) ? fs::current_path(problem).string() : directory);
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
        entry.size = entry.is_directory ? 0 : it->file_size(ignored);
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
    text_field(look, "##typed", {at.x + look.px(16), at.y + look.px(60)},
               {at.x + width - look.px(16), at.y + look.px(86)}, typed_, "Type a part of a name, or a whole path",
               icon::find, std::exchange(focus_, false));
    std::vector<const Entry*> shown;
    for (const Entry& entry : entries_)
        if (typed_.empty() || entry.name.find(typed_) != std::string::npos) shown.push_back(&entry);
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
        if (!problem_.empty())
            draw_text_in_row(inside, look, TextRole::body, origin.x + look.px(18), origin.y + row * 2, row,
                             Token::text2, problem_);
    }
    if (compat::key_pressed(compat::key_enter, false)) {
        std::error_code ignored;
        if (typed_.find('/') != std::string::npos && fs::is_directory(typed_, ignored)) {
            read(std::string(typed_));
            typed_.clear();
        } else if (typed_.find('/') != std::string::npos) {
            ctx.commands.push("file.open", typed_, "file browser");
            open_ = false;
        } else if (chosen_ < shown.size()) {
            picked = shown[chosen_];
        }
    }
    if (up) {
        read(fs::path(directory_).parent_path().string());
        typed_.clear();
    } else if (picked) {
        choose(ctx, Entry(*picked), directory);
    }
    const bool outside = clicked_outside();
    if (compat::key_pressed(compat::key_escape, false) || outside) open_ = false;
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
}

void FileBrowser::choose(const PanelContext& ctx, const Entry& entry, std::string& directory) {
    const std::string path = (fs::path(directory_) / entry.name).string();
    typed_.clear();
    if (entry.is_directory) return read(path);
    directory = directory_;
    ctx.commands.push("file.open", path, "file browser");
    open_ = false;
}

} // namespace rnnscope::ui

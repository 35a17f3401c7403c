#include "ui/panels/lessons.hpp"

#include "ui/theme/embedded.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>

namespace rnnscope::ui {

namespace {

constexpr std::string_view tour = "tour.json";

Error mistake(const std::string& file, const std::string& where, const std::string& what) {
    return {"lesson.format", file + where + ": " + what};
}

/// A string, or a list of strings.
bool read_texts(const nlohmann::json& json, const char* key, std::vector<std::string>& out) {
    const auto found = json.find(key);
    if (found == json.end()) return true;
    if (found->is_string()) {
        out.push_back(found->get<std::string>());
        return true;
    }
    if (!found->is_array()) return false;
    for (const auto& text : *found) {
        if (!text.is_string()) return false;
        out.push_back(text.get<std::string>());
    }
    return true;
}

} // namespace

Result<Lesson> read_lesson(std::string file, std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return mistake(file, "", "this is not a JSON object.");
    Lesson lesson;
    lesson.file = std::move(file);
    for (const auto& [key, place] :
         {std::pair{"title", &lesson.title}, {"about", &lesson.about}, {"sample", &lesson.sample}}) {
        const auto found = json.find(key);
        if (found == json.end() || !found->is_string())
            return mistake(lesson.file, "", std::string("a lesson has a text \"") + key + "\".");
        *place = found->get<std::string>();
    }
    const auto minutes = json.find("minutes");
    if (minutes == json.end() || !minutes->is_number_unsigned())
        return mistake(lesson.file, "", "a lesson says how many \"minutes\" it takes.");
    lesson.minutes = minutes->get<int>();
    const auto steps = json.find("steps");
    if (steps == json.end() || !steps->is_array() || steps->empty())
        return mistake(lesson.file, "", "a lesson has a list of \"steps\".");
    for (const auto& entry : *steps) {
        const std::string where = "/steps/" + std::to_string(lesson.steps.size());
        LessonStep step;
        if (!entry.is_object() || !read_texts(entry, "say", step.say) || step.say.empty())
            return mistake(lesson.file, where, "a step says something, in one text or in a list of texts.");
        if (!read_texts(entry, "do", step.commands))
            return mistake(lesson.file, where, "\"do\" is a command or a list of commands.");
        std::vector<std::string> panel;
        if (!read_texts(entry, "look_at", panel) || panel.size() > 1)
            return mistake(lesson.file, where, "\"look_at\" is the name of one panel.");
        if (!panel.empty()) step.look_at = panel[0];
        lesson.steps.push_back(std::move(step));
    }
    return lesson;
}

std::span<const Lesson> all_lessons() {
    static const std::vector<Lesson> lessons = [] {
        std::vector<Lesson> out;
        for (const EmbeddedFile& file : embedded_lessons()) {
            auto lesson = read_lesson(std::string(file.name), file.bytes);
            assert(lesson.ok() && "an embedded lesson is broken");
            if (lesson) out.push_back(std::move(lesson).value());
        }
        std::ranges::stable_partition(out, [](const Lesson& lesson) { return lesson.file == tour; });
        return out;
    }();
    return lessons;
}

const Lesson* find_lesson(std::string_view file) {
    const auto lessons = all_lessons();
    const auto found = std::ranges::find(lessons, file, &Lesson::file);
    return found == lessons.end() ? nullptr : &*found;
}

} // namespace rnnscope::ui

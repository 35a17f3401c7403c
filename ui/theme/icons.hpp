#pragma once

/// Font Awesome 4.7 code points as UTF-8 (the look's table of icons).
namespace rnnscope::ui::icon {

constexpr const char* open = "\uf07c";
constexpr const char* recent = "\uf1da";
constexpr const char* reload = "\uf021";
constexpr const char* paste_error = "\uf0ea";
constexpr const char* save = "\uf0c7";
constexpr const char* screenshot = "\uf030";
constexpr const char* copy = "\uf0c5";
constexpr const char* undo = "\uf0e2";
constexpr const char* settings = "\uf013";
constexpr const char* theme = "\uf042";
constexpr const char* resume = "\uf04b"; // continue
constexpr const char* reverse_continue = "\uf04a";
constexpr const char* step_over = "\uf051";
constexpr const char* step_back = "\uf048";
constexpr const char* step_into = "\uf149";
constexpr const char* step_out = "\uf148";
constexpr const char* to_access = "\uf04e"; // run to next write or read
constexpr const char* restart = "\uf01e";
constexpr const char* pause = "\uf04c";
constexpr const char* stop = "\uf04d";
constexpr const char* apply_fix = "\uf0ad";
constexpr const char* verified = "\uf00c";
constexpr const char* find = "\uf002";
constexpr const char* filter = "\uf0b0";
constexpr const char* go_to_failure = "\uf140";
constexpr const char* zoom_fit = "\uf065";
constexpr const char* zoom_selection = "\uf05b";
constexpr const char* expand = "\uf0fe";
constexpr const char* collapse = "\uf146";
constexpr const char* portal = "\uf0c1";
constexpr const char* back = "\uf060";
constexpr const char* forward = "\uf061";
constexpr const char* caret_down = "\uf0d7";
constexpr const char* caret_right = "\uf0da";
constexpr const char* angle_down = "\uf107";
constexpr const char* close = "\uf00d";
constexpr const char* file = "\uf15b";
constexpr const char* folder = "\uf07b";
constexpr const char* up = "\uf062";
constexpr const char* more = "\uf101"; // what has no room

constexpr const char* source = "\uf121";
constexpr const char* variables = "\uf0e8";
constexpr const char* graph = "\uf126";
constexpr const char* inspector = "\uf05a";
constexpr const char* timeline = "\uf017";
constexpr const char* problems = "\uf071";
constexpr const char* answers = "\uf059";
constexpr const char* compare = "\uf0db";
constexpr const char* preflight = "\uf0ae"; // a list with marks
constexpr const char* cell = "\uf021";      // a state that comes back
constexpr const char* states = "\uf00a";
constexpr const char* equations = "\uf1ec";
constexpr const char* lesson = "\uf19d";
constexpr const char* colors = "\uf1fc"; // what the fills of the graph say
constexpr const char* plots = "\uf201";
constexpr const char* bookmark = "\uf02e";

} // namespace rnnscope::ui::icon

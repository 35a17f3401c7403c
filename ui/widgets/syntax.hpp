#pragma once

#include "core/view/source_view.hpp"
#include "ui/widgets/draw.hpp"

#include <span>
#include <string_view>

namespace rnnscope::ui {

/// A line of Python in the colours of its syntax, vertically centred in [y, y + height). Returns the width.
float draw_python(ImDrawList& list, const Look& look, std::string_view line, std::span<const view::SyntaxSpan> syntax,
                  ImVec2 at, float height);
float draw_python(ImDrawList& list, const Look& look, std::string_view line, ImVec2 at, float height);

} // namespace rnnscope::ui

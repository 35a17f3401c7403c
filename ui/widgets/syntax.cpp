#include "ui/widgets/syntax.hpp"

namespace rnnscope::ui {

namespace {

Token syntax_token(view::Syntax kind) {
    switch (kind) {
    case view::Syntax::keyword:
        return Token::kw;
    case view::Syntax::string:
        return Token::str;
    case view::Syntax::number:
        return Token::num;
    case view::Syntax::function:
        return Token::fn;
    case view::Syntax::comment:
        return Token::text3;
    case view::Syntax::plain:
        break;
    }
    return Token::text1;
}

} // namespace

float draw_python(ImDrawList& list, const Look& look, std::string_view line, std::span<const view::SyntaxSpan> syntax,
                  ImVec2 at, float height) {
    float x = at.x;
    for (const view::SyntaxSpan& span : syntax)
        x += draw_text_in_row(list, look, TextRole::mono, x, at.y, height, syntax_token(span.kind),
                              line.substr(span.begin, span.end - span.begin));
    return x - at.x;
}

float draw_python(ImDrawList& list, const Look& look, std::string_view line, ImVec2 at, float height) {
    return draw_python(list, look, line, view::highlight_python(line), at, height);
}

} // namespace rnnscope::ui

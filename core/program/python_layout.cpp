#include "core/program/python_layout.hpp"

namespace rnnscope::program {
namespace {

bool opens_brackets(const Doc& doc) {
    return doc.kind == Doc::Kind::brackets ||
           (doc.kind == Doc::Kind::sequence && !doc.parts.empty() && doc.parts.back().kind == Doc::Kind::brackets);
}

} // namespace

std::string flat(const Doc& doc) {
    if (doc.kind == Doc::Kind::text) return doc.text;
    std::string text = doc.text;
    for (std::size_t i = 0; i < doc.parts.size(); ++i) {
        if (doc.kind == Doc::Kind::brackets && i > 0) text += ", ";
        text += flat(doc.parts[i]);
    }
    return text + doc.close;
}

void Layout::print(const Doc& doc, int indent, int reserve) {
    if (fits(doc, reserve) || doc.kind == Doc::Kind::text) {
        lines.back() += flat(doc);
    } else if (doc.kind == Doc::Kind::sequence) {
        for (std::size_t i = 0; i < doc.parts.size(); ++i) {
            int rest = reserve;
            for (std::size_t j = i + 1; j < doc.parts.size(); ++j) {
                rest += doc.parts[j].kind == Doc::Kind::brackets ? 1 : doc.parts[j].width;
                if (doc.parts[j].kind == Doc::Kind::brackets) break;
            }
            print(doc.parts[i], indent, rest);
        }
    } else {
        print_brackets(doc, indent, reserve);
    }
}

bool Layout::fits(const Doc& doc, int reserve) const {
    return static_cast<int>(lines.back().size()) + doc.width + reserve <= python_line_width;
}

void Layout::print_brackets(const Doc& doc, int indent, int reserve) {
    const int close = static_cast<int>(doc.close.size());
    lines.back() += doc.text;
    // A call around a call, or a dict as the last argument, opens on the same line.
    const bool hugs = doc.parts.size() == 1 && opens_brackets(doc.parts[0]) && first_line_fits(doc.parts[0]);
    bool trailing = !hugs && doc.parts.size() > 1 && doc.parts.back().kind == Doc::Kind::brackets &&
                    doc.parts.back().data && doc.parts.back().text == "{";
    int before = static_cast<int>(lines.back().size());
    for (std::size_t i = 0; i + 1 < doc.parts.size(); ++i) before += doc.parts[i].width + 2;
    trailing = trailing && before + 1 <= python_line_width;
    if (hugs || trailing) {
        for (std::size_t i = 0; i + 1 < doc.parts.size(); ++i) lines.back() += flat(doc.parts[i]) + ", ";
        print(doc.parts.back(), indent, close + reserve);
        lines.back() += doc.close;
        return;
    }
    const int inner = indent + python_indent;
    new_line(inner);
    for (std::size_t i = 0; i < doc.parts.size(); ++i) {
        const bool last = i + 1 == doc.parts.size();
        const int rest = last ? close + reserve : 1;
        if (!at_line_start(inner)) {
            if (static_cast<int>(lines.back().size()) + 1 + doc.parts[i].width + rest <= python_line_width)
                lines.back() += ' ';
            else
                new_line(inner);
        }
        print(doc.parts[i], inner, rest);
        if (!last) lines.back() += ',';
    }
    lines.back() += doc.close;
}

/// Is there room for what stands before the item's brackets?
bool Layout::first_line_fits(const Doc& doc) const {
    const int head = doc.kind == Doc::Kind::brackets ? 1 : doc.width - doc.parts.back().width + 1;
    return static_cast<int>(lines.back().size()) + head <= python_line_width;
}

} // namespace rnnscope::program

#include "core/graph/attr.hpp"

#include <fmt/format.h>

namespace rnnscope {
namespace {

template <class T> AttrList list_of(const std::vector<T>& values) {
    AttrList list;
    list.entries.reserve(values.size());
    for (const T& value : values) list.entries.emplace_back(value);
    return list;
}

struct AttrPrinter {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const std::string& s) const { return fmt::format("\"{}\"", s); }
    std::string operator()(std::int64_t i) const { return std::to_string(i); }
    std::string operator()(float f) const { return fmt::format("{}", f); }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(DType t) const { return std::string(dtype_name(t)); }
    std::string operator()(const Shape& s) const { return to_text(s); }
    std::string operator()(const Tensor& t) const {
        constexpr std::int64_t shown = 8;
        return t.elements() <= shown ? to_text(t) : fmt::format("<{} {}>", dtype_name(t.dtype()), to_text(t.shape()));
    }
    std::string operator()(const FunctionName& f) const { return f.name; }
    std::string operator()(const AttrList& list) const {
        std::string text = "[";
        for (std::size_t i = 0; i < list.entries.size(); ++i) {
            if (i > 0) text += ", ";
            text += to_text(list.entries[i]);
        }
        return text + "]";
    }
};

struct AttrEqual {
    template <class A, class B> bool operator()(const A&, const B&) const { return false; }
    template <class A> bool operator()(const A& a, const A& b) const {
        if constexpr (std::is_same_v<A, Tensor>)
            return a.identical(b);
        else
            return a == b;
    }
};

} // namespace

bool operator==(const AttrValue& a, const AttrValue& b) {
    return std::visit(AttrEqual{}, a.value, b.value);
}
bool operator==(const AttrList& a, const AttrList& b) {
    return a.entries == b.entries;
}
bool operator==(const FunctionName& a, const FunctionName& b) {
    static const AttrMap empty;
    return a.name == b.name && (a.attrs ? *a.attrs : empty) == (b.attrs ? *b.attrs : empty);
}

AttrList attr_list(std::vector<std::string> strings) {
    return list_of(strings);
}
AttrList attr_list(const std::vector<std::int64_t>& integers) {
    return list_of(integers);
}
AttrList attr_list(const std::vector<DType>& types) {
    return list_of(types);
}
AttrList attr_list(std::vector<Shape> shapes) {
    return list_of(shapes);
}

std::string to_text(const AttrValue& value) {
    return std::visit(AttrPrinter{}, value.value);
}

} // namespace rnnscope

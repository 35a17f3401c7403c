#pragma once

#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rnnscope {

struct AttrValue;
using AttrMap = std::map<std::string, AttrValue, std::less<>>;

/// NameAttrList of attr_value.proto: a function and its attributes.
struct FunctionName {
    std::string name;
    std::shared_ptr<const AttrMap> attrs;
    friend bool operator==(const FunctionName&, const FunctionName&);
};

/// AttrValue.ListValue. All entries are of one kind; an empty list has no kind.
struct AttrList {
    std::vector<AttrValue> entries;
    friend bool operator==(const AttrList&, const AttrList&);
};

/// The value of one attribute (AttrValue of attr_value.proto). Strings are bytes. std::monostate: nothing was set.
struct AttrValue {
    using Variant = std::variant<std::monostate, std::string, std::int64_t, float, bool, DType, Shape, Tensor,
                                 FunctionName, AttrList>;
    Variant value;

    AttrValue() = default;
    AttrValue(std::string s) : value(std::move(s)) {}
    AttrValue(const char* s) : value(std::string(s)) {}
    AttrValue(std::string_view s) : value(std::string(s)) {}
    AttrValue(std::int64_t i) : value(i) {}
    AttrValue(int i) : value(static_cast<std::int64_t>(i)) {}
    AttrValue(float f) : value(f) {}
    AttrValue(bool b) : value(b) {}
    AttrValue(DType t) : value(t) {}
    AttrValue(Shape s) : value(std::move(s)) {}
    AttrValue(Tensor t) : value(std::move(t)) {}
    AttrValue(FunctionName f) : value(std::move(f)) {}
    AttrValue(AttrList list) : value(std::move(list)) {}

    template <class T> const T* as() const { return std::get_if<T>(&value); }
    friend bool operator==(const AttrValue&, const AttrValue&);
};

/// `["loc:@v"]` and the like.
AttrList attr_list(std::vector<std::string> strings);
AttrList attr_list(const std::vector<std::int64_t>& integers);
AttrList attr_list(const std::vector<DType>& types);
AttrList attr_list(std::vector<Shape> shapes);

/// For people: `float32`, `[2, 5]`, `"NHWC"`, `true`, `["loc:@v"]`; tensors as `<float32 [2,3]>` unless they are short.
std::string to_text(const AttrValue& value);

} // namespace rnnscope

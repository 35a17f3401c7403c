#include "core/graph/from_proto.hpp"
#include "core/graph/graphdef.hpp"
#include "core/graph/quiet_protobuf.hpp"

#include "graph.pb.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <cstring>
#include <limits>

namespace rnnscope {
namespace {

/// Larger constants are refused: protobuf itself cannot hold them, so a file that claims one is damaged or hostile.
constexpr std::int64_t largest_constant = std::int64_t{1} << 31; // bytes

Error bad(std::string message) {
    return Error{"graphdef.invalid", std::move(message)};
}

Result<DType> from_proto(tensorflow::DataType type) {
    const int number = type > 100 ? type - 100 : type; // references are a property of outputs here, not of types
    if (number < 0 || number > static_cast<int>(DType::uint64))
        return bad(fmt::format("unknown data type {}", static_cast<int>(type)));
    return static_cast<DType>(number);
}

Result<Shape> from_proto(const tensorflow::TensorShapeProto& proto) {
    if (proto.unknown_rank()) return Shape::unknown_rank();
    constexpr int largest_rank = 254; // TensorShape::MaxDimensions
    if (proto.dim_size() > largest_rank)
        return bad(fmt::format("shape with {} dimensions; at most {}", proto.dim_size(), largest_rank));
    std::vector<std::int64_t> dims;
    for (const auto& dim : proto.dim()) {
        if (dim.size() < -1) return bad(fmt::format("shape with a dimension of size {}", dim.size()));
        dims.push_back(dim.size());
    }
    return Shape(std::move(dims));
}

/// Larger ones may not be described by a few values that are repeated: a file of some bytes would fill the memory.
constexpr std::int64_t largest_repeated = std::int64_t{1} << 28; // bytes

/// Number of elements, or none when it does not fit the limit for constants.
std::optional<std::int64_t> elements_within_limit(const Shape& shape, std::int64_t element_size) {
    std::int64_t elements = 1;
    for (const std::int64_t dim : shape.dims())
        if (dim == 0) return 0;
    for (const std::int64_t dim : shape.dims()) {
        if (elements > largest_constant / element_size / dim) return std::nullopt;
        elements *= dim;
    }
    return elements;
}

/// The elements of `field`; a short field repeats its last value, an empty one stands for zeros, a long one is cut.
template <class Wire, class Field> void fill(std::byte* out, std::int64_t count, const Field& field) {
    Wire value{};
    for (std::int64_t i = 0; i < count; ++i) {
        if (i < field.size()) value = static_cast<Wire>(field.Get(static_cast<int>(i)));
        std::memcpy(out + i * static_cast<std::int64_t>(sizeof value), &value, sizeof value);
    }
}

/// Like `fill` for complex numbers, whose field holds real and imaginary parts in turn.
template <class Part, class Field> void fill_complex(std::byte* out, std::int64_t count, const Field& field) {
    const int pairs = field.size() / 2;
    for (std::int64_t i = 0; i < count; ++i) {
        Part value[2] = {};
        if (pairs > 0) {
            const auto pair = static_cast<int>(std::min<std::int64_t>(i, pairs - 1));
            value[0] = field.Get(2 * pair);
            value[1] = field.Get(2 * pair + 1);
        }
        std::memcpy(out + i * static_cast<std::int64_t>(sizeof value), value, sizeof value);
    }
}

void fill_typed(std::byte* out, std::int64_t count, DType dtype, const tensorflow::TensorProto& proto) {
    switch (dtype) {
    case DType::float32:
        return fill<float>(out, count, proto.float_val());
    case DType::float64:
        return fill<double>(out, count, proto.double_val());
    case DType::int64:
        return fill<std::int64_t>(out, count, proto.int64_val());
    case DType::uint32:
        return fill<std::uint32_t>(out, count, proto.uint32_val());
    case DType::uint64:
        return fill<std::uint64_t>(out, count, proto.uint64_val());
    case DType::boolean:
        return fill<bool>(out, count, proto.bool_val());
    case DType::half:
    case DType::bfloat16:
        return fill<std::uint16_t>(out, count, proto.half_val());
    case DType::complex64:
        return fill_complex<float>(out, count, proto.scomplex_val());
    case DType::complex128:
        return fill_complex<double>(out, count, proto.dcomplex_val());
    case DType::int32:
    case DType::qint32:
        return fill<std::int32_t>(out, count, proto.int_val());
    case DType::int16:
    case DType::uint16:
    case DType::qint16:
    case DType::quint16:
        return fill<std::uint16_t>(out, count, proto.int_val());
    default: // one byte
        return fill<std::uint8_t>(out, count, proto.int_val());
    }
}

/// String tensors in tensor_content: all lengths as varint32, then all bytes (EncodeStringList).
std::optional<std::vector<std::string>> decode_strings(std::string_view content, std::int64_t count) {
    std::vector<std::size_t> lengths;
    std::size_t at = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        std::uint64_t length = 0;
        for (int shift = 0;; shift += 7) {
            if (at == content.size() || shift > 28) return std::nullopt;
            const auto byte = static_cast<unsigned char>(content[at++]);
            length |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) break;
        }
        lengths.push_back(length);
    }
    std::vector<std::string> strings;
    for (const std::size_t length : lengths) {
        if (length > content.size() - at) return std::nullopt;
        strings.emplace_back(content.substr(at, length));
        at += length;
    }
    return at == content.size() ? std::optional(std::move(strings)) : std::nullopt;
}

Result<Tensor> strings_from_proto(const tensorflow::TensorProto& proto, Shape shape, std::int64_t count) {
    if (!proto.tensor_content().empty()) {
        // Every element takes at least the byte that says its length.
        if (count > static_cast<std::int64_t>(proto.tensor_content().size()))
            return bad("string constant with too few strings");
        auto strings = decode_strings(proto.tensor_content(), count);
        if (!strings) return bad("string constant whose encoded strings are cut off");
        return Tensor::of<std::string>(std::move(shape), std::move(*strings));
    }
    std::vector<std::string> strings;
    strings.reserve(static_cast<std::size_t>(count));
    const auto& field = proto.string_val();
    for (std::int64_t i = 0; i < count; ++i)
        strings.push_back(field.empty() ? std::string()
                                        : field.Get(static_cast<int>(std::min<std::int64_t>(i, field.size() - 1))));
    return Tensor::of<std::string>(std::move(shape), std::move(strings));
}

Result<Tensor> from_proto(const tensorflow::TensorProto& proto) {
    auto dtype = from_proto(proto.dtype());
    if (!dtype) return dtype.error();
    if (*dtype == DType::invalid) return Tensor(); // an attribute that was never set
    auto shape = from_proto(proto.tensor_shape());
    if (!shape) return shape.error();
    if (!shape->fully_defined()) return bad(fmt::format("constant of incomplete shape {}", to_text(*shape)));
    // A string costs its bookkeeping even when it is empty.
    const bool is_string = *dtype == DType::string;
    const std::size_t size = is_string ? sizeof(std::string) : dtype_size(*dtype);
    if (size == 0) return bad(fmt::format("constant of type {}", dtype_name(*dtype)));
    const auto count = elements_within_limit(*shape, static_cast<std::int64_t>(size));
    if (!count) return bad(fmt::format("constant of shape {} is too large", to_text(*shape)));
    // With content, the two agree, or what is wrong is said below.
    if (proto.tensor_content().empty() && *count * static_cast<std::int64_t>(size) > largest_repeated &&
        proto.ByteSizeLong() < static_cast<std::size_t>(*count))
        return bad(
            fmt::format("constant of shape {} repeats one value more often than rnnscope stores", to_text(*shape)));
    if (is_string) return strings_from_proto(proto, std::move(*shape), *count);

    const std::size_t bytes = static_cast<std::size_t>(*count) * size;
    const std::string& content = proto.tensor_content();
    if (!content.empty() && content.size() != bytes)
        return bad(fmt::format("{} constant of shape {} has {} bytes of content instead of {}", dtype_name(*dtype),
                               to_text(*shape), content.size(), bytes));
    std::byte* data = nullptr;
    Tensor tensor = Tensor::make_bytes(*dtype, std::move(*shape), data);
    if (!content.empty())
        std::memcpy(data, content.data(), bytes);
    else
        fill_typed(data, *count, *dtype, proto);
    return tensor;
}

Result<AttrValue> from_proto(const tensorflow::AttrValue& proto);

Result<AttrMap> from_proto(const google::protobuf::Map<std::string, tensorflow::AttrValue>& proto) {
    // Sorted first, so that of several mistakes always the same one is named.
    std::map<std::string_view, const tensorflow::AttrValue*> sorted;
    for (const auto& [key, value] : proto) sorted.emplace(key, &value);
    AttrMap attrs;
    for (const auto& [key, value] : sorted) {
        auto attr = from_proto(*value);
        if (!attr) return Error{attr.error().code, fmt::format("attribute \"{}\": {}", key, attr.error().message)};
        attrs.emplace(key, *std::move(attr));
    }
    return attrs;
}

Result<AttrValue> from_proto(const tensorflow::NameAttrList& proto) {
    auto attrs = from_proto(proto.attr()); // protobuf limits how deep messages nest
    if (!attrs) return attrs.error();
    return AttrValue(FunctionName{proto.name(), std::make_shared<const AttrMap>(*std::move(attrs))});
}

template <class T> Result<AttrValue> as_attr(Result<T> value) {
    if (!value) return value.error();
    return AttrValue(*std::move(value));
}

Result<AttrValue> from_proto(const tensorflow::AttrValue::ListValue& proto) {
    AttrList list;
    for (const std::string& s : proto.s()) list.entries.emplace_back(s);
    for (const std::int64_t i : proto.i()) list.entries.emplace_back(i);
    for (const float f : proto.f()) list.entries.emplace_back(f);
    for (const bool b : proto.b()) list.entries.emplace_back(b);
    std::optional<Error> problem;
    const auto add = [&](Result<AttrValue> value) {
        if (value)
            list.entries.push_back(*std::move(value));
        else if (!problem)
            problem = value.error();
    };
    for (const int type : proto.type()) add(as_attr(from_proto(static_cast<tensorflow::DataType>(type))));
    for (const auto& shape : proto.shape()) add(as_attr(from_proto(shape)));
    for (const auto& tensor : proto.tensor()) add(as_attr(from_proto(tensor)));
    for (const auto& function : proto.func()) add(from_proto(function));
    if (problem) return *problem;
    return AttrValue(std::move(list));
}

Result<AttrValue> from_proto(const tensorflow::AttrValue& proto) {
    switch (proto.value_case()) {
    case tensorflow::AttrValue::kS:
        return AttrValue(proto.s());
    case tensorflow::AttrValue::kI:
        return AttrValue(static_cast<std::int64_t>(proto.i()));
    case tensorflow::AttrValue::kF:
        return AttrValue(proto.f());
    case tensorflow::AttrValue::kB:
        return AttrValue(proto.b());
    case tensorflow::AttrValue::kType:
        return as_attr(from_proto(proto.type()));
    case tensorflow::AttrValue::kShape:
        return as_attr(from_proto(proto.shape()));
    case tensorflow::AttrValue::kTensor:
        return as_attr(from_proto(proto.tensor()));
    case tensorflow::AttrValue::kList:
        return from_proto(proto.list());
    case tensorflow::AttrValue::kFunc:
        return from_proto(proto.func());
    case tensorflow::AttrValue::kPlaceholder:
        return bad(fmt::format("stands for the function attribute \"{}\", which only function bodies may",
                               proto.placeholder()));
    case tensorflow::AttrValue::VALUE_NOT_SET:
        return AttrValue();
    }
    return AttrValue();
}

} // namespace

Result<DType> dtype_from_proto(int type) {
    return from_proto(static_cast<tensorflow::DataType>(type));
}

Result<Shape> shape_from_proto(const tensorflow::TensorShapeProto& proto) {
    return from_proto(proto);
}

Result<NodeDefData> node_from_proto(const tensorflow::NodeDef& proto) {
    auto attrs = from_proto(proto.attr());
    if (!attrs) return Error{attrs.error().code, fmt::format("node \"{}\", {}", proto.name(), attrs.error().message)};
    NodeDefData node{proto.name(), proto.op(), proto.device(), {}, *std::move(attrs)};
    node.inputs.assign(proto.input().begin(), proto.input().end());
    return node;
}

namespace {

Result<std::vector<NodeDefData>> from_proto(const tensorflow::GraphDef& def) {
    std::vector<NodeDefData> nodes;
    nodes.reserve(static_cast<std::size_t>(def.node_size()));
    for (const tensorflow::NodeDef& proto : def.node()) {
        auto node = node_from_proto(proto);
        if (!node) return node.error();
        nodes.push_back(*std::move(node));
    }
    return nodes;
}

} // namespace

Result<std::vector<NodeDefData>> parse_graphdef_json(const std::string& text) {
    const QuietProtobuf quiet;
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true; // function libraries, fields of later versions
    tensorflow::GraphDef def;
    const auto status = google::protobuf::util::JsonStringToMessage(text, &def, options);
    if (!status.ok())
        return Error{"graphdef.json", fmt::format("not a GraphDef in JSON: {}", std::string(status.message()))};
    return from_proto(def);
}

Result<std::vector<NodeDefData>> parse_graphdef_binary(const std::string& bytes) {
    const QuietProtobuf quiet;
    tensorflow::GraphDef def;
    if (!def.ParseFromString(bytes))
        return Error{"graphdef.binary", "not a GraphDef: the bytes are not a protobuf message of that kind"};
    return from_proto(def);
}

} // namespace rnnscope

#include "core/graph/from_proto.hpp"
#include "core/graph/graphdef.hpp"
#include "core/graph/quiet_protobuf.hpp"

#include "graph.pb.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>

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

/// Larger ones of strings may not be described by a few that are repeated: a file of some bytes would fill the memory.
constexpr std::int64_t largest_repeated_strings = std::int64_t{1} << 20; // bytes
/// Repeated numbers that take more are made when a run needs them.
constexpr std::size_t largest_made_at_once = 256; // bytes

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

Result<Tensor> strings_from_proto(const tensorflow::TensorProto& proto, std::string_view content, Shape shape,
                                  std::int64_t count) {
    if (!content.empty()) {
        // Every element takes at least the byte that says its length.
        if (count > static_cast<std::int64_t>(content.size())) return bad("string constant with too few strings");
        auto strings = decode_strings(content, count);
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

/// Is `field` the one that values of the type are read from?
bool holds_values_of(const TensorField& field, DType dtype) {
    return (field.number == tensorflow::TensorProto::kFloatValFieldNumber && dtype == DType::float32) ||
           (field.number == tensorflow::TensorProto::kDoubleValFieldNumber && dtype == DType::float64);
}

/// As `fill`, from numbers that lie in the file as in memory. `packed` holds whole numbers.
void fill_packed(std::byte* out, std::size_t bytes, std::size_t size, std::string_view packed) {
    std::size_t at = std::min(bytes, packed.size());
    if (at == 0) {
        std::fill_n(out, bytes, std::byte{0});
        return;
    }
    std::memcpy(out, packed.data(), at);
    for (; at < bytes; at += size) std::memcpy(out + at, out + at - size, size);
}

/// How many elements the fields for numbers give at most; only one of them is that of the tensor's type.
std::size_t values_in(const tensorflow::TensorProto& proto) {
    return static_cast<std::size_t>(
        std::max({proto.float_val_size(), proto.double_val_size(), proto.int_val_size(), proto.int64_val_size(),
                  proto.bool_val_size(), proto.half_val_size(), proto.uint32_val_size(), proto.uint64_val_size(),
                  proto.scomplex_val_size() / 2, proto.dcomplex_val_size() / 2}));
}

/// `taken`: a field that `proto` is without, or null.
Result<Tensor> from_proto(const tensorflow::TensorProto& proto, const TensorField* taken = nullptr) {
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
    const bool has_taken_content =
        taken != nullptr && taken->number == tensorflow::TensorProto::kTensorContentFieldNumber;
    const std::string_view content = has_taken_content ? taken->bytes : std::string_view(proto.tensor_content());
    const bool repeats_strings = is_string && content.empty() && *count > proto.string_val_size();
    if (repeats_strings && *count * static_cast<std::int64_t>(size) > largest_repeated_strings)
        return bad(
            fmt::format("constant of shape {} repeats one string more often than rnnscope stores", to_text(*shape)));
    if (is_string) return strings_from_proto(proto, content, std::move(*shape), *count);

    const std::size_t bytes = static_cast<std::size_t>(*count) * size;
    if (!content.empty() && content.size() != bytes)
        return bad(fmt::format("{} constant of shape {} has {} bytes of content instead of {}", dtype_name(*dtype),
                               to_text(*shape), content.size(), bytes));
    if (!content.empty()) return Tensor::from_bytes(*dtype, std::move(*shape), std::as_bytes(std::span(content)));

    const bool is_packed = taken != nullptr && holds_values_of(*taken, *dtype);
    if (is_packed && taken->bytes.size() % size != 0)
        return bad(fmt::format("{} constant with a part of a number", dtype_name(*dtype)));
    const auto fill_in = [&](std::byte* out, std::size_t elements) {
        if (is_packed)
            fill_packed(out, elements * size, size, taken->bytes);
        else
            fill_typed(out, static_cast<std::int64_t>(elements), *dtype, proto);
    };
    const std::size_t given = is_packed ? taken->bytes.size() / size : values_in(proto);
    if (bytes > largest_made_at_once && given < static_cast<std::size_t>(*count) / 2) {
        std::vector<std::byte> head(given * size);
        fill_in(head.data(), given);
        return Tensor::repeated(*dtype, std::move(*shape), head);
    }
    std::byte* data = nullptr;
    Tensor tensor = Tensor::make_bytes(*dtype, std::move(*shape), data);
    fill_in(data, static_cast<std::size_t>(*count));
    return tensor;
}

Result<AttrValue> from_proto(const tensorflow::AttrValue& proto, const TensorField* taken = nullptr);

Result<AttrMap> from_proto(const google::protobuf::Map<std::string, tensorflow::AttrValue>& proto,
                           const ConstantValues& values = {}) {
    // Sorted first, so that of several mistakes always the same one is named.
    std::map<std::string_view, const tensorflow::AttrValue*> sorted;
    for (const auto& [key, value] : proto) sorted.emplace(key, &value);
    AttrMap attrs;
    for (const auto& [key, value] : sorted) {
        const auto taken = values.find(key);
        auto attr = from_proto(*value, taken == values.end() ? nullptr : &taken->second);
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

Result<AttrValue> from_proto(const tensorflow::AttrValue& proto, const TensorField* taken) {
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
        return as_attr(from_proto(proto.tensor(), taken));
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

Result<NodeDefData> node_from_proto(const tensorflow::NodeDef& proto, const ConstantValues& values) {
    auto attrs = from_proto(proto.attr(), values);
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

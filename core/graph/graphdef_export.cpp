#include "core/graph/graphdef.hpp"

#include "graph.pb.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <cstring>

namespace rnnscope {
namespace {

constexpr int graphdef_producer = 134; // TF_GRAPH_DEF_VERSION of 1.15

tensorflow::DataType to_proto(DType dtype) {
    return static_cast<tensorflow::DataType>(dtype); // the numbers are the same by definition
}

void to_proto(const Shape& shape, tensorflow::TensorShapeProto& proto) {
    if (!shape.has_rank()) {
        proto.set_unknown_rank(true);
        return;
    }
    for (const std::int64_t dim : shape.dims()) proto.add_dim()->set_size(dim);
}

/// Python keeps a given array as bytes; types outside its list go to their typed field.
bool uses_tensor_content(DType dtype) {
    switch (dtype) {
    case DType::float32:
    case DType::float64:
    case DType::int32:
    case DType::int64:
    case DType::uint8:
    case DType::uint16:
    case DType::uint32:
    case DType::uint64:
    case DType::int8:
    case DType::int16:
    case DType::qint8:
    case DType::quint8:
    case DType::qint16:
    case DType::quint16:
    case DType::qint32:
        return true;
    default:
        return false;
    }
}

template <class T> T bits_at(const Tensor& tensor, std::size_t i) {
    T value{};
    std::memcpy(&value, tensor.bytes().data() + i * sizeof(T), sizeof(T));
    return value;
}

/// The first `count` elements in the field that their type has in TensorProto.
void add_typed_values(const Tensor& tensor, std::size_t count, tensorflow::TensorProto& proto) {
    for (std::size_t i = 0; i < count; ++i) {
        switch (tensor.dtype()) {
        case DType::float32:
            proto.add_float_val(bits_at<float>(tensor, i));
            break;
        case DType::float64:
            proto.add_double_val(bits_at<double>(tensor, i));
            break;
        case DType::int64:
            proto.add_int64_val(bits_at<std::int64_t>(tensor, i));
            break;
        case DType::uint32:
            proto.add_uint32_val(bits_at<std::uint32_t>(tensor, i));
            break;
        case DType::uint64:
            proto.add_uint64_val(bits_at<std::uint64_t>(tensor, i));
            break;
        case DType::boolean:
            proto.add_bool_val(bits_at<std::uint8_t>(tensor, i) != 0);
            break;
        case DType::half:
        case DType::bfloat16:
            proto.add_half_val(bits_at<std::uint16_t>(tensor, i));
            break;
        case DType::complex64:
            proto.add_scomplex_val(bits_at<float>(tensor, 2 * i));
            proto.add_scomplex_val(bits_at<float>(tensor, 2 * i + 1));
            break;
        case DType::complex128:
            proto.add_dcomplex_val(bits_at<double>(tensor, 2 * i));
            proto.add_dcomplex_val(bits_at<double>(tensor, 2 * i + 1));
            break;
        case DType::string:
            proto.add_string_val(tensor.strings()[i]);
            break;
        case DType::resource:
        case DType::variant:
        case DType::invalid:
            break; // have no constants
        default:   // the 32 bit and narrower integers, quantised ones included, share int_val
            proto.add_int_val(static_cast<std::int32_t>(tensor.integer(static_cast<std::int64_t>(i))));
        }
    }
}

bool all_equal(const Tensor& tensor) {
    const std::span<const std::byte> bytes = tensor.bytes();
    const std::size_t size = dtype_size(tensor.dtype());
    for (std::size_t at = size; at < bytes.size(); at += size)
        if (std::memcmp(bytes.data(), bytes.data() + at, size) != 0) return false;
    return true;
}

/// As Python's make_tensor_proto does, which remembers whether an array or a fill was given. A Tensor does not: floats
/// that are all equal are written as the fills that initializers make, integers as the shapes and permutations that
/// are given as arrays.
void to_proto(const Tensor& tensor, tensorflow::TensorProto& proto) {
    if (!tensor) return;
    proto.set_dtype(to_proto(tensor.dtype()));
    to_proto(tensor.shape(), *proto.mutable_tensor_shape());
    const auto count = static_cast<std::size_t>(tensor.elements());
    const bool is_fill = count > 1 && is_floating(tensor.dtype()) && all_equal(tensor);
    if (count > 1 && !is_fill && uses_tensor_content(tensor.dtype())) {
        const std::span<const std::byte> bytes = tensor.bytes();
        proto.set_tensor_content(bytes.data(), bytes.size());
    } else {
        add_typed_values(tensor, is_fill ? 1 : count, proto);
    }
}

void to_proto(const AttrValue& value, tensorflow::AttrValue& proto);

void to_proto(const FunctionName& function, tensorflow::NameAttrList& proto) {
    proto.set_name(function.name);
    if (!function.attrs) return;
    for (const auto& [key, value] : *function.attrs) to_proto(value, (*proto.mutable_attr())[key]);
}

struct ListWriter {
    tensorflow::AttrValue::ListValue& list;

    void operator()(std::monostate) const {}
    void operator()(const std::string& s) const { list.add_s(s); }
    void operator()(std::int64_t i) const { list.add_i(i); }
    void operator()(float f) const { list.add_f(f); }
    void operator()(bool b) const { list.add_b(b); }
    void operator()(DType t) const { list.add_type(to_proto(t)); }
    void operator()(const Shape& s) const { to_proto(s, *list.add_shape()); }
    void operator()(const Tensor& t) const { to_proto(t, *list.add_tensor()); }
    void operator()(const FunctionName& f) const { to_proto(f, *list.add_func()); }
    void operator()(const AttrList&) const { assert(false && "attributes have no lists of lists"); }
};

struct AttrWriter {
    tensorflow::AttrValue& proto;

    void operator()(std::monostate) const {}
    void operator()(const std::string& s) const { proto.set_s(s); }
    void operator()(std::int64_t i) const { proto.set_i(i); }
    void operator()(float f) const { proto.set_f(f); }
    void operator()(bool b) const { proto.set_b(b); }
    void operator()(DType t) const { proto.set_type(to_proto(t)); }
    void operator()(const Shape& s) const { to_proto(s, *proto.mutable_shape()); }
    void operator()(const Tensor& t) const { to_proto(t, *proto.mutable_tensor()); }
    void operator()(const FunctionName& f) const { to_proto(f, *proto.mutable_func()); }
    void operator()(const AttrList& entries) const {
        ListWriter writer{*proto.mutable_list()};
        for (const AttrValue& entry : entries.entries) std::visit(writer, entry.value);
    }
};

void to_proto(const AttrValue& value, tensorflow::AttrValue& proto) {
    std::visit(AttrWriter{proto}, value.value);
}

tensorflow::GraphDef to_proto(const Graph& graph) {
    tensorflow::GraphDef def;
    for (const Node& node : graph.nodes()) {
        tensorflow::NodeDef& proto = *def.add_node();
        proto.set_name(node.name);
        proto.set_op(node.op);
        proto.set_device(node.device);
        for (const Output& input : node.inputs) proto.add_input(graph.input_text(input));
        std::vector<std::string> controls;
        controls.reserve(node.control_inputs.size());
        for (const NodeId control : node.control_inputs) controls.push_back("^" + graph.node(control).name);
        std::ranges::sort(controls);
        for (std::string& control : controls) proto.add_input(std::move(control));
        for (const auto& [key, value] : node.attrs) to_proto(value, (*proto.mutable_attr())[key]);
    }
    def.mutable_versions()->set_producer(graphdef_producer);
    return def;
}

/// Protobuf maps have no order of their own; this is the one way to get one.
std::string serialize(const google::protobuf::Message& message) {
    std::string bytes;
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
    coded.Trim();
    return bytes;
}

} // namespace

std::string to_node_def_binary(const NodeDefData& node) {
    tensorflow::NodeDef proto;
    proto.set_name(node.name);
    proto.set_op(node.op);
    proto.set_device(node.device);
    for (const std::string& input : node.inputs) proto.add_input(input);
    for (const auto& [key, value] : node.attrs) to_proto(value, (*proto.mutable_attr())[key]);
    return serialize(proto);
}

std::string to_graphdef_binary(const Graph& graph) {
    return serialize(to_proto(graph));
}

std::string to_graphdef_text(const Graph& graph) {
    std::string text;
    google::protobuf::TextFormat::PrintToString(to_proto(graph), &text); // sorts map entries itself
    return text;
}

std::string to_graphdef_json(const Graph& graph) {
    // From the binary form, because that keeps the order of map entries.
    const std::string bytes = serialize(to_proto(graph));
    const std::unique_ptr<google::protobuf::util::TypeResolver> resolver(
        google::protobuf::util::NewTypeResolverForDescriptorPool("type.googleapis.com",
                                                                 tensorflow::GraphDef::descriptor()->file()->pool()));
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = true;
    options.preserve_proto_field_names = true;
    std::string json;
    [[maybe_unused]] const auto status = google::protobuf::util::BinaryToJsonString(
        resolver.get(), "type.googleapis.com/tensorflow.GraphDef", bytes, &json, options);
    assert(status.ok() && "a GraphDef of ours can be printed");
    return json;
}

} // namespace rnnscope

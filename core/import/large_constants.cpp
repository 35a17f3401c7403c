#include "core/import/large_constants.hpp"

#include "core/import/wire.hpp"

#include "graph.pb.h"

namespace rnnscope {
namespace {

/// Less than this may be copied once more.
constexpr std::size_t large = std::size_t{1} << 16; // bytes

/// Appends a field of text, bytes or a message.
void append(std::string& message, std::uint32_t number, std::string_view bytes) {
    const auto varint = [&](std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) message += static_cast<char>(value | 0x80);
        message += static_cast<char>(value);
    };
    varint(std::uint64_t{number} << 3 | 2);
    varint(bytes.size());
    message += bytes;
}

/// `message` with every field for which `replace(field, result)` did not append something else; false when damaged.
template <class Replace> bool rewrite(std::string_view message, std::string& result, Replace replace) {
    WireReader reader(message);
    std::size_t begin = 0;
    while (const auto field = reader.next()) {
        if (!replace(*field, result)) result += message.substr(begin, reader.offset() - begin);
        begin = reader.offset();
    }
    return reader.problem() == nullptr;
}

bool is_large(const WireReader::Field& field, int number) {
    return field.number == static_cast<std::uint32_t>(number) && field.type == WireReader::Type::bytes &&
           field.bytes.size() > large;
}

/// Takes the values out of a TensorProto. Of several fields, protobuf would take the last content but all numbers.
bool take_values(std::string_view tensor, std::string& result, std::vector<ConstantValues::mapped_type>& values) {
    using Proto = tensorflow::TensorProto;
    return rewrite(tensor, result, [&](const WireReader::Field& field, std::string&) {
        // Packed numbers of fixed size lie in the file as in memory.
        if (field.number != Proto::kTensorContentFieldNumber && field.number != Proto::kFloatValFieldNumber &&
            field.number != Proto::kDoubleValFieldNumber)
            return false;
        values.push_back({field.bytes, field.number});
        return field.type == WireReader::Type::bytes;
    });
}

/// The same for an AttrValue that is a tensor.
bool take_from_value(std::string_view value, std::string& result, std::vector<ConstantValues::mapped_type>& values) {
    bool is_whole = true;
    return rewrite(value, result,
                   [&](const WireReader::Field& field, std::string& out) {
                       if (!is_large(field, tensorflow::AttrValue::kTensorFieldNumber)) return false;
                       std::string tensor;
                       is_whole = take_values(field.bytes, tensor, values) && is_whole;
                       append(out, field.number, tensor);
                       return true;
                   }) &&
           is_whole;
}

} // namespace

LeanNode without_large_constants(std::string_view bytes) {
    LeanNode lean;
    if (bytes.size() <= large) return lean;
    bool is_whole = true;
    const auto attribute = [&](const WireReader::Field& field, std::string& out) {
        if (!is_large(field, tensorflow::NodeDef::kAttrFieldNumber)) return false;
        std::string entry, key;
        std::vector<ConstantValues::mapped_type> values;
        is_whole = rewrite(field.bytes, entry,
                           [&](const WireReader::Field& part, std::string& rest) {
                               if (part.number == 1) key = part.bytes;
                               if (!is_large(part, 2)) return false;
                               std::string value;
                               is_whole = take_from_value(part.bytes, value, values) && is_whole;
                               append(rest, part.number, value);
                               return true;
                           }) &&
                   is_whole;
        // What is said twice is for protobuf to sort out.
        if (values.size() > 1 || (!values.empty() && lean.values.contains(key))) is_whole = false;
        if (values.size() == 1) lean.values.emplace(key, values[0]);
        append(out, field.number, entry);
        return true;
    };
    is_whole = rewrite(bytes, lean.message, attribute) && is_whole;
    if (!is_whole || lean.values.empty()) return {};
    return lean;
}

} // namespace rnnscope

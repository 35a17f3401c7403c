#include "core/import/node_defs.hpp"

#include "core/graph/from_proto.hpp"
#include "core/import/wire.hpp"

#include "graph.pb.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

namespace rnnscope {
namespace {

/// A tensor that takes more is kept as one; the rest is cheaper to make again.
constexpr std::size_t kept_from = std::size_t{1} << 16; // bytes

bool is_large(const AttrValue& value) {
    const auto* tensor = value.as<Tensor>();
    return tensor != nullptr && *tensor && tensor->byte_size() > kept_from;
}

bool is_text(const WireReader::Field& field, int number) {
    return field.number == static_cast<std::uint32_t>(number) && field.type == WireReader::Type::bytes;
}

std::string_view key_of(const WireReader::Field& attr) {
    WireReader reader(attr.bytes);
    std::string_view key;
    while (const auto part = reader.next())
        if (is_text(*part, 1)) key = part->bytes;
    return key;
}

} // namespace

struct NodeDefs::Storage {
    struct Entry {
        const char* bytes = nullptr;
        std::uint32_t size = 0;
        std::uint32_t first_tensor = 0; ///< those of one node end where the next one's begin
    };
    struct LargeTensor {
        std::string attr;
        Tensor value;
    };

    std::vector<Entry> entries;
    std::vector<LargeTensor> tensors;
    std::vector<std::unique_ptr<char[]>> chunks;
    char* free = nullptr; ///< in the last chunk
    std::size_t free_size = 0, chunk_size = std::size_t{1} << 12;

    std::string_view message(std::size_t i) const { return {entries[i].bytes, entries[i].size}; }

    /// Room that never moves.
    char* allocate(std::size_t size) {
        if (size > free_size) {
            constexpr std::size_t most = std::size_t{1} << 20;
            chunk_size = std::min(2 * chunk_size, most);
            free_size = std::max(size, chunk_size);
            free = chunks.emplace_back(new char[free_size]).get();
        }
        free_size -= size;
        return std::exchange(free, free + size);
    }

    /// Of a field that a message has once; of several the last counts, as for protobuf.
    std::string_view text(std::size_t i, int number) const {
        WireReader reader(message(i));
        std::string_view result;
        while (const auto field = reader.next())
            if (is_text(*field, number)) result = field->bytes;
        return result;
    }
};

NodeDefs::NodeDefs() : storage_(std::make_shared<Storage>()) {}

NodeDefs::NodeDefs(const std::vector<NodeDefData>& nodes) : NodeDefs() {
    for (const NodeDefData& node : nodes) add(to_node_def_binary(node), node);
}

NodeDefs::NodeDefs(std::initializer_list<NodeDefData> nodes) : NodeDefs(std::vector(nodes)) {}

std::size_t NodeDefs::size() const {
    return storage_->entries.size();
}

void NodeDefs::add(std::string_view message, const NodeDefData& node) {
    assert(storage_.use_count() == 1 && "what copies share must not change");
    const auto first = static_cast<std::uint32_t>(storage_->tensors.size());
    for (const auto& [key, value] : node.attrs)
        if (is_large(value)) storage_->tensors.push_back({key, *value.as<Tensor>()});
    const auto is_kept_apart = [&](const WireReader::Field& field) {
        if (!is_text(field, tensorflow::NodeDef::kAttrFieldNumber)) return false;
        const auto attr = node.attrs.find(key_of(field));
        return attr != node.attrs.end() && is_large(attr->second);
    };
    std::string rest;
    if (first < storage_->tensors.size()) {
        WireReader reader(message);
        std::size_t begin = 0;
        while (const auto field = reader.next()) {
            if (!is_kept_apart(*field)) rest += message.substr(begin, reader.offset() - begin);
            begin = reader.offset();
        }
        message = rest;
    }
    char* bytes = storage_->allocate(message.size());
    if (!message.empty()) std::memcpy(bytes, message.data(), message.size());
    storage_->entries.push_back({bytes, static_cast<std::uint32_t>(message.size()), first});
}

NodeDefData NodeDefs::operator[](std::size_t i) const {
    const std::string_view message = storage_->message(i);
    tensorflow::NodeDef proto;
    [[maybe_unused]] const bool is_read = proto.ParseFromArray(message.data(), static_cast<int>(message.size()));
    auto node = is_read ? node_from_proto(proto) : Result<NodeDefData>(NodeDefData{});
    assert(is_read && node.ok() && "it was read before it was added");
    const std::size_t end = i + 1 < size() ? storage_->entries[i + 1].first_tensor : storage_->tensors.size();
    for (std::size_t t = storage_->entries[i].first_tensor; t < end; ++t)
        node->attrs.emplace(storage_->tensors[t].attr, storage_->tensors[t].value);
    return *std::move(node);
}

std::string_view NodeDefs::name(std::size_t i) const {
    return storage_->text(i, tensorflow::NodeDef::kNameFieldNumber);
}

std::string_view NodeDefs::op(std::size_t i) const {
    return storage_->text(i, tensorflow::NodeDef::kOpFieldNumber);
}

std::vector<std::string_view> NodeDefs::inputs(std::size_t i) const {
    WireReader reader(storage_->message(i));
    std::vector<std::string_view> result;
    while (const auto field = reader.next())
        if (is_text(*field, tensorflow::NodeDef::kInputFieldNumber)) result.push_back(field->bytes);
    return result;
}

} // namespace rnnscope

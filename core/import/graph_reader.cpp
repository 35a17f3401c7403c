#include "core/import/graph_reader.hpp"

#include "core/graph/from_proto.hpp"
#include "core/import/large_constants.hpp"

#include "graph.pb.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace rnnscope {
namespace {

/// More would only scroll the first away.
constexpr std::size_t most_problems = 20;

/// Collections whose entries are VariableDefs (ops.register_proto_function in 1.15).
constexpr std::array<std::string_view, 7> variable_collections{
    "variables",        "trainable_variables", "local_variables",         "model_variables",
    "metric_variables", "global_step",         "moving_average_variables"};

std::vector<std::pair<std::string, std::string>>
tensor_names(const google::protobuf::Map<std::string, tensorflow::TensorInfo>& infos) {
    std::vector<std::pair<std::string, std::string>> names;
    for (const auto& [argument, info] : infos) names.emplace_back(argument, info.name());
    std::ranges::sort(names);
    return names;
}

std::vector<FunctionData::Argument>
arguments(const google::protobuf::RepeatedPtrField<tensorflow::OpDef::ArgDef>& protos) {
    std::vector<FunctionData::Argument> result;
    for (const auto& proto : protos) {
        const auto dtype = dtype_from_proto(proto.type());
        result.push_back({proto.name(), dtype ? *dtype : DType::invalid});
    }
    return result;
}

} // namespace

void GraphReader::report(std::size_t offset, std::string message, std::string remedy) {
    if (problems_.size() >= most_problems) return;
    if (has_offsets_) message = fmt::format("at byte {}: {}", offset, message);
    problems_.push_back({"graph.damaged", std::move(message), {file_.path, 0, 0, {}, 0}, std::move(remedy)});
}

void GraphReader::check_end(const WireReader& reader, std::string_view what) {
    if (reader.problem() == nullptr) return;
    report(reader.offset(), fmt::format("the {} is damaged: {}", what, reader.problem()),
           "the file is cut off or was changed; get it again");
}

void GraphReader::note_unknown(std::string_view message, std::uint32_t field) {
    if (noted_unknown_) return;
    noted_unknown_ = true;
    file_.notes.push_back(
        {"graph.unknown-field",
         fmt::format("the {} has a field ({}) that TensorFlow 1.15 does not know; it is left out", message, field),
         {file_.path, 0, 0, {}, 0},
         ""});
}

template <class Message>
bool GraphReader::parse(const WireReader::Field& field, Message& message, std::string_view what) {
    if (field.type == WireReader::Type::bytes &&
        message.ParseFromArray(field.bytes.data(), static_cast<int>(field.bytes.size())))
        return true;
    report(field.offset, fmt::format("the bytes are no {}", what), "the file was changed; get it again");
    return false;
}

void GraphReader::read(std::string_view message, std::size_t offset) {
    switch (file_.kind) {
    case GraphFile::Kind::graph_def:
        return read_graph(message, offset);
    case GraphFile::Kind::meta_graph:
        return read_meta_graph(message, offset);
    case GraphFile::Kind::saved_model:
        return read_saved_model(message, offset);
    }
}

void GraphReader::read_graph(std::string_view message, std::size_t offset) {
    WireReader reader(message, offset);
    while (const auto field = reader.next()) {
        switch (field->number) {
        case tensorflow::GraphDef::kNodeFieldNumber:
            add_node(*field);
            break;
        case tensorflow::GraphDef::kLibraryFieldNumber:
            if (field->type == WireReader::Type::bytes) read_library(field->bytes, field->contents);
            break;
        case tensorflow::GraphDef::kVersionsFieldNumber: {
            tensorflow::VersionDef versions;
            if (parse(*field, versions, "VersionDef")) file_.producer = versions.producer();
            break;
        }
        case tensorflow::GraphDef::kVersionFieldNumber:
            if (file_.producer == 0) file_.producer = static_cast<int>(field->value);
            break;
        default:
            note_unknown("GraphDef", field->number);
        }
    }
    check_end(reader, "graph");
}

namespace {

/// Bytes that the tensors among the attributes take, those of functions and lists included. A string costs its
/// bookkeeping even when it is empty; repeated values take none yet.
std::size_t tensor_bytes(const AttrMap& attrs);

std::size_t tensor_bytes(const AttrValue& value) {
    std::size_t bytes = 0;
    if (const auto* tensor = value.as<Tensor>(); tensor != nullptr && *tensor && !tensor->is_repeated())
        bytes = tensor->byte_size() + (tensor->dtype() == DType::string ? tensor->strings().size_bytes() : 0);
    if (const auto* function = value.as<FunctionName>(); function != nullptr && function->attrs != nullptr)
        bytes = tensor_bytes(*function->attrs);
    if (const auto* list = value.as<AttrList>())
        for (const AttrValue& entry : list->entries) bytes += tensor_bytes(entry);
    return bytes;
}

std::size_t tensor_bytes(const AttrMap& attrs) {
    std::size_t bytes = 0;
    for (const auto& [key, value] : attrs) bytes += tensor_bytes(value);
    return bytes;
}

} // namespace

/// Does the node fit what the file's constants may take beyond its own size? Reports once that it does not.
bool GraphReader::fits(const NodeDefData& node, std::size_t own_size, std::size_t offset) {
    constexpr std::size_t most_beyond = std::size_t{1} << 26;
    const std::size_t bytes = tensor_bytes(node.attrs);
    bytes_beyond_ += bytes - std::min(bytes, own_size);
    if (bytes_beyond_ <= most_beyond) return true;
    is_full_ = true;
    report(offset, fmt::format("node \"{}\": the constants up to here take {} MB more than the file has for them",
                               node.name, most_beyond >> 20));
    return false;
}

void GraphReader::add_node(const WireReader::Field& field) {
    if (is_full_) return;
    const LeanNode lean = without_large_constants(field.bytes);
    WireReader::Field message = field;
    if (!lean.values.empty()) message.bytes = lean.message;
    tensorflow::NodeDef proto;
    if (!parse(message, proto, fmt::format("NodeDef (node {} of the graph)", file_.nodes.size()))) return;
    auto node = node_from_proto(proto, lean.values);
    if (!node)
        report(field.offset, node.error().message);
    else if (fits(*node, field.bytes.size(), field.offset))
        file_.nodes.add(message.bytes, *node);
}

void GraphReader::read_library(std::string_view message, std::size_t offset) {
    WireReader reader(message, offset);
    while (const auto field = reader.next())
        if (field->number == tensorflow::FunctionDefLibrary::kFunctionFieldNumber) add_function(*field);
    check_end(reader, "function library");
}

void GraphReader::add_function(const WireReader::Field& field) {
    tensorflow::FunctionDef proto;
    if (is_full_ || !parse(field, proto, "FunctionDef")) return;
    FunctionData function{proto.signature().name(),
                          arguments(proto.signature().input_arg()),
                          arguments(proto.signature().output_arg()),
                          {}};
    for (tensorflow::NodeDef& body : *proto.mutable_node_def()) {
        // What the caller's attribute says is not known here; its name is what can be shown.
        for (auto& [key, value] : *body.mutable_attr())
            if (value.value_case() == tensorflow::AttrValue::kPlaceholder) value.set_s("$" + value.placeholder());
        if (is_full_) return;
        auto node = node_from_proto(body);
        if (!node)
            report(field.offset, fmt::format("function \"{}\", {}", function.name, node.error().message));
        else if (fits(*node, body.ByteSizeLong(), field.offset))
            function.nodes.add(body.SerializeAsString(), *node);
        body.Clear(); // its constants are in `node` now
    }
    file_.functions.push_back(std::move(function));
}

void GraphReader::read_meta_graph(std::string_view message, std::size_t offset) {
    WireReader reader(message, offset);
    while (const auto field = reader.next()) {
        switch (field->number) {
        case tensorflow::MetaGraphDef::kMetaInfoDefFieldNumber:
            read_meta_info(*field);
            break;
        case tensorflow::MetaGraphDef::kGraphDefFieldNumber:
            if (field->type == WireReader::Type::bytes) read_graph(field->bytes, field->contents);
            break;
        case tensorflow::MetaGraphDef::kSaverDefFieldNumber:
            read_saver(*field);
            break;
        case tensorflow::MetaGraphDef::kCollectionDefFieldNumber:
            add_collection(*field);
            break;
        case tensorflow::MetaGraphDef::kSignatureDefFieldNumber:
            add_signature(*field);
            break;
        case 6: // asset files
        case 7: // object graph of TensorFlow 2
            break;
        default:
            note_unknown("MetaGraphDef", field->number);
        }
    }
    check_end(reader, "MetaGraphDef");
    std::ranges::sort(file_.signatures, {}, &SignatureData::key);
}

void GraphReader::read_meta_info(const WireReader::Field& field) {
    tensorflow::MetaGraphDef::MetaInfoDef info;
    if (!parse(field, info, "MetaInfoDef")) return;
    file_.tensorflow_version = info.tensorflow_version();
    file_.tags.assign(info.tags().begin(), info.tags().end());
}

void GraphReader::read_saver(const WireReader::Field& field) {
    tensorflow::SaverDef saver;
    if (!parse(field, saver, "SaverDef")) return;
    file_.saver = SaverData{saver.filename_tensor_name(), saver.save_tensor_name(), saver.restore_op_name(),
                            saver.sharded(), saver.version()};
}

namespace {

/// The value of a map entry whose value is a message; its key goes to `key`.
std::optional<WireReader::Field> map_entry(const WireReader::Field& field, std::string& key) {
    std::optional<WireReader::Field> value;
    if (field.type != WireReader::Type::bytes) return value;
    WireReader reader(field.bytes, field.contents);
    while (const auto part = reader.next()) {
        if (part->number == 1) key = part->bytes;
        if (part->number == 2) value = part;
    }
    if (!value && reader.problem() == nullptr) { // an empty value may be left out
        value.emplace();
        value->type = WireReader::Type::bytes;
        value->offset = field.offset;
    }
    return reader.problem() == nullptr ? value : std::nullopt;
}

} // namespace

void GraphReader::add_collection(const WireReader::Field& field) {
    std::string key;
    const auto value = map_entry(field, key);
    tensorflow::CollectionDef proto;
    if (!value || !parse(*value, proto, fmt::format("CollectionDef (\"{}\")", key))) {
        if (!value) report(field.offset, "the bytes are no entry of collection_def");
        return;
    }
    CollectionData& collection = file_.collections[key];
    const bool holds_variables = std::ranges::find(variable_collections, key) != variable_collections.end();
    collection.names.assign(proto.node_list().value().begin(), proto.node_list().value().end());
    collection.others = static_cast<std::size_t>(proto.int64_list().value_size() + proto.float_list().value_size());
    for (const std::string& bytes : proto.bytes_list().value()) {
        tensorflow::VariableDef variable;
        tensorflow::ControlFlowContextDef context;
        if (holds_variables && variable.ParseFromString(bytes))
            collection.variables.push_back({variable.variable_name(), variable.initializer_name(),
                                            variable.snapshot_name(), variable.initial_value_name(),
                                            variable.is_resource(), variable.trainable()});
        else if ((key == "while_context" || key == "cond_context") && context.ParseFromString(bytes))
            collection.contexts.push_back(context.context_name());
        else if (holds_variables)
            report(field.offset, fmt::format("collection \"{}\" holds bytes that are no VariableDef", key));
        else
            ++collection.others;
    }
}

void GraphReader::add_signature(const WireReader::Field& field) {
    std::string key;
    const auto value = map_entry(field, key);
    tensorflow::SignatureDef proto;
    if (!value || !parse(*value, proto, fmt::format("SignatureDef (\"{}\")", key))) return;
    file_.signatures.push_back({key, proto.method_name(), tensor_names(proto.inputs()), tensor_names(proto.outputs())});
}

void GraphReader::read_saved_model(std::string_view message, std::size_t offset) {
    // All MetaGraphs share their variables; TensorFlow's loader takes one, by its tags.
    std::vector<WireReader::Field> candidates;
    WireReader reader(message, offset);
    while (const auto field = reader.next())
        if (field->number == tensorflow::SavedModel::kMetaGraphsFieldNumber && field->type == WireReader::Type::bytes)
            candidates.push_back(*field);
    check_end(reader, "SavedModel");
    if (candidates.empty()) {
        if (reader.problem() == nullptr) report(offset, "the SavedModel holds no MetaGraph");
        return;
    }
    const auto serves = [](const WireReader::Field& candidate) {
        WireReader parts(candidate.bytes, candidate.contents);
        while (const auto part = parts.next()) {
            tensorflow::MetaGraphDef::MetaInfoDef info;
            if (part->number != tensorflow::MetaGraphDef::kMetaInfoDefFieldNumber) continue;
            if (!info.ParseFromArray(part->bytes.data(), static_cast<int>(part->bytes.size()))) continue;
            if (std::ranges::find(info.tags(), "serve") != info.tags().end()) return true;
        }
        return false;
    };
    auto chosen = std::ranges::find_if(candidates, serves);
    if (chosen == candidates.end()) chosen = candidates.begin();
    read_meta_graph(chosen->bytes, chosen->contents);
    if (candidates.size() > 1)
        file_.notes.push_back({"graph.meta-graphs",
                               fmt::format("the SavedModel holds {} MetaGraphs; this is the one with the tags {}",
                                           candidates.size(), fmt::join(file_.tags, ", ")),
                               {file_.path, 0, 0, {}, 0},
                               ""});
}

} // namespace rnnscope

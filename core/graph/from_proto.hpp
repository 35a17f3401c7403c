#pragma once

#include "core/base/result.hpp"
#include "core/graph/graphdef.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tensorflow {
class NodeDef;
class TensorShapeProto;
} // namespace tensorflow

/// Values of protobuf messages as ours; for readers of files. Refuses with "graphdef.invalid" what no graph may hold.
namespace rnnscope {

/// `type` is a tensorflow::DataType; of a reference, the type referred to.
Result<DType> dtype_from_proto(int type);
Result<Shape> shape_from_proto(const tensorflow::TensorShapeProto& proto);

/// Bytes of one field of a TensorProto that was taken out of it: tensor_content (4), or packed float_val (5) or
/// double_val (6).
struct TensorField {
    std::string_view bytes;
    std::uint32_t number = 0;
};
/// By the attribute whose tensor they belong to.
using ConstantValues = std::map<std::string, TensorField, std::less<>>;
/// `values`: of large constants, which `proto` is without.
Result<NodeDefData> node_from_proto(const tensorflow::NodeDef& proto, const ConstantValues& values = {});

} // namespace rnnscope

#pragma once

#include "core/base/result.hpp"
#include "core/graph/graphdef.hpp"

namespace tensorflow {
class NodeDef;
class TensorShapeProto;
} // namespace tensorflow

/// Values of protobuf messages as ours; for readers of files. Refuses with "graphdef.invalid" what no graph may hold.
namespace rnnscope {

/// `type` is a tensorflow::DataType; of a reference, the type referred to.
Result<DType> dtype_from_proto(int type);
Result<Shape> shape_from_proto(const tensorflow::TensorShapeProto& proto);
Result<NodeDefData> node_from_proto(const tensorflow::NodeDef& proto);

} // namespace rnnscope

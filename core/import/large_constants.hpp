#pragma once

#include "core/graph/from_proto.hpp"

#include <string>
#include <string_view>

namespace rnnscope {

/// A NodeDef without the values of its large constants, which stay where the file's bytes are: protobuf would copy
/// them before a tensor can.
struct LeanNode {
    std::string message; ///< a NodeDef; only with `values`
    ConstantValues values;
};

/// Nothing is taken out of a node that is small, or damaged: protobuf then says what is wrong with it.
LeanNode without_large_constants(std::string_view bytes);

} // namespace rnnscope

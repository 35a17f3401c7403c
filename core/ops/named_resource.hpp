#pragma once

#include "core/ops/kernel.hpp"

#include <string>

namespace rnnscope::ops {

/// Name of a resource in the session: shared_name or the node's name, in its container.
inline std::string resource_name(const KernelContext& ctx) {
    const auto shared = ctx.attr<std::string>("shared_name"), container = ctx.attr<std::string>("container");
    return (container.empty() ? "" : container + "/") + (shared.empty() ? ctx.node().name : shared);
}

} // namespace rnnscope::ops

#pragma once

#include "core/tf1/api.hpp"

#include <vector>

namespace rnnscope::tf1 {

/// Tables: tf.lookup, tf.contrib.lookup and tf.tables_initializer (1.15, python/ops/lookup_ops.py).
std::vector<ApiDef> lookup_api();

} // namespace rnnscope::tf1

#pragma once

#include "core/tf1/api.hpp"

namespace rnnscope::tf1 {

/// The records of tf.contrib.layers' and tf.keras.regularizers' losses of weights, 1.15.
std::vector<ApiDef> regularizer_api();

} // namespace rnnscope::tf1

#pragma once

#include "core/tf1/api.hpp"

namespace rnnscope::tf1 {

/// The records of tf.contrib.layers' and tf.keras.regularizers' losses of weights, 1.15.
std::vector<ApiDef> regularizer_api();

/// tf.keras.regularizers.get: None, a function, or the name of one; throws ValueError.
Value regularizer_object(const Value& given);

} // namespace rnnscope::tf1

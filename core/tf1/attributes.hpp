#pragma once

#include "core/tf1/value.hpp"

#include <string_view>

namespace rnnscope::tf1 {

/// `value.name`; throws AttributeError.
Value attribute_of(Context& context, const Value& value, std::string_view name);
/// The method of that name bound to the value; None when its classes have none.
Value method_value(const Value& value, std::string_view name);

} // namespace rnnscope::tf1

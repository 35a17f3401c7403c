#pragma once

#include "core/tf1/value.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rnnscope::tf1::nest {

/// tensorflow.python.util.nest of 1.15: lists, tuples, namedtuples and dicts (by sorted key) are structure, anything
/// else is a leaf. Recursion is as deep as the structure, which programs write out by hand.
bool is_sequence(const Value& value);
std::vector<Value> flatten(const Value& structure);
/// The leaves put into the shape of `structure`. Throws ValueError when their numbers differ.
Value pack_sequence_as(const Value& structure, const std::vector<Value>& leaves);
Value map_structure(const std::function<Value(const Value&)>& f, const Value& structure);
/// Throws ValueError or TypeError with TensorFlow's text when the two are nested differently.
void assert_same_structure(const Value& first, const Value& second, bool check_types = true);

} // namespace rnnscope::tf1::nest

#pragma once

#include "core/base/result.hpp"
#include "core/program/ast.hpp"
#include "core/tensor/tensor.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::program {

/// A formula that makes data. With N elements, k = 0 ... N-1 in row-major order, all in double:
///   zeros, ones   0, 1
///   constant      value (default 0)
///   arange        start + step * k (defaults 0, 1)
///   sin           sin(start + step * k) (defaults 0, 0.1)
///   uniform       numpy's RandomState(seed).uniform(low, high) (defaults 0, 0, 1)
///   normal        numpy's RandomState(seed).normal(mean, stddev) (defaults 0, 0, 1)
/// The result is float64 unless `dtype` says otherwise, as numpy's is.
struct GeneratorInfo {
    std::string name;
    std::vector<std::string> parameters;
};
const GeneratorInfo* find_generator(std::string_view name); ///< null when unknown
std::vector<std::string> generator_names();

Tensor generate(const GenerateExpr& data);
/// The parameter, or its default.
double generator_parameter(const GenerateExpr& data, std::string_view name);

/// numpy's `astype`: numbers and bools to any of them, truncating towards zero.
Tensor converted(const Tensor& value, DType dtype);

/// Why a program may not name this file: "" when it may. Files stay inside the program's folder.
std::string data_file_problem(std::string_view path);
/// Is it data by its ending, and no graph?
bool is_data_file(std::string_view path);
/// Reads .npy, .npz (uncompressed or deflated: only stored entries), .csv or .json. Errors: "program.file".
Result<Tensor> read_data_file(const std::string& directory, const FileExpr& file);

} // namespace rnnscope::program

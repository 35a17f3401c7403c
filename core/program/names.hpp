#pragma once

#include "core/tf1/api.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::program {

/// What a program can reach from `tf`: the readers check names against it.
class ApiNames {
  public:
    virtual ~ApiNames() = default;
    /// The function with that name ("nn.dynamic_rnn"), or null.
    virtual const tf1::ApiDef* function(std::string_view name) const = 0;
    virtual bool is_constant(std::string_view name) const = 0;
    /// All of them, functions first; for "did you mean".
    virtual std::vector<std::string> all() const = 0;
};

/// The functions that core/tf1 cannot have because they need a session: "Session", "InteractiveSession",
/// "get_default_session". Their records have no `call`; the evaluator carries them out.
std::span<const tf1::ApiDef> session_api();

/// TensorFlow's functions and constants (core/tf1) and those that need a session.
const ApiNames& tensorflow_names();

/// Functions of Python itself that a program may call: "range", "len".
bool is_builtin(std::string_view name);
std::vector<std::string> builtin_names();
/// May a program give this name to something? Python's keywords, "tf", "np" and the like may not.
bool is_identifier(std::string_view name);
bool is_reserved(std::string_view name);

} // namespace rnnscope::program

#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace rnnscope {

/// A failure that is the user's (their file, program or graph), never ours: our own mistakes assert.
/// `code` is stable and machine readable. For what TensorFlow would raise it is the Python class
/// ("ValueError", "InvalidArgumentError", ...); for our own messages it is a dotted code ("json.syntax").
struct Error {
    std::string code;
    std::string message;

    friend bool operator==(const Error&, const Error&) = default;
};

/// A value, or the reason why there is none.
/// std::expected is not usable with clang 14 on libstdc++ 12, hence this small stand-in.
template <class T> class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return assert(ok()), *std::get_if<0>(&state_); }
    const T& value() const& { return assert(ok()), *std::get_if<0>(&state_); }
    T&& value() && { return assert(ok()), std::move(*std::get_if<0>(&state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& { return assert(!ok()), *std::get_if<1>(&state_); }
    Error&& error() && { return assert(!ok()), std::move(*std::get_if<1>(&state_)); }

  private:
    std::variant<T, Error> state_;
};

template <> class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), failed_(true) {}

    bool ok() const { return !failed_; }
    explicit operator bool() const { return ok(); }
    const Error& error() const& { return assert(failed_), error_; }
    Error&& error() && { return assert(failed_), std::move(error_); }

  private:
    Error error_;
    bool failed_ = false;
};

using Status = Result<void>;

} // namespace rnnscope

#include "core/debug/arrangement.hpp"
#include "core/debug/diagnose.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

namespace rnnscope::debug {

namespace {

/// Hears nothing but errors.
class ErrorListener : public program::EvaluationObserver {
  public:
    void on_event(const runtime::Event&) override {}
    void on_error(const program::ProgramError& error, bool) override { errors.push_back(error); }
    std::vector<program::ProgramError> errors;
};

/// What tells one failure from another across versions of a program.
using FailureKey = std::tuple<std::string, std::string, std::string>;

FailureKey key_of(const program::Program& program, const program::ProgramError& error) {
    return {python_line(program, error.statement), error.error_class, error.message};
}

} // namespace

class FixCheck::Impl {
  public:
    std::optional<program::Evaluator> evaluator_;
    ErrorListener listener_;
    std::multiset<FailureKey> allowed_; ///< failures of the unrepaired program that are not the one to be repaired
    Fix::Check result_ = Fix::Check::not_run;

    void conclude() {
        for (const program::ProgramError& error : listener_.errors) {
            const auto known = allowed_.find(key_of(evaluator_->program(), error));
            if (known == allowed_.end()) {
                result_ = Fix::Check::failed;
                return;
            }
            allowed_.erase(known);
        }
        result_ = Fix::Check::verified;
    }
};

FixCheck::FixCheck(const Evaluation& evaluation, const program::ProgramError& error, const Fix& fix)
    : impl_(std::make_unique<Impl>()) {
    bool is_left_out = false;
    for (const record::RecordedError& other : evaluation.recording().errors()) {
        const bool is_this = other.error.step == error.step && other.error.run == error.run;
        if (is_this && !std::exchange(is_left_out, true)) continue;
        impl_->allowed_.insert(key_of(evaluation.document().program(), other.error));
    }
    auto patched = evaluation.document().patched(fix.patch);
    if (const auto* document = std::get_if<std::shared_ptr<const program::Document>>(&patched))
        impl_->evaluator_.emplace((*document)->program_ptr());
    else
        impl_->result_ = Fix::Check::failed;
}

FixCheck::~FixCheck() = default;

bool FixCheck::pump(std::chrono::steady_clock::time_point deadline) {
    if (!impl_->evaluator_) return true;
    constexpr int pieces_between_looks = 16;
    for (int piece = 1; !impl_->evaluator_->done(); ++piece) {
        impl_->evaluator_->advance(impl_->listener_);
        if (piece % pieces_between_looks == 0 && std::chrono::steady_clock::now() >= deadline) return false;
    }
    if (impl_->result_ == Fix::Check::not_run) impl_->conclude();
    return true;
}

Fix::Check FixCheck::result() const {
    return impl_->result_;
}

} // namespace rnnscope::debug

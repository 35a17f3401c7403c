#include "core/debug/arrangement.hpp"
#include "core/debug/diagnose.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace rnnscope::debug {

namespace {

/// Hears nothing but errors.
class ErrorListener : public program::EvaluationObserver {
  public:
    void on_event(const runtime::Event&) override {}
    void on_block(std::shared_ptr<const runtime::EventBlock>) override { heard_block = true; }
    /// As little as there is to hear of blocks at all, which tell how long a piece was.
    runtime::Keep keep() const override { return {runtime::Keep::What::states, std::uint32_t{1} << 20U}; }
    bool heard_block = false; ///< since someone looked
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
    /// What fails without the fix: known only when the unrepaired program was evaluated to its end, too.
    std::optional<program::Evaluator> unrepaired_;
    ErrorListener known_;
    std::optional<program::Evaluator> repaired_;
    ErrorListener listener_;
    FailureKey target_;
    Fix::Check result_ = Fix::Check::not_run;
    Pace pace_;

    /// True when the program is at its end.
    bool finish(program::Evaluator& evaluator, ErrorListener& listener,
                std::chrono::steady_clock::time_point deadline) {
        constexpr int pieces_between_looks = 16;
        for (int piece = 1; !evaluator.done(); ++piece) {
            evaluator.advance(listener, pace_.most());
            const bool was_long = std::exchange(listener.heard_block, false);
            const bool over =
                (was_long || piece % pieces_between_looks == 0) && std::chrono::steady_clock::now() >= deadline;
            if (was_long) pace_.learn(!over);
            if (over) return false;
        }
        return true;
    }

    void conclude() {
        std::multiset<FailureKey> allowed;
        for (const program::ProgramError& error : known_.errors) allowed.insert(key_of(unrepaired_->program(), error));
        if (const auto target = allowed.find(target_); target != allowed.end()) allowed.erase(target);
        result_ = Fix::Check::verified;
        for (const program::ProgramError& error : listener_.errors) {
            const auto known = allowed.find(key_of(repaired_->program(), error));
            if (known == allowed.end())
                result_ = Fix::Check::failed;
            else
                allowed.erase(known);
        }
    }
};

FixCheck::FixCheck(const Evaluation& evaluation, const program::ProgramError& error, const Fix& fix)
    : impl_(std::make_unique<Impl>()) {
    impl_->target_ = key_of(evaluation.document().program(), error);
    impl_->unrepaired_.emplace(evaluation.document().program_ptr());
    auto patched = evaluation.document().patched(fix.patch);
    if (const auto* document = std::get_if<std::shared_ptr<const program::Document>>(&patched))
        impl_->repaired_.emplace((*document)->program_ptr());
    else
        impl_->result_ = Fix::Check::failed;
}

FixCheck::~FixCheck() = default;

bool FixCheck::pump(std::chrono::steady_clock::time_point deadline) {
    if (impl_->result_ != Fix::Check::not_run) return true;
    if (!impl_->finish(*impl_->unrepaired_, impl_->known_, deadline)) return false;
    if (!impl_->finish(*impl_->repaired_, impl_->listener_, deadline)) return false;
    impl_->conclude();
    return true;
}

Fix::Check FixCheck::result() const {
    return impl_->result_;
}

} // namespace rnnscope::debug

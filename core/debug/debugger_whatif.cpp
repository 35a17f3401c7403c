#include "core/debug/debugger_impl.hpp"

namespace rnnscope::debug {

const std::vector<runtime::Change>& Debugger::changes() const {
    return impl_->changes_;
}

void Debugger::add_change(runtime::Change change) {
    impl_->changes_.push_back(std::move(change));
}

void Debugger::set_diversion(Diversion diversion) {
    if (!is_open() || busy()) return;
    show_diversion(false);
    impl_->aside_ = {};
    impl_->diversion_ = std::move(diversion);
}

const Diversion* Debugger::diversion() const {
    return impl_->diversion_ ? &*impl_->diversion_ : nullptr;
}

const Evaluation& Debugger::original() const {
    return *impl_->original_;
}

std::shared_ptr<const Evaluation> Debugger::shared_original() const {
    return impl_->original_;
}

bool Debugger::shows_diversion() const {
    return is_open() && impl_->evaluation_ != impl_->original_;
}

void Debugger::show_diversion(bool show) {
    if (!is_open() || busy() || show == shows_diversion() || (show && !impl_->diversion_)) return;
    Impl& impl = *impl_;
    impl.take_selection();
    impl.roles_of_ = {};
    Impl::Aside& aside = impl.aside_;
    const bool is_first = show && aside.reason == StopReason::none;
    if (is_first) {
        // The two are the same up to the first change; nothing of the diversion is to be repaired beforehand.
        aside.position = std::min(impl.position_, impl.diversion_->evaluation->recording().end());
        aside.reason = StopReason::opened;
        aside.chosen_session = impl.chosen_session_;
        aside.preflight.emplace();
    }
    impl.evaluation_ = show ? impl.diversion_->evaluation : impl.original_;
    std::swap(impl.reason_, aside.reason);
    std::swap(impl.chosen_session_, aside.chosen_session);
    std::swap(impl.diagnoses_, aside.diagnoses);
    std::swap(impl.diagnosis_of_, aside.diagnosis_of);
    std::swap(impl.checks_, aside.checks);
    std::swap(impl.preflight_, aside.preflight);
    std::swap(impl.preflight_job_, aside.preflight_job);
    const Position position = std::exchange(aside.position, impl.position_);
    impl.set_position(position);
    impl.diagnose_new_errors();
    impl.give_selection_back();
}

void Debugger::discard_diversion() {
    if (!is_open() || busy()) return;
    show_diversion(false);
    impl_->changes_.clear();
    impl_->aside_ = {};
    impl_->diversion_.reset();
}

} // namespace rnnscope::debug

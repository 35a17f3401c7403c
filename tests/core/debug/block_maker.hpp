#pragma once

#include "core/program/evaluator.hpp"
#include "tests/core/record/stored_block.hpp"

#include <memory>
#include <vector>

namespace rnnscope::tests {

/// Hears events singly and hands on as blocks what repeats: as an executor would that computes loops at once.
class BlockMaker : public program::EvaluationObserver {
  public:
    explicit BlockMaker(program::EvaluationObserver& target) : target_(target) {}

    /// Stands in for Evaluator::advance: about `most` events, those of loops in blocks.
    static void advance(program::Evaluator& evaluator, program::EvaluationObserver& target, std::uint64_t most) {
        if (evaluator.next() != program::Evaluator::Next::run_event || most < 2) return evaluator.advance(target);
        BlockMaker maker(target);
        for (std::uint64_t i = 0; i < most && evaluator.next() == program::Evaluator::Next::run_event; ++i)
            evaluator.advance(maker);
        maker.flush();
    }

    void on_event(const runtime::Event& event) override {
        if (event.error != nullptr || event.frame == 0 || !event.node.valid() || has_reference(event)) {
            flush();
            return target_.on_event(event);
        }
        runtime::BlockEvent values{{event.inputs.begin(), event.inputs.end()},
                                   {event.outputs.begin(), event.outputs.end()},
                                   {event.accesses.begin(), event.accesses.end()}};
        heard_.push_back({event, std::move(values)});
    }
    void on_frame(const runtime::FrameInfo& frame) override { flush(), target_.on_frame(frame); }
    void on_step(const program::Step& step) override { flush(), target_.on_step(step); }
    void on_step_done(StepId step) override { flush(), target_.on_step_done(step); }
    void on_session(SessionId session, GraphId graph) override { flush(), target_.on_session(session, graph); }
    void on_run(const program::RunInfo& run) override { flush(), target_.on_run(run); }
    void on_run_done(RunId run, const program::RunOutcome& outcome) override {
        flush(), target_.on_run_done(run, outcome);
    }
    void on_error(const program::ProgramError& error, bool caught) override {
        flush(), target_.on_error(error, caught);
    }
    void on_passed_over(const program::ProgramError& error) override { flush(), target_.on_passed_over(error); }

    void flush() {
        const std::vector<Heard> heard = std::exchange(heard_, {});
        for (std::size_t i = 0; i < heard.size();) {
            const auto [visits, rounds] = repetition(heard, i);
            if (rounds > 1)
                hand_on_block(heard, i, visits, rounds);
            else
                hand_on(heard[i]);
            i += rounds > 1 ? visits * rounds : 1;
        }
    }

  private:
    struct Heard {
        runtime::Event event; ///< without its spans
        runtime::BlockEvent values;
    };

    static bool has_reference(const runtime::Event& event) {
        const auto is_reference = [](const ops::Value& value) {
            return std::holds_alternative<ops::VariableStorage*>(value);
        };
        return std::ranges::any_of(event.inputs, is_reference) || std::ranges::any_of(event.outputs, is_reference);
    }
    static bool is_next_round(const runtime::Event& a, const runtime::Event& b) {
        return a.node == b.node && a.frame == b.frame && a.dead == b.dead && a.iteration + 1 == b.iteration;
    }

    /// Visits of a round that begins at `begin`, and how often it is there; 1 when it does not repeat.
    static std::pair<std::size_t, std::size_t> repetition(const std::vector<Heard>& heard, std::size_t begin) {
        const runtime::Event& first = heard[begin].event;
        std::size_t visits = 0;
        for (std::size_t i = begin + 1; i < heard.size() && visits == 0; ++i) {
            if (is_next_round(first, heard[i].event)) visits = i - begin;
            const std::int64_t iteration = heard[i].event.iteration - first.iteration;
            if (heard[i].event.frame != first.frame || iteration < 0 || iteration > 1) break;
        }
        if (visits == 0) return {0, 1};
        std::size_t rounds = 1;
        const auto repeats = [&](std::size_t round) {
            for (std::size_t i = begin + (round - 1) * visits; i < begin + round * visits; ++i)
                if (i + visits >= heard.size() || !is_next_round(heard[i].event, heard[i + visits].event)) return false;
            return true;
        };
        while (repeats(rounds)) ++rounds;
        return {visits, rounds};
    }

    void hand_on(const Heard& heard) {
        runtime::Event event = heard.event;
        event.inputs = heard.values.inputs;
        event.outputs = heard.values.outputs;
        event.accesses = heard.values.accesses;
        target_.on_event(event);
    }

    void hand_on_block(const std::vector<Heard>& heard, std::size_t begin, std::size_t visits, std::size_t rounds) {
        const runtime::Event& first = heard[begin].event;
        std::vector<runtime::BlockVisit> round;
        std::vector<runtime::BlockEvent> events;
        for (std::size_t i = begin; i < begin + visits * rounds; ++i) {
            events.push_back(heard[i].values);
            const bool accesses = !heard[i].values.accesses.empty();
            if (i < begin + visits)
                round.push_back({heard[i].event.node,
                                 static_cast<std::int32_t>(heard[i].event.iteration - first.iteration),
                                 heard[i].event.dead, accesses});
            else
                round[(i - begin) % visits].may_access_variables |= accesses;
        }
        target_.on_block(
            std::make_shared<StoredBlock>(std::move(round), first.frame, first.iteration, std::move(events)));
    }

    program::EvaluationObserver& target_;
    std::vector<Heard> heard_;
};

} // namespace rnnscope::tests

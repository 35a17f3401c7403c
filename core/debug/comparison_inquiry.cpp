#include "core/debug/comparison.hpp"
#include "core/debug/program_facts.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace rnnscope::debug {

namespace {

/// A tolerance, relative and absolute.
Status read_tolerance(std::string_view number, ComparisonOptions& options) {
    const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), options.relative);
    if (problem != std::errc{} || end != number.data() + number.size() || !(options.relative >= 0))
        return Error{"command.argument", fmt::format("\"{}\" is no tolerance; 1e-6 would be one", number)};
    options.absolute = options.relative;
    return {};
}

/// Compares two evaluations that are as far as they are to be.
class Comparing {
  public:
    Comparing(ComparedRecordings compared, std::string argument)
        : compared_(std::move(compared)), argument_(std::move(argument)),
          job_(*compared_.left, *compared_.right, compared_.options) {}

    bool pump(std::chrono::steady_clock::time_point deadline) { return job_.pump(deadline); }
    std::string progress() const { return job_.progress() + " with " + compared_.right_name; }

    Result<Answer> conclude(const Debugger& debugger) {
        compared_.result = job_.take();
        if (compared_.result.runs.empty())
            return Error{"command.argument", "no run here asks for what a run there asks for"};
        Answer answer = new_answer(debugger, "Comparison", compared_.right_name);
        answer.argument = argument_;
        answer.source = compared_.left_source;
        add_comparison(answer, *compared_.left, compared_.result, compared_.right_name);
        answer.compared = std::make_shared<const ComparedRecordings>(std::move(compared_));
        return answer;
    }

  private:
    ComparedRecordings compared_;
    std::string argument_; ///< of the command that asks the same
    ComparisonJob job_;
};

/// With another program, which is run for it.
class FileInquiry : public Inquiry {
  public:
    FileInquiry(std::unique_ptr<Debugger> other, ComparedRecordings compared, std::string path)
        : other_(std::move(other)), compared_(std::move(compared)), path_(std::move(path)) {}

    bool pump(std::chrono::steady_clock::time_point deadline) override {
        while (!comparing_) {
            const auto left =
                std::chrono::duration_cast<std::chrono::microseconds>(std::min<std::chrono::steady_clock::duration>(
                    deadline - std::chrono::steady_clock::now(), std::chrono::seconds(1)));
            if (other_->pump(std::max(left, std::chrono::microseconds(100)))) {
                compared_.right = other_->shared_evaluation();
                compared_.right_source = new_answer(*other_, "", "").source;
                comparing_.emplace(std::move(compared_), path_);
            } else if (std::chrono::steady_clock::now() >= deadline) {
                return false;
            }
        }
        return comparing_->pump(deadline);
    }

    std::string progress() const override {
        if (comparing_) return comparing_->progress();
        return fmt::format("running {}: {}", compared_.right_name, counted(other_->recording().end().ticks, "event"));
    }

    Result<Answer> conclude(Debugger& debugger) override { return comparing_->conclude(debugger); }

  private:
    std::unique_ptr<Debugger> other_;
    ComparedRecordings compared_;
    std::string path_;
    std::optional<Comparing> comparing_;
};

/// With another tolerance.
class ToleranceInquiry : public Inquiry {
  public:
    ToleranceInquiry(ComparedRecordings compared, std::string argument)
        : comparing_(std::move(compared), std::move(argument)) {}
    bool pump(std::chrono::steady_clock::time_point deadline) override { return comparing_.pump(deadline); }
    std::string progress() const override { return comparing_.progress(); }
    Result<Answer> conclude(Debugger& debugger) override { return comparing_.conclude(debugger); }

  private:
    Comparing comparing_;
};

} // namespace

Status ask_comparison(Debugger& debugger, std::string_view argument) {
    constexpr std::string_view within = " within ";
    ComparedRecordings compared;
    std::string path(argument);
    if (const std::size_t at = argument.rfind(within); at != std::string_view::npos) {
        if (const Status read = read_tolerance(argument.substr(at + within.size()), compared.options); !read)
            return read;
        path = argument.substr(0, at);
    }
    if (path.empty()) return Error{"command.argument", "which program or graph to compare with?"};
    const std::string said = path;
    const std::filesystem::path folder = std::filesystem::path(debugger.document().opened_from()).parent_path();
    if (!std::filesystem::exists(path) && std::filesystem::exists(folder / path)) path = (folder / path).string();
    auto other = std::make_unique<Debugger>();
    if (const Diagnostics problems = other->open(path); !problems.empty())
        return Error{"command.argument", to_text(problems)};
    other->run_on(true);
    compared.left = debugger.shared_evaluation();
    compared.left_name = debugger.shows_diversion() ? "the what-if" : "this program";
    compared.right_name = std::filesystem::path(path).filename().string();
    compared.left_source = new_answer(debugger, "", "").source;
    debugger.ask(std::make_unique<FileInquiry>(std::move(other), std::move(compared), said));
    return {};
}

Status ask_tolerance(Debugger& debugger, std::string_view argument) {
    const std::shared_ptr<const Answer> shown = debugger.answers().comparison();
    if (!shown) return Error{"command.argument", "nothing was compared"};
    ComparedRecordings compared = *shown->compared;
    compared.result = {};
    if (const Status read = read_tolerance(argument, compared.options); !read) return read;
    debugger.ask(std::make_unique<ToleranceInquiry>(std::move(compared), shown->argument));
    return {};
}

} // namespace rnnscope::debug

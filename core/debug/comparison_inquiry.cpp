#include "core/debug/comparison.hpp"
#include "core/debug/program_facts.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <future>
#include <memory>
#include <optional>
#include <system_error>
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

/// The other side of a comparison: a file that is opened, and run to its end or its first error. That has a thread of
/// its own, because a large graph or recording is opened in one piece; nobody else touches it until it is there.
class OtherSide : public Inquiry::Leaving {
  public:
    explicit OtherSide(const std::string& path) {
        const auto work = [path, shared = shared_] { return run(path, *shared); };
        try {
            running_ = std::async(std::launch::async, work);
        } catch (const std::system_error&) { // no thread can be had: it is done when it is waited for
            running_ = std::async(std::launch::deferred, work);
        }
    }
    ~OtherSide() override { stop(); }
    OtherSide(const OtherSide&) = delete;
    OtherSide& operator=(const OtherSide&) = delete;

    bool is_over() const override { return wait_until(std::chrono::steady_clock::now()); }
    void stop() { shared_->is_stopped = true; }
    bool wait_until(std::chrono::steady_clock::time_point deadline) const {
        return running_.wait_until(deadline) != std::future_status::timeout;
    }
    /// Events so far; nullopt: it is being opened.
    std::optional<std::uint64_t> events() const {
        return shared_->is_open ? std::optional(shared_->events.load()) : std::nullopt;
    }
    /// Once; why it cannot be opened.
    Result<std::unique_ptr<Debugger>> take() { return running_.get(); }

  private:
    struct Shared {
        std::atomic<bool> is_stopped = false, is_open = false;
        std::atomic<std::uint64_t> events = 0;
    };
    static Result<std::unique_ptr<Debugger>> run(const std::string& path, Shared& shared) {
        std::error_code unknown;
        const std::filesystem::file_status status = std::filesystem::status(path, unknown);
        if (std::filesystem::is_other(status)) // a pipe might keep it waiting for ever
            return Error{"command.argument", path + " is neither a file nor a folder"};
        auto other = std::make_unique<Debugger>();
        if (const Diagnostics problems = other->open(path); !problems.empty())
            return Error{"command.argument", to_text(problems)};
        shared.is_open = true;
        other->run_on(true);
        while (!shared.is_stopped && !other->pump(std::chrono::milliseconds(5)))
            shared.events = other->recording().end().ticks;
        if (shared.is_stopped) other.reset(); // it is not needed any more, and may be large
        return other;
    }

    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
    std::future<Result<std::unique_ptr<Debugger>>> running_;
};

/// With another program, which is run for it.
class FileInquiry : public Inquiry {
  public:
    FileInquiry(const std::string& file, ComparedRecordings compared, std::string path)
        : other_(std::make_shared<OtherSide>(file)), compared_(std::move(compared)), path_(std::move(path)) {}

    bool pump(std::chrono::steady_clock::time_point deadline) override {
        if (problem_) return true;
        if (!comparing_) {
            if (!other_->wait_until(deadline)) return false;
            const Result<std::unique_ptr<Debugger>> other = other_->take();
            if (!other) {
                problem_ = other.error();
                return true;
            }
            compared_.right = (*other)->shared_evaluation();
            compared_.right_source = new_answer(**other, "", "").source;
            comparing_.emplace(std::move(compared_), path_);
        }
        return comparing_->pump(deadline);
    }

    std::string progress() const override {
        if (comparing_) return comparing_->progress();
        const std::optional<std::uint64_t> events = other_->events();
        if (!events) return "opening " + compared_.right_name;
        return fmt::format("running {}: {}", compared_.right_name, counted(*events, "event"));
    }

    Result<Answer> conclude(Debugger& debugger) override {
        return problem_ ? Result<Answer>(*problem_) : comparing_->conclude(debugger);
    }

    std::shared_ptr<Leaving> leave() override {
        if (comparing_ || problem_ || other_->wait_until(std::chrono::steady_clock::now())) return nullptr;
        other_->stop();
        return other_;
    }

  private:
    std::shared_ptr<OtherSide> other_; ///< until it is taken
    ComparedRecordings compared_;
    std::string path_;
    std::optional<Comparing> comparing_;
    std::optional<Error> problem_; ///< it cannot be opened
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
    compared.left = debugger.shared_evaluation();
    compared.left_name = debugger.shows_diversion() ? "the what-if" : "this program";
    compared.right_name = std::filesystem::path(path).filename().string();
    compared.left_source = new_answer(debugger, "", "").source;
    debugger.ask(std::make_unique<FileInquiry>(path, std::move(compared), said));
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

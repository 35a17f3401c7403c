#include "core/debug/answer.hpp"
#include "core/debug/command.hpp"
#include "tests/bench/model.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

/// Questions about a long recording, in pieces as short as they get: how long the window waits for the longest one.
/// Times are CPU time of the process, because a question has a thread of its own.
namespace rnnscope {
namespace {

double process_ms() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

[[noreturn]] void give_up(const std::string& reason) {
    std::fprintf(stderr, "%s\n", reason.c_str());
    std::exit(1);
}

void open_and_run(debug::Debugger& debugger, const std::string& text) {
    if (const Diagnostics problems = debugger.open_text(text, "bench.json", ""); !problems.empty())
        give_up(to_text(problems));
    while (!debugger.at_end()) {
        debugger.run_on(true);
        while (!debugger.pump(std::chrono::seconds(1))) {
        }
    }
}

void ask(debug::Debugger& debugger, const std::string& id, const std::string& argument) {
    const double begin = process_ms();
    if (const auto said = debug::execute(debugger, {id, argument, "bench"}); !said) give_up(said.error().message);
    const double at_once = process_ms() - begin;
    const std::size_t rows = debugger.answers().shown()->rows.size();
    if (const auto begun = debug::begin(debugger, {id, argument, "bench"}); !begun) give_up(begun.error().message);
    std::vector<double> pieces;
    for (bool is_over = false; !is_over;) {
        const double before = process_ms();
        is_over = debugger.pump(std::chrono::milliseconds(1));
        pieces.push_back(process_ms() - before);
    }
    std::printf("%-11s %-34s %8.1f ms at once; longest of %4zu pieces of 1 ms: %.2f ms; %zu rows\n", id.c_str(),
                argument.c_str(), at_once, pieces.size(), *std::ranges::max_element(pieces), rows);
}

bench::Case long_loop() {
    bench::Case model = bench::cases[0];
    model.layers = 1;
    model.hidden = 8;
    model.batch = 1;
    model.steps = 3000;
    return model;
}

} // namespace
} // namespace rnnscope

int main() {
    using namespace rnnscope;
    std::string text = bench::program_text(long_loop(), true);
    {
        debug::Debugger debugger;
        open_and_run(debugger, text);
        std::printf("a recording of %llu events\n", static_cast<unsigned long long>(debugger.recording().end().ticks));
        ask(debugger, "ask.from", "rnn/transpose_1");
        ask(debugger, "ask.to", "rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel");
        ask(debugger, "ask.right", "rnn/while/LoopCond if equals 7");
        ask(debugger, "ask.order", "2");
    }
    const std::string_view init = R"({"call": "$session.run", "args": ["$init"]},)";
    const std::size_t at = text.find(init);
    if (at == std::string::npos) give_up("the program initializes its variables in another way");
    text.erase(at, init.size());
    debug::Debugger debugger;
    debugger.set_poisons(true);
    open_and_run(debugger, text);
    ask(debugger, "ask.poison", "");
    ask(debugger, "ask.order", "1");
    return 0;
}

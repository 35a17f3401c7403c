#include "tests/ui/command_drives.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

/// Every command of the debugger's table, as debug::all_commands has them.
namespace rnnscope::ui {
namespace {

using debug::Selection;
using Expect = std::function<bool(Harness&, const Before&)>;

bool is_later(Harness& h, const Before& before) {
    return h.debugger().position() > before.position;
}
bool is_earlier(Harness& h, const Before& before) {
    return h.debugger().position() < before.position;
}
bool at_start(Harness& h, const Before&) {
    return h.debugger().at_start();
}
bool at_end(Harness& h, const Before&) {
    return h.debugger().at_end();
}
bool has_new_answer(Harness& h, const Before& before) {
    return h.debugger().answers().all().size() == before.answers + 1 && h.shows("Answers");
}
bool has_new_run(Harness& h, const Before& before) {
    return h.debugger().recording().runs().size() > before.runs;
}
bool has_page(Harness& h, const Before&) {
    return h.shell().page().is_open();
}
bool has_message(Harness& h, const Before&) {
    return !h.shell().message().empty() || h.shell().page().is_open();
}
bool has_one_stop(Harness& h, const Before&) {
    return h.debugger().breakpoints().size() == 1;
}
bool has_one_change(Harness& h, const Before&) {
    return h.debugger().changes().size() == 1;
}
Expect selects(Selection::Kind kind) {
    return [kind](Harness& h, const Before&) { return h.debugger().selection().kind == kind; };
}
Expect says(std::string text) {
    return [text](Harness& h, const Before&) {
        return h.shell().message().find(text) != std::string::npos ||
               h.shell().page().text().find(text) != std::string::npos;
    };
}
bool has_file(const char* name) {
    return std::filesystem::exists(name);
}

const std::string middle = ended + in_the_loop, sample = RNNSCOPE_SOURCE_DIR "/samples/programs/",
                  two_sessions = "ui.sample D20_two_sessions.json; run.continue; run.continue",
                  diverted = middle + "; whatif.set " + product + " zeros(2,128); whatif.run",
                  asked_twice = ended + on_kernel + "; ask.history; ask.initialized";

const std::vector<Drive>& all() {
    // clang-format off
    static const std::vector<Drive> drives = {
        {"file.open", "", sample + "seed_a_ok.json", [](Harness& h, const Before&) { return h.debugger().file() == sample + "seed_a_ok.json"; }},
        {"file.reload", "file.open " + sample + "seed_a_ok.json; run.continue", "", at_start},
        {"file.save", failed + "; file.save-as @/own.json; fix.apply", "", [](Harness& h, const Before&) { return !h.debugger().modified(); }},
        {"file.save-as", opened, "own.json", [](Harness&, const Before&) { return has_file("own.json"); }},
        {"recording.save", ended, "own.rnnrec", [](Harness&, const Before&) { return has_file("own.rnnrec"); }},
        {"recording.open", ended + "; recording.save @/own.rnnrec", "@/own.rnnrec", [](Harness& h, const Before&) { return !h.debugger().recording_file().empty(); }},

        {"edit.undo", failed + "; fix.apply", "", [](Harness& h, const Before&) { return !h.debugger().modified() && h.debugger().can_redo(); }},
        {"edit.redo", failed + "; fix.apply; edit.undo", "", [](Harness& h, const Before&) { return h.debugger().modified(); }},
        {"fix.apply", failed, "", [](Harness& h, const Before&) { return h.debugger().at_end() && h.debugger().diagnoses().empty(); }},

        {"session.fetch", ended + on_kernel, "", has_new_run},
        {"session.fetch-too", ended + "; session.run init" + on_kernel, "", [](Harness& h, const Before&) { return h.debugger().recording().runs().back().outcome.results.size() == 1; }},
        {"session.target", ended + on_kernel, "", has_new_run},
        {"session.run", ended, "init", has_new_run},
        {"session.feed", ended, "Placeholder:0=ones(2,5,10)", [](Harness& h, const Before&) { return h.debugger().modified(); }},
        {"session.init", ended, "all", has_new_run},
        {"session.restore", "ui.sample D12_fixed.json; run.continue", "./ckpt", has_new_run},

        {"run.continue", opened, "", at_end},
        {"run.reverse-continue", ended, "", at_start},
        {"poison.on", opened, "", [](Harness& h, const Before&) { return h.debugger().poisons(); }},
        {"poison.off", opened + "; poison.on", "", [](Harness& h, const Before&) { return !h.debugger().poisons(); }},
        {"rounding.tensorflow", ended, "", [](Harness& h, const Before&) { return h.debugger().program().rounding == ops::Rounding::tf1_15; }},
        {"rounding.fast", ended + "; rounding.tensorflow", "", [](Harness& h, const Before&) { return h.debugger().program().rounding == ops::Rounding::fast; }},
        {"run.stop", trained + "; go.start; run.restart; ~run.continue", "", [](Harness& h, const Before&) { return !h.debugger().busy() && !h.debugger().at_end(); }},
        {"run.restart", ended, "", [](Harness& h, const Before&) { return h.debugger().at_start() && h.debugger().recording().runs().empty(); }},
        {"step.over", opened, "", is_later},
        {"step.back-over", middle, "", is_earlier},
        {"step.into", opened, "", is_later},
        {"step.back-into", middle, "", is_earlier},
        {"step.out", middle, "", is_later},
        {"step.back-out", middle, "", is_earlier},
        {"step.op", middle, "", [](Harness& h, const Before& before) { return h.debugger().position().ticks == before.position.ticks + 1; }},
        {"step.back-op", middle, "", [](Harness& h, const Before& before) { return h.debugger().position().ticks + 1 == before.position.ticks; }},
        {"step.time", middle, "", is_later},
        {"step.back-time", middle, "", is_earlier},
        {"step.run", opened, "", is_later},
        {"step.back-run", ended, "", is_earlier},
        {"run.to-cursor", opened + "; step.run" + on_product, "", is_later},
        {"run.back-to-cursor", ended + on_product, "", is_earlier},
        {"break.toggle", ended + on_product, "", has_one_stop},
        {"break.if", ended, product + " if nan", has_one_stop},
        {"watch.write", ended + on_kernel, "", has_one_stop},
        {"watch.read", ended + on_kernel, "", has_one_stop},
        {"watch.access", ended + on_kernel, "", has_one_stop},
        {"watch.value", ended + on_product, "", has_one_stop},
        {"break.clear", ended + on_product + "; break.toggle", "", [](Harness& h, const Before&) { return h.debugger().breakpoints().empty(); }},
        {"whatif.set", middle, product + " zeros(2,128)", has_one_change},
        {"whatif.feed", middle, "Placeholder ones(2,5,10)", has_one_change},
        {"whatif.skip", middle, product, has_one_change},
        {"whatif.run", middle + "; whatif.set " + product + " zeros(2,128)", "", has_new_answer},
        {"whatif.keep", diverted, "", [](Harness& h, const Before&) { return h.debugger().shows_diversion(); }},
        {"whatif.switch", diverted + "; whatif.keep", "", [](Harness& h, const Before&) { return h.debugger().diversion() && !h.debugger().shows_diversion(); }},
        {"whatif.discard", diverted, "", [](Harness& h, const Before&) { return !h.debugger().diversion() && h.debugger().changes().empty(); }},

        {"go.start", ended, "", at_start},
        {"go.end", middle, "", at_end},
        {"go.position", ended, "12", [](Harness& h, const Before&) { return h.debugger().position().ticks == 12; }},
        {"go.failure", failed + "; go.start", "", [](Harness& h, const Before&) { return h.debugger().error_at_position().has_value(); }},
        {"go.next-error", "ui.sample seed_a_init_early.json", "", [](Harness& h, const Before&) { return h.debugger().error_at_position().has_value(); }},
        {"go.previous-error", two_sessions + "; go.end", "", [](Harness& h, const Before&) { return h.debugger().error_at_position().has_value(); }},
        {"go.next-uninitialized", "ui.sample seed_a_init_early.json", "", [](Harness& h, const Before&) { return h.debugger().error_at_position().has_value(); }},
        {"go.previous-uninitialized", two_sessions + "; go.end", "", [](Harness& h, const Before&) { return h.debugger().error_at_position().has_value(); }},
        {"go.time", ended, "2 3", [](Harness& h, const Before&) { return h.debugger().current_run() == RunId(1); }},
        {"bookmark.toggle", middle, "", [](Harness& h, const Before&) { return h.debugger().bookmark_here() != nullptr; }},
        {"bookmark.next", middle + "; bookmark.toggle; go.start", "", [](Harness& h, const Before&) { return h.debugger().bookmark_here() != nullptr; }},
        {"bookmark.previous", middle + "; bookmark.toggle; go.end", "", [](Harness& h, const Before&) { return h.debugger().bookmark_here() != nullptr; }},
        {"go.next-write", ended + on_kernel + "; go.start", "", is_later},
        {"go.previous-write", ended + on_kernel, "", is_earlier},
        {"go.next-read", ended + on_kernel + "; go.start", "", is_later},
        {"go.previous-read", ended + on_kernel, "", is_earlier},
        {"ask.history", ended + on_kernel, "", has_new_answer},
        {"ask.initialized", ended + on_kernel, "", has_new_answer},
        {"ask.from", middle + on_product, "", has_new_answer},
        {"ask.to", middle + on_product, "", has_new_answer},
        {"ask.right", ended + on_product, "", has_new_answer},
        {"ask.order", failed, "", has_new_answer},
        {"ask.compare", ended, sample + "seed_a_init_early.json", has_new_answer},
        {"ask.tolerance", ended + "; ask.compare " + sample + "seed_b_ok.json", "1e-3", [](Harness& h, const Before&) { return h.debugger().answers().shown() == h.debugger().answers().comparison().get(); }},
        {"ask.poison", "ui.sample seed_a_init_early.json; poison.on; run.continue", "", has_new_answer},
        {"ask.scalars", trained, "", has_new_answer},
        {"answer.back", asked_twice, "", [](Harness& h, const Before&) { return h.debugger().answers().shown() == h.debugger().answers().all().front().get(); }},
        {"answer.forward", asked_twice + "; answer.back", "", [](Harness& h, const Before&) { return h.debugger().answers().shown() == h.debugger().answers().all().back().get(); }},
        {"answer.show", asked_twice, "1", [](Harness& h, const Before&) { return h.debugger().answers().shown() == h.debugger().answers().all().front().get(); }},
        {"answer.close", asked_twice, "", [](Harness& h, const Before& before) { return h.debugger().answers().all().size() + 1 == before.answers; }},
        {"answer.next", ended + on_kernel + "; ask.history; go.start", "", is_later},
        {"answer.previous", ended + on_kernel + "; ask.history; go.end", "", is_earlier},
        {"select.back", ended + on_product + on_kernel, "", selects(Selection::Kind::node)},
        {"select.forward", ended + on_product + on_kernel + "; select.back", "", selects(Selection::Kind::variable)},
        {"select.node", ended, product, selects(Selection::Kind::node)},
        {"select.variable", ended, kernel, selects(Selection::Kind::variable)},
        {"select.scope", ended, "rnn/rnn", selects(Selection::Kind::scope)},
        {"select.line", ended, "26", selects(Selection::Kind::statement)},
        {"session.choose", two_sessions, "1", [](Harness& h, const Before&) { return h.debugger().current_session() == SessionId(0); }},

        {"help.explain", opened, "init-never-run", has_page},
        {"print.where", middle, "", has_message},
        {"print.source", middle, "", has_page},
        {"print.value", middle, kernel, has_page},
        {"value.numpy", middle + on_product, "", has_page},
        {"value.export", middle + on_product, "own.npy", [](Harness&, const Before&) { return has_file("own.npy"); }},
        {"plot.export", trained, "own.csv", [](Harness&, const Before&) { return has_file("own.csv"); }},
        {"print.variables", middle, "", has_page},
        {"print.history", ended, kernel, has_page},
        {"print.breakpoints", middle + on_product + "; break.toggle", "", says(product)},
        {"print.bookmarks", middle + "; bookmark.toggle", "", has_message},
        {"print.locals", middle, "", has_page},
        {"print.problems", failed, "", has_page},
        {"print.preflight", failed, "", has_page},
    };
    // clang-format on
    return drives;
}

} // namespace

std::span<const Drive> debugger_drives() {
    return all();
}

} // namespace rnnscope::ui

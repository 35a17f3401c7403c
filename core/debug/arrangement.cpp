#include "core/debug/arrangement.hpp"

#include "core/base/linked_file.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace rnnscope::debug {

void UndoHistory::push(std::string label, Arrangement before) {
    constexpr std::size_t longest = 200;
    if (undo_.size() == longest) undo_.erase(undo_.begin());
    undo_.push_back({std::move(label), std::move(before)});
    redo_.clear();
}

Arrangement UndoHistory::undo(Arrangement now) {
    assert(can_undo());
    Entry entry = std::move(undo_.back());
    undo_.pop_back();
    redo_.push_back({entry.label, std::move(now)});
    return std::move(entry.arrangement);
}

Arrangement UndoHistory::redo(Arrangement now) {
    assert(can_redo());
    Entry entry = std::move(redo_.back());
    redo_.pop_back();
    undo_.push_back({entry.label, std::move(now)});
    return std::move(entry.arrangement);
}

void SelectionHistory::select(Selection selection) {
    if (selection == current()) return;
    constexpr std::size_t longest = 200;
    entries_.resize(at_ + 1);
    if (entries_.size() == longest) entries_.erase(entries_.begin());
    entries_.push_back(std::move(selection));
    at_ = entries_.size() - 1;
}

bool SelectionHistory::can_go(int by) const {
    return by < 0 ? at_ > 0 : at_ + 1 < entries_.size();
}

void SelectionHistory::go(int by) {
    if (!can_go(by)) return;
    at_ = by < 0 ? at_ - 1 : at_ + 1;
}

StatementId same_statement(StatementId statement, const program::Program& from, const program::Program& to) {
    const std::string line = python_line(from, statement);
    int occurrence = 0;
    for (std::size_t i = 0; i < statement.index(); ++i)
        if (python_line(from, StatementId(i)) == line) ++occurrence;
    for (std::size_t i = 0; i < to.statements.size(); ++i)
        if (python_line(to, StatementId(i)) == line && occurrence-- == 0) return StatementId(i);
    return {};
}

std::vector<Breakpoint> carried_over(const std::vector<Breakpoint>& breakpoints, const program::Program& from,
                                     const program::Program& to) {
    std::vector<Breakpoint> carried;
    for (Breakpoint breakpoint : breakpoints) {
        if (breakpoint.kind == Breakpoint::Kind::statement) {
            breakpoint.statement = same_statement(breakpoint.statement, from, to);
            if (!breakpoint.statement.valid()) continue;
        }
        carried.push_back(std::move(breakpoint));
    }
    std::ranges::sort(carried);
    return carried;
}

Status finds_its_files(const program::Document& document, const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    // A program that is part of rnnscope has no folder: it looks where we are, and absolute("") would throw.
    const fs::path home = (fs::current_path(ignored) / document.program().directory).lexically_normal();
    const fs::path folder = fs::absolute(path, ignored).lexically_normal().parent_path();
    for (const std::string& name : document.named_files()) {
        if (fs::equivalent(home / name, path, ignored))
            return Error{"file.in-use", fmt::format("the program reads {}: save it under another name", name)};
        if (fs::exists(folder / name, ignored) || !fs::exists(home / name, ignored)) continue;
        return Error{"file.elsewhere",
                     fmt::format("the program names files relative to its own folder, and {} has no {}: save it in "
                                 "{}, or copy the files first",
                                 folder.string(), name, home.string())};
    }
    return {};
}

Status write_file_atomically(const std::string& path, const std::string& text) {
    const auto write = [&](const std::string& to) {
        std::ofstream file(to, std::ios::binary | std::ios::trunc);
        file.write(text.data(), static_cast<std::streamsize>(text.size()));
        file.flush();
        return static_cast<bool>(file);
    };
    const Error refused{"file.write", fmt::format("{} cannot be written", path)};
    std::error_code ignored;
    const std::filesystem::file_status there = std::filesystem::status(path, ignored);
    // A pipe or a terminal is written to, never replaced.
    const bool is_there = std::filesystem::exists(there);
    if (is_there && !std::filesystem::is_regular_file(there)) return write(path) ? Status() : Status(refused);
    const std::string target = linked_file(path), beside = target + ".part";
    if (is_there) { // who may not read the old file does not read the new one while it is written
        const std::ofstream empty(beside, std::ios::binary | std::ios::trunc);
        std::filesystem::permissions(beside, there.permissions() | std::filesystem::perms::owner_write, ignored);
    }
    if (!write(beside)) {
        std::filesystem::remove(beside, ignored);
        return refused;
    }
    if (is_there) std::filesystem::permissions(beside, there.permissions(), ignored);
    std::error_code failure;
    std::filesystem::rename(beside, target, failure);
    if (!failure) return {};
    std::filesystem::remove(beside, ignored);
    return Error{"file.write", fmt::format("{} cannot be written: {}", path, failure.message())};
}

} // namespace rnnscope::debug

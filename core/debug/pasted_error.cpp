#include "core/debug/pasted_error.hpp"

#include "core/debug/diagnosis.hpp"

#include <array>

#include <fmt/format.h>
#include <re2/re2.h>

namespace rnnscope::debug {
namespace {

/// One message. The expression's first group is the name that it speaks of: a variable, or an op when `names_op`.
struct Pattern {
    const char* expression;
    const char* error_class;
    bool names_op;
    const char* reading;
    std::vector<std::string> causes;
};

const std::vector<Pattern>& patterns() {
    static const std::vector<Pattern> table = {
        {R"(Attempting to use uninitialized value ([^\s\\]+))",
         "FailedPreconditionError",
         false,
         "A run read the variable before any value was written to it in that session. With several such variables "
         "TensorFlow names an arbitrary one.",
         {"init-never-run", "init-built-too-early", "not-in-initialized-set", "wrong-session", "optimizer-slot",
          "local-not-global", "partial-restore", "init-order"}},
        {R"(Error while reading resource variable ([^\s]+) from Container)",
         "FailedPreconditionError",
         false,
         "A run read the resource variable before any value was written to it in that session.",
         {"init-never-run", "init-built-too-early", "not-in-initialized-set", "wrong-session", "init-order"}},
        {R"(Variable ([^\s]+) already exists, disallowed\.)",
         "ValueError",
         false,
         "get_variable was asked to make a variable whose name is taken, in a scope that does not reuse.",
         {"already-exists"}},
        {R"(Attempt to have a second RNNCell use the weights of a variable scope that already has weights: '([^']+)')",
         "ValueError",
         false,
         "Two cells were built in one variable scope without reuse.",
         {"already-exists"}},
        {R"(Variable ([^\s]+) does not exist, or was not created with tf\.get_variable\(\))",
         "ValueError",
         false,
         "get_variable was called in a reusing scope, but no variable of that name was made before.",
         {"does-not-exist", "leaked-reuse"}},
        {R"(Trying to share variable ([^\s]+), but specified shape)",
         "ValueError",
         false,
         "A scope that reuses found the variable, but the shape that is wanted now differs from the one it has.",
         {"shape-mismatch"}},
        {R"(Trying to share variable ([^\s]+), but specified dtype)",
         "ValueError",
         false,
         "A scope that reuses found the variable, but the type that is wanted now differs from the one it has.",
         {"dtype-mismatch"}},
        {R"(Attempt to reuse RNNCell .* with a different variable scope than its first use\.\s+First use of cell was with scope '([^']+)')",
         "ValueError",
         false,
         "One cell object was used for several layers or directions: make one cell for each.",
         {"shape-mismatch", "shared-weights"}},
        {R"(Dimensions must be equal, but are .*? for '([^']+)')",
         "ValueError",
         true,
         "Two shapes do not fit while the graph is built. In an RNN the usual reason is one cell object used for "
         "layers "
         "of different input size.",
         {"shape-mismatch", "shared-weights"}},
        {R"(ConcatOp : Dimensions of inputs should match)",
         "InvalidArgumentError",
         true,
         "Two tensors of different batch size met while running. In an RNN the usual reason is a zero_state with a "
         "fixed batch size.",
         {"shape-mismatch"}},
        {R"(Assign requires shapes of both tensors to match)",
         "InvalidArgumentError",
         true,
         "A value of another shape was to be written to a variable; when the op is under save/, the checkpoint "
         "comes "
         "from a model of other sizes.",
         {"shape-changed", "shape-mismatch"}},
        {R"(Key ([^\s]+) not found in checkpoint)",
         "NotFoundError",
         false,
         "The checkpoint holds no tensor of that name: the graph's names changed after it was written.",
         {"names-moved", "not-in-checkpoint"}},
        {R"re((?:Tensor name|Tensor) "?([^\s"]+)"? not found in checkpoint files)re",
         "NotFoundError",
         false,
         "The checkpoint holds no tensor of that name: the graph's names changed after it was written.",
         {"names-moved", "not-in-checkpoint"}},
        {R"(Operation u?'([^']+)' has been marked as not fetchable)",
         "ValueError",
         true,
         "The fetched op is inside a while loop or a cond, where it has one value per iteration or none.",
         {"not-fetchable"}},
        {R"(Table not initialized\.)",
         "FailedPreconditionError",
         true,
         "A lookup table was asked before anything filled it in that session.",
         {"table-not-initialized"}},
        {R"(Variables not initialized: ([^\s,]+))",
         "RuntimeError",
         false,
         "A session manager waits for variables that none of its initializers sets.",
         {"model-not-ready", "local-not-global"}},
        {R"(You must feed a value for placeholder tensor '([^']+)')",
         "InvalidArgumentError",
         false,
         "The run needs the placeholder, and feed_dict does not hold it.",
         {"placeholder-not-fed"}},
        {R"(Cannot feed value of shape .* for Tensor u?'([^']+)')",
         "ValueError",
         false,
         "The fed array does not fit the placeholder's shape.",
         {"shape-mismatch"}},
        {R"(Initializer for variable ([^\s]+) is from inside a control-flow construct)",
         "ValueError",
         false,
         "The variable's initial value is made inside a loop or cond, but the variable lives outside of it.",
         {"control-flow-initializer"}},
        {R"(The node '([^']+)' has inputs from different frames)",
         "InvalidArgumentError",
         true,
         "The op combines a value from inside a loop with one from outside; a variable that is born in a loop does "
         "so.",
         {"control-flow-initializer"}},
        {R"re((?:Tensor\("|name: ")([^\s"]+)".*is not an element of this graph)re",
         "ValueError",
         false,
         "The session was made for one graph, and what it is asked for belongs to another.",
         {"wrong-graph"}},
        {R"(must be from the same graph as ([^\s]+))",
         "ValueError",
         false,
         "Two graphs were mixed while building.",
         {"wrong-graph"}},
        {R"((?:Table not initialized))",
         "FailedPreconditionError",
         false,
         "A lookup table has an initializer of its own: run tf.tables_initializer().",
         {"local-not-global"}},
    };
    return table;
}

struct Dress {
    const char* expression; ///< first group: the op
    const char* versions;
};

constexpr Dress dresses[] = {
    {R"(\[\[node ([^\s\]]+) \(defined at [^)]*\)\s+=)", "1.12"},
    {R"(\[\[node ([^\s\]]+) \(defined at [^)]*\) ?\]\])", "1.13 to 1.15"},
    {R"(\[\[\{\{node ([^\s}]+)\}\} = )", "1.11 to 1.12"},
    {R"(\[\[\{\{node ([^\s}]+)\}\} ?\]\])", "1.13 to 1.15"},
    {R"(\[\[Node: ([^\s]+) = )", "0.7 to 1.10"},
};

std::string line_with(std::string_view text, std::size_t at) {
    const std::size_t before = text.rfind('\n', at);
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(start, end - start);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    constexpr std::size_t longest = 400;
    return std::string(line.substr(0, longest));
}

} // namespace

std::optional<PastedError> recognize_error(std::string_view text) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(false);
    const re2::StringPiece input(text.data(), text.size());
    for (const Pattern& pattern : patterns()) {
        const RE2 expression(pattern.expression, options);
        std::array<re2::StringPiece, 2> groups;
        const int wanted = expression.NumberOfCapturingGroups() > 0 ? 2 : 1;
        if (!expression.Match(input, 0, input.size(), RE2::UNANCHORED, groups.data(), wanted)) continue;
        PastedError found;
        found.error_class = pattern.error_class;
        found.message = line_with(text, static_cast<std::size_t>(groups[0].data() - text.data()));
        found.reading = pattern.reading;
        found.causes = pattern.causes;
        if (wanted == 2) (pattern.names_op ? found.op : found.variable) = std::string(groups[1]);
        for (const Dress& dress : dresses) {
            std::string op;
            if (!RE2::PartialMatch(input, RE2(dress.expression, options), &op)) continue;
            if (found.op.empty()) found.op = op;
            found.versions = dress.versions;
            break;
        }
        RE2::PartialMatch(input, RE2(R"(\(defined at ([^)\s]+))", options), &found.defined_at);
        if (text.find("Errors may have originated from an input operation") != std::string_view::npos)
            found.versions = "1.14 to 1.15";
        return found;
    }
    return std::nullopt;
}

std::string to_text(const PastedError& error) {
    std::string text = fmt::format("{}\n  {}\n\n", error.error_class, error.message);
    if (!error.variable.empty()) text += fmt::format("names      {}\n", error.variable);
    if (!error.op.empty()) text += fmt::format("failed op  {}\n", error.op);
    if (!error.defined_at.empty()) text += fmt::format("made at    {}\n", error.defined_at);
    if (!error.versions.empty()) text += fmt::format("written by TensorFlow {}\n", error.versions);
    text += fmt::format("\n{}\n\nPossible causes, likeliest first\n", error.reading);
    for (const std::string& code : error.causes) {
        const CauseDef* cause = find_cause(code);
        text += fmt::format("  {:<24} {}\n", code, cause == nullptr ? "" : cause->title);
    }
    return text + "\nrnnscope explain CODE tells more about each.\n";
}

} // namespace rnnscope::debug

#include "core/view/inspector_view.hpp"
#include "core/view/palette_view.hpp"
#include "core/view/source_view.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace rnnscope;
using namespace rnnscope::view;

namespace {

std::string marked(std::string_view line) {
    std::string out;
    for (const SyntaxSpan& span : highlight_python(line)) {
        constexpr std::string_view names = " ksnf#";
        if (span.kind == Syntax::plain)
            out += line.substr(span.begin, span.end - span.begin);
        else
            out += std::string("<") + names[static_cast<std::size_t>(span.kind)] + ":" +
                   std::string(line.substr(span.begin, span.end - span.begin)) + ">";
    }
    return out;
}

} // namespace

TEST(Highlight, CoversWhatProgramsContain) {
    EXPECT_EQ(marked("with tf.variable_scope(\"rnn\"):"), "<k:with> tf.<f:variable_scope>(<s:\"rnn\">):");
    EXPECT_EQ(marked("x = tf.placeholder(tf.float32, [None, 10])"),
              "x = tf.<f:placeholder>(tf.<f:float32>, [<k:None>, <n:10>])");
    EXPECT_EQ(marked("y = 1e-3 * 0.5  # a note"), "y = <n:1e-3> * <n:0.5>  <#:# a note>");
    EXPECT_EQ(marked("format_x2 = 'it\\'s'"), "format_x2 = <s:'it\\'s'>");
    EXPECT_EQ(marked("s = \"open"), "s = <s:\"open>");
    EXPECT_EQ(marked(""), "");
}

TEST(Combine, FollowsTheRuleOfScopes) {
    using enum StateMark;
    const auto of = [](std::vector<StateMark> marks) { return combine(marks); };
    EXPECT_EQ(of({declared, uninitialized, poisoned}), uninitialized);
    EXPECT_EQ(of({initialized, poisoned}), poisoned);
    EXPECT_EQ(of({initialized, declared}), partly);
    EXPECT_EQ(of({declared, declared}), declared);
    EXPECT_EQ(of({restored, restored}), restored);
    EXPECT_EQ(of({restored, initialized}), initialized);
    EXPECT_EQ(of({none, none}), none);
    EXPECT_EQ(of({}), none);
}

TEST(Text, NumbersLineUp) {
    EXPECT_EQ(number_text(0.15264, 4, true), "+0.1526");
    EXPECT_EQ(number_text(-0.0089, 4), "−0.0089");
    EXPECT_EQ(number_text(0.0, 4), "0.0000");
    EXPECT_EQ(number_text(12345.678, 4), "12346");
    EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "∞");
    EXPECT_EQ(number_text(std::nan("")), "NaN");
    EXPECT_EQ(grouped(1204), "1 204");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1234567), "1 234 567");
    EXPECT_EQ(count_text(1, "variable"), "1 variable");
    EXPECT_EQ(last_segments("a/b/c", 2), "b/c");
    EXPECT_EQ(last_segments("c", 2), "c");
    EXPECT_EQ(shape_text(Shape({74, -1})), "[74, ?]");
}

TEST(Value, FoldsToRowsAndColumnsAndFindsItsRange) {
    const Tensor tensor = Tensor::of<float>(Shape{2, 1, 3}, {0.1f, -0.15f, 0, 0.02f, 0, 0});
    const ValueView value = view_value("value", tensor);
    EXPECT_EQ(value.rows, 2);
    EXPECT_EQ(value.columns, 3);
    EXPECT_DOUBLE_EQ(value.range, 0.1); // the 99th percentile of six values is the second largest
    EXPECT_EQ(value.clipped, 1);
    EXPECT_EQ(value.type, "float32 [2, 1, 3]");
    EXPECT_EQ(value.first_row, "row 0: 0.1000 −0.1500 0.0000");
    EXPECT_FLOAT_EQ(static_cast<float>(value.cell(1, 0)), 0.02f);
}

TEST(Value, StandsEmptyStringAndUnfiniteTensors) {
    EXPECT_FALSE(view_value("v", Tensor()).numeric);
    EXPECT_FALSE(view_value("v", Tensor::zeros(DType::float32, Shape{0, 4})).numeric);
    EXPECT_FALSE(view_value("v", Tensor::scalar<std::string>("abc")).numeric);
    const ValueView nan = view_value("v", Tensor::of<float>(Shape{2}, {std::nanf(""), std::nanf("")}));
    EXPECT_EQ(nan.statistics.nans, 2);
    EXPECT_EQ(nan.range, 1);
    EXPECT_EQ(view_value("v", Tensor::scalar(7)).rows, 1);
}

TEST(Fuzzy, RunsBeatSpreadLetters) {
    EXPECT_FALSE(fuzzy_match("xyz", "Step over"));
    EXPECT_GT(fuzzy_match("step", "Step over")->score, fuzzy_match("step", "Set to expression")->score);
    EXPECT_GT(fuzzy_match("ker", "gates/kernel")->score, fuzzy_match("ker", "make error")->score);
    EXPECT_EQ(fuzzy_match("so", "Step over")->positions, (std::vector<std::size_t>{0, 5}));
    EXPECT_EQ(fuzzy_match("", "x")->score, 0);
}

TEST(Palette, ListsCommandsWithoutAProgram) {
    const debug::Debugger debugger;
    const std::vector<PaletteCommand> commands = {
        {"step.over", "Step over", "Runs the line.", "F10", "", "No program is open."},
        {"file.open", "Open…", "Opens a program.", "Ctrl+O", "file", std::nullopt},
    };
    EXPECT_EQ(to_text(build_palette(debugger, commands, "")),
              "  Open…  Opens a program.  Ctrl+O\n- Step over  No program is open.  F10\n");
    EXPECT_EQ(to_text(build_palette(debugger, commands, "over")), "- Step over  No program is open.  F10\n");
}

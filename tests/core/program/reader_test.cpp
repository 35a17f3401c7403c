#include "test_names.hpp"

#include "core/program/json_format.hpp"

#include <fmt/format.h>

namespace rnnscope::program {
namespace {

const Statement& only(const Program& program) {
    EXPECT_EQ(program.statements.size(), 1u);
    return program.statements.at(0);
}

TEST(JsonTreeTest, KnowsWhereEveryValueStands) {
    const std::string text = "{\n  \"a/b\": [1, -2.5e3,\n   \"ж\", true],\"c\": {\"d\": null}}";
    Diagnostics mistakes;
    const JsonTree json = JsonTree::parse(text, "f.json", mistakes);
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    const auto where = [&](std::uint32_t node) {
        const SourcePosition at = json.position(node);
        return fmt::format("{}:{}:{}", at.line, at.column, at.pointer);
    };
    const std::uint32_t list = json.member(json.root(), "a/b");
    EXPECT_EQ(where(json.root()), "1:1:");
    EXPECT_EQ(where(list), "2:10:/a~1b");
    EXPECT_EQ(where(json[list].first_child), "2:11:/a~1b/0");
    std::uint32_t at = json[json[list].first_child].next;
    EXPECT_EQ(where(at), "2:14:/a~1b/1");
    EXPECT_EQ(json[at].number, -2500);
    at = json[at].next;
    EXPECT_EQ(where(at), "3:4:/a~1b/2");
    EXPECT_EQ(where(json[at].next), "3:9:/a~1b/3"); // columns are characters, not bytes
    const std::uint32_t inner = json.member(json.member(json.root(), "c"), "d");
    EXPECT_EQ(where(inner), "3:26:/c/d");
    EXPECT_EQ(json.key_position(inner).column, 21);
}

TEST(Reader, ReadsTheHeader) {
    Diagnostics mistakes;
    const auto program = read_test_program(
        R"({"format": "rnnscope/1", "title": "T", "description": "D", "tags": ["a", "b"], "tensorflow": "1.4",
            "graph_seed": 42, "fixed_twin": "ok.json", "program": []})",
        mistakes);
    ASSERT_TRUE(program) << to_text(mistakes);
    EXPECT_EQ(program->title, "T");
    EXPECT_EQ(program->description, "D");
    EXPECT_EQ(program->tags, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(program->tf_minor, 4);
    EXPECT_EQ(program->graph_seed, 42);
    EXPECT_EQ(program->fixed_twin, "ok.json");
    EXPECT_EQ(program->file, "test.json");
}

TEST(Reader, StatementsKnowTheirPlacesAndParents) {
    const Program program = program_of(R"({"for": "i", "in": {"range": [2]}, "body": [
        {"let": "x", "value": "$i"}]}, {"let": "y", "value": 1})");
    ASSERT_EQ(program.statements.size(), 3u);
    EXPECT_EQ(program.body, (Block{StatementId(0), StatementId(2)}));
    EXPECT_EQ(program.statements[1].parent, StatementId(0));
    EXPECT_FALSE(program.statements[2].parent.valid());
    EXPECT_EQ(program.statements[1].where.line, 2);
    EXPECT_EQ(program.statements[1].where.column, 9);
    EXPECT_EQ(program.statements[1].where.pointer, "/program/0/body/0");
}

TEST(Reader, ArgumentsByNameMayStandInArgs) {
    const Program program = program_of(R"({"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": {"num_units": 64}})");
    const auto& call = std::get<CallExpr>(std::get<AssignStatement>(only(program).node).value->node);
    EXPECT_TRUE(call.args.empty());
    ASSERT_EQ(call.keywords.size(), 1u);
    EXPECT_EQ(call.keywords[0].name, "num_units");
    EXPECT_EQ(call.keywords[0].where.pointer, "/program/0/args/num_units");
}

TEST(Reader, FeedsAreNamedByReferenceOrByTensorName) {
    const Program program = program_of(R"({"let": "x", "call": "placeholder", "args": ["$tf.float32"]},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": ["y:0"], "kwargs": {"feed_dict": {"$x": 1, "z:0": 2}}},
        {"call": "$sess.run", "args": ["y:0", {"$x": 1}]})");
    EXPECT_EQ(program.python.lines.at(4), "sess.run(\"y:0\", feed_dict={x: 1, \"z:0\": 2})");
    EXPECT_EQ(program.python.lines.at(5), "sess.run(\"y:0\", {x: 1})");
}

TEST(Reader, BranchesHangTogether) {
    const Program program = program_of(R"({"if": true, "body": [{"let": "a", "value": 1}],
        "elif": [{"if": false, "body": [{"let": "b", "value": 1}]}, {"if": 0, "body": []}],
        "else": [{"let": "c", "value": "$b"}]}, {"let": "d", "if": true, "then": "$a", "else": "$c"})");
    ASSERT_EQ(program.statements.size(), 7u);
    EXPECT_EQ(program.body, (Block{StatementId(0), StatementId(6)}));
    const std::vector<std::string> pointers{
        "/program/0",        "/program/0/body/0", "/program/0/elif/0", "/program/0/elif/0/body/0",
        "/program/0/elif/1", "/program/0/else/0", "/program/1"};
    const std::vector<int> parents{-1, 0, 0, 2, 2, 4, -1};
    for (std::size_t i = 0; i < pointers.size(); ++i) {
        const Statement& statement = program.statements[i];
        EXPECT_EQ(statement.where.pointer, pointers[i]);
        EXPECT_EQ(statement.parent.valid() ? static_cast<int>(statement.parent.index()) : -1, parents[i]) << i;
        EXPECT_EQ(program.is_elif(statement.id), i == 2 || i == 4) << i;
    }
    EXPECT_EQ(std::get<IfStatement>(program.statements[0].node).otherwise, (Block{StatementId(2)}));
    EXPECT_EQ(std::get<IfStatement>(program.statements[4].node).otherwise, (Block{StatementId(5)}));
}

TEST(Reader, ManyBranchesDoNotNest) {
    std::string text = R"({"let": "n", "value": 3}, {"if": false, "body": [], "elif": [)";
    for (int i = 0; i < 20'000; ++i)
        text += fmt::format(R"({}{{"if": {{"==": ["$n", {}]}}, "body": []}})", i ? "," : "", i);
    const Program program = program_of(text + "]}");
    EXPECT_EQ(program.statements.size(), 20'002u);
    EXPECT_EQ(program.python.lines.back(), "    pass");
}

TEST(Reader, FunctionsMayUseWhatTheModuleDefinesLater) {
    program_of(R"({"def": "f", "params": [], "body": [{"let": "y", "value": "$size"}, {"return": "$y"}]},
                  {"let": "size", "value": 1}, {"let": "z", "call": "$f"})");
}

TEST(Reader, ArraysTakeTheTypeOfTheirValues) {
    const auto array = [](const std::string& json) {
        const Program program = program_of(R"({"let": "x", )" + json + "}");
        return std::get<ArrayExpr>(std::get<AssignStatement>(only(program).node).value->node).value;
    };
    EXPECT_EQ(array(R"("array": [[1, 2], [3, 4]])").dtype(), DType::int64);
    EXPECT_EQ(array(R"("array": [1, 2.5])").dtype(), DType::float64);
    EXPECT_EQ(array(R"("array": [true, false])").dtype(), DType::boolean);
    EXPECT_EQ(array(R"("array": ["a"])").dtype(), DType::string);
    EXPECT_EQ(array(R"("array": [])").dtype(), DType::float64);
    EXPECT_EQ(array(R"("array": 3, "dtype": "float32")").shape(), Shape{});
    const Tensor matrix = array(R"("array": [[1, 2, 3], [4, 5, 6]], "dtype": "float32")");
    EXPECT_EQ(matrix.shape(), (Shape{2, 3}));
    EXPECT_EQ(matrix.values<float>()[4], 5.0F);
}

TEST(JsonFormat, IsStableAndKeepsShortThingsOnALine) {
    const std::string text = R"({"format":"rnnscope/1","tags":["a","b"],"program":[{"let":"x","value":1},
        {"for":"i","in":{"range":[2]},"body":[{"let":"y","value":[]}]}]})";
    const std::string expected = R"({
  "format": "rnnscope/1",
  "tags": ["a", "b"],
  "program": [
    {"let": "x", "value": 1},
    {
      "for": "i",
      "in": {"range": [2]},
      "body": [
        {"let": "y", "value": []}
      ]
    }
  ]
}
)";
    EXPECT_EQ(format_json(text), expected);
    EXPECT_EQ(format_json(expected), expected);
}

TEST(JsonFormat, BranchesAreBlocksAndConditionalValuesAreNot) {
    const std::string text = R"({"program":[{"if":true,"body":[],"elif":[{"if":false,"body":[{"let":"x","value":1}]}],
        "else":[{"let":"y","if":true,"then":[1],"else":[2]}]}]})";
    const std::string expected = R"({
  "program": [
    {
      "if": true,
      "body": [],
      "elif": [
        {
          "if": false,
          "body": [
            {"let": "x", "value": 1}
          ]
        }
      ],
      "else": [
        {"let": "y", "if": true, "then": [1], "else": [2]}
      ]
    }
  ]
}
)";
    EXPECT_EQ(format_json(text), expected);
    EXPECT_EQ(format_json(expected), expected);
}

TEST(JsonFormat, PatchesAndExplainsWhatDoesNotFit) {
    std::string problem;
    EXPECT_EQ(patch_json(R"({"program": [1, 2]})", R"([{"op": "move", "from": "/program/0", "path": "/program/1"}])",
                         problem),
              "{\n  \"program\": [\n    2,\n    1\n  ]\n}\n");
    EXPECT_EQ(problem, "");
    EXPECT_EQ(patch_json(R"({"program": []})", R"([{"op": "remove", "path": "/nothing"}])", problem), "");
    EXPECT_NE(problem, "");
}

} // namespace
} // namespace rnnscope::program

// A session has the same number wherever it is shown, and commands take that number.

#include "core/debug/command.hpp"
#include "core/view/variables_view.hpp"

#include <gtest/gtest.h>

using namespace rnnscope;

TEST(Sessions, AreShownWithTheNumberThatCommandsTake) {
    debug::Debugger debugger;
    const Diagnostics mistakes = debugger.open_text(R"({
      "format": "rnnscope/1", "title": "t", "tensorflow": "1.15",
      "program": [
        {"let": "v", "call": "get_variable", "args": ["v", [2]]},
        {"let": "init", "call": "global_variables_initializer"},
        {"let": "one", "call": "Session"},
        {"call": "$one.run", "args": ["$init"]},
        {"let": "other", "call": "Session"},
        {"call": "$other.run", "args": ["$init"]}
      ]})",
                                                    "t.json", "");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    ASSERT_TRUE(debug::execute(debugger, {"run.continue", "", "test"}).ok());
    debugger.wait();
    const view::VariablesView view = view::build_variables(debugger, {});
    ASSERT_EQ(view.sessions.size(), 2u);
    for (const auto& session : view.sessions) {
        const std::string number = session.name.substr(session.name.rfind(' ') + 1);
        const Result<std::string> chosen = debug::execute(debugger, {"session.choose", number, "test"});
        ASSERT_TRUE(chosen.ok()) << session.name;
        EXPECT_EQ(chosen.value(), session.name);
        EXPECT_EQ(debugger.current_session(), session.id);
    }
}

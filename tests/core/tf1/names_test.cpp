#include "program.hpp"

namespace rnnscope::tf1 {
namespace {

TEST(Names, AreMadeUniqueWithoutRegardToCase) {
    Tf tf;
    EXPECT_EQ(tf.name(tf("constant", {1}, {{"name", "V"}})), "V:0");
    EXPECT_EQ(tf.name(tf("constant", {1}, {{"name", "v"}})), "v_1:0");
    EXPECT_EQ(tf.name(tf("constant", {1}, {{"name", "V"}})), "V_2:0");
}

TEST(Names, ASuffixThatIsTakenIsSkipped) {
    Tf tf;
    tf("no_op", {}, {{"name", "a_1"}});
    tf("no_op", {}, {{"name", "a"}});
    tf("no_op", {}, {{"name", "a"}});
    EXPECT_EQ(tf.nodes(), (Lines{"NoOp a_1()", "NoOp a()", "NoOp a_2()"}));
}

TEST(Names, ScopesNestReturnAndAreEnteredAgain) {
    Tf tf;
    std::string inner;
    tf.with(tf("name_scope", {"a"}), [&](const Value& scope) {
        EXPECT_EQ(str(scope), "a/");
        tf.with(tf("name_scope", {"b"}), [&](const Value& b) { inner = str(b); });
    });
    EXPECT_EQ(inner, "a/b/");
    tf.with(tf("name_scope", {"a"}), [&](const Value& scope) { EXPECT_EQ(str(scope), "a_1/"); });
    tf.with(tf("name_scope", {"a/"}), [&](const Value& scope) {
        EXPECT_EQ(str(scope), "a/");
        EXPECT_EQ(tf.name(tf("constant", {1}, {{"name", "x"}})), "a/x:0");
        tf.with(tf("name_scope", {Value()}), [&](const Value& root) {
            EXPECT_EQ(str(root), "");
            EXPECT_EQ(tf.name(tf("constant", {1}, {{"name", "x"}})), "x:0");
        });
    });
}

TEST(Names, MustBeWellFormed) {
    Tf tf;
    EXPECT_EQ(tf.error("constant", {1}, {{"name", "a b"}}), "ValueError: 'a b' is not a valid node name");
    const Value scope = tf("name_scope", {"_x"});
    const Result<Value> entered = enter(tf.context, scope);
    ASSERT_FALSE(entered.ok());
    EXPECT_EQ(entered.error().message, "'_x' is not a valid scope name");
    tf.with(tf("name_scope", {"a"}), [&](const Value&) {
        tf.with(tf("name_scope", {"_x"}), [&](const Value& nested) { EXPECT_EQ(str(nested), "a/_x/"); });
    });
}

TEST(ControlDependencies, AreGivenToOpsThatDoNotDependOnThemYet) {
    Tf tf;
    const Value a = tf("no_op", {}, {{"name", "a"}});
    tf.with(tf("control_dependencies", {Value::list({a})}), [&](const Value&) {
        const Value x = tf("constant", {1.0}, {{"name", "x"}});
        tf("identity", {x}, {{"name", "y"}}); // x waits already
        tf.with(tf("control_dependencies", {Value()}), [&](const Value&) { tf("no_op", {}, {{"name", "free"}}); });
        tf("no_op", {}, {{"name", "b"}});
    });
    EXPECT_EQ(tf.nodes(), (Lines{"NoOp a()", "Const x(^a)", "Identity y(x)", "NoOp free()", "NoOp b(^a)"}));
}

TEST(Seeds, FollowTheGraphSeedAndTheNumberOfOps) {
    Tf tf;
    const auto seeds = [&](std::optional<std::int64_t> op) { return tf.context.default_graph().get_seed(op); };
    using Pair = std::pair<std::int64_t, std::int64_t>;
    EXPECT_EQ(seeds({}), (Pair{0, 0}));
    EXPECT_EQ(seeds(5), (Pair{87654321, 5}));
    tf("set_random_seed", {42});
    tf("no_op");
    EXPECT_EQ(seeds({}), (Pair{42, 1}));
    EXPECT_EQ(seeds(5), (Pair{42, 5}));
    EXPECT_EQ(seeds(-1), (Pair{42, 2147483646}));
    tf("set_random_seed", {0});
    EXPECT_EQ(seeds(0), (Pair{0, 2147483647}));
}

TEST(Devices, AreMergedFromTheInside) {
    Tf tf;
    tf.with(tf("device", {"/job:worker/task:1"}), [&](const Value&) {
        tf.with(tf("device", {"/gpu:0"}), [&](const Value&) { tf("no_op", {}, {{"name", "a"}}); });
        tf.with(tf("device", {Value()}), [&](const Value&) { tf("no_op", {}, {{"name", "b"}}); });
    });
    EXPECT_EQ(tf.graph().node(NodeId(0)).device, "/job:worker/task:1/device:GPU:0");
    EXPECT_EQ(tf.graph().node(NodeId(1)).device, "");
}

} // namespace
} // namespace rnnscope::tf1

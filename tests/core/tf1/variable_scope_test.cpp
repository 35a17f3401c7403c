#include "program.hpp"

namespace rnnscope::tf1 {
namespace {

/// tf.get_variable(name, [1])
Value gv(Tf& tf, const std::string& name, Keywords keywords = {}) {
    return tf("get_variable", {name, ints({1})}, std::move(keywords));
}
Value c(Tf& tf) {
    return tf("constant", {1.0}, {{"name", "c"}});
}

TEST(VariableScope, PrefixesVariablesAndOps) {
    Tf tf;
    Value s, v;
    tf.scope({"foo"}, {}, [&](const Value& scope) {
        s = scope;
        v = gv(tf, "v");
        EXPECT_EQ(tf.name(v), "foo/v:0");
        EXPECT_EQ(tf.name(c(tf)), "foo/c:0");
    });
    tf.scope({"foo"}, {{"reuse", true}}, [&](const Value&) {
        EXPECT_EQ(gv(tf, "v").as<VariableValue>()->id, v.as<VariableValue>()->id);
        EXPECT_EQ(tf.name(c(tf)), "foo_1/c:0");
    });
    tf.scope({s}, {{"reuse", true}}, [&](const Value&) { EXPECT_EQ(tf.name(c(tf)), "foo_2/c:0"); });
    tf.scope({"bar"}, {}, [&](const Value&) {
        tf.scope({s}, {}, [&](const Value& again) {
            EXPECT_EQ(tf.name(gv(tf, "w")), "foo/w:0");
            EXPECT_EQ(tf.name(c(tf)), "bar/foo/c:0");
            EXPECT_EQ(str(tf.get(again, "original_name_scope")), "foo/");
        });
    });
    tf.scope({s}, {{"auxiliary_name_scope", false}}, [&](const Value&) { EXPECT_EQ(tf.name(c(tf)), "c:0"); });
}

TEST(VariableScope, DefaultNamesAreCounted) {
    Tf tf;
    for (const char* wanted : {"d/v:0", "d_1/v:0"})
        tf.scope({Value(), "d"}, {}, [&](const Value&) { EXPECT_EQ(tf.name(gv(tf, "v")), wanted); });
}

TEST(VariableScope, DefaultNamesStartAgainWhenTheScopeIsEnteredAgain) {
    Tf tf;
    tf.scope({"p"}, {}, [&](const Value&) {
        tf.scope({Value(), "d"}, {}, [&](const Value& d) {
            EXPECT_EQ(str(tf.get(d, "name")), "p/d");
            EXPECT_EQ(str(tf.get(d, "original_name_scope")), "p/d/");
            gv(tf, "v");
        });
    });
    tf.scope({"p"}, {}, [&](const Value&) {
        tf.scope({Value(), "d"}, {}, [&](const Value& d) {
            EXPECT_EQ(str(tf.get(d, "name")), "p/d");
            EXPECT_EQ(str(tf.get(d, "original_name_scope")), "p_1/d/");
            EXPECT_NE(tf.error("get_variable", {"v", ints({1})}).find("Variable p/d/v already exists"),
                      std::string::npos);
        });
    });
}

TEST(VariableScope, NameScopesDoNotPrefixGetVariable) {
    Tf tf;
    tf.with(tf("name_scope", {"ns"}), [&](const Value&) {
        tf.scope({"vs"}, {}, [&](const Value&) {
            EXPECT_EQ(tf.name(gv(tf, "v")), "vs/v:0");
            EXPECT_EQ(tf.name(tf("Variable", {1.0}, {{"name", "t"}})), "ns/vs/t:0");
            EXPECT_EQ(tf.name(c(tf)), "ns/vs/c:0");
        });
    });
}

TEST(VariableScope, TheStoreKnowsTheRequestedName) {
    Tf tf;
    tf("constant", {1}, {{"name", "x"}});
    const Value x = gv(tf, "x");
    EXPECT_EQ(tf.name(x), "x_1:0");
    tf.method(tf("get_variable_scope"), "reuse_variables");
    EXPECT_EQ(gv(tf, "x").as<VariableValue>()->id, x.as<VariableValue>()->id);
}

TEST(VariableScope, ReuseIsInherited) {
    Tf tf;
    const auto child = [&](const Value& outer, const Value& inner) {
        std::string seen;
        tf.scope({"a"}, {{"reuse", outer}}, [&](const Value&) {
            tf.scope({"b"}, {{"reuse", inner}}, [&](const Value& b) { seen = repr(tf.get(b, "reuse")); });
        });
        return seen;
    };
    const std::string automatic = repr(auto_reuse());
    EXPECT_EQ(child(true, {}), "True");
    EXPECT_EQ(child(true, false), "True");
    EXPECT_EQ(child(true, auto_reuse()), automatic);
    EXPECT_EQ(child(auto_reuse(), {}), automatic);
    EXPECT_EQ(child(auto_reuse(), true), "True");
    EXPECT_EQ(child({}, {}), "False");
}

TEST(VariableScope, RefusesWhatTensorFlowRefuses) {
    Tf tf;
    EXPECT_EQ(tf.error("variable_scope", {Value()}),
              "TypeError: If default_name is None then name_or_scope is required");
    EXPECT_EQ(tf.error("variable_scope", {"a"}, {{"reuse", 1}}),
              "ValueError: The reuse parameter must be True or False or None.");
    EXPECT_EQ(tf.error("variable_scope", {"a"}, {{"auxiliary_name_scope", "no"}}),
              "TypeError: The auxiliary_name_scope must be `True` or `False`, while get no");
    const auto entering = [&](const Value& manager) {
        const Result<Value> entered = enter(tf.context, manager);
        return entered.ok() ? "" : entered.error().code + ": " + entered.error().message;
    };
    EXPECT_EQ(entering(tf("variable_scope", {7})),
              "TypeError: VariableScope: name_or_scope must be a string or VariableScope.");
    EXPECT_EQ(entering(tf("variable_scope", {Value(), "d"}, {{"reuse", true}})),
              "ValueError: reuse=True cannot be used without a name_or_scope");
}

TEST(VariableScope, ComplainsAboutImproperNesting) {
    Tf tf;
    const Value a = tf("variable_scope", {"a"}), b = tf("variable_scope", {"b"});
    ASSERT_TRUE(enter(tf.context, a).ok());
    ASSERT_TRUE(enter(tf.context, b).ok());
    const Status left = exit(tf.context, a);
    ASSERT_FALSE(left.ok());
    EXPECT_EQ(left.error().message, "Improper nesting of variable_scope.");
}

// --- get_variable
// --------------------------------------------------------------------------------------------------------

std::string twice(TfVersion version, bool resource = false) {
    Tf tf(version);
    tf.context.traceback = [](OriginId) {
        Lines frames;
        for (int i = 1; i <= 6; ++i) frames.push_back("  File \"m.py\", line " + std::to_string(i) + ", in f\n    x\n");
        return frames;
    };
    gv(tf, "v", {{"use_resource", resource}});
    return tf.error("get_variable", {"v", ints({1})});
}

std::size_t frames(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("  File ", at)) != std::string::npos; ++at) ++count;
    return count;
}

TEST(GetVariable, AlreadyExistsByVersion) {
    const std::string old =
        "ValueError: Variable v already exists, disallowed. Did you mean to set reuse=True in VarScope?";
    const std::string now = "ValueError: Variable v already exists, disallowed. Did you mean to set reuse=True or "
                            "reuse=tf.AUTO_REUSE in VarScope?";
    const std::string where = " Originally defined at:\n\n  File \"m.py\", line 1, in f\n    x\n";
    EXPECT_EQ(twice({1, 3}).rfind(old + where, 0), 0u);
    EXPECT_EQ(frames(twice({1, 3})), 3u);
    EXPECT_EQ(twice({1, 4}).rfind(now + where, 0), 0u);
    EXPECT_EQ(frames(twice({1, 13})), 3u);
    EXPECT_EQ(frames(twice({1, 14})), 5u);
    EXPECT_EQ(frames(twice({1, 15})), 5u);
    EXPECT_EQ(frames(twice({1, 12}, true)), 3u);
    EXPECT_EQ(twice({1, 13}, true), now);
    EXPECT_EQ(twice({1, 15}, true), now);
}

TEST(GetVariable, DoesNotExistByVersion) {
    const auto missing = [](TfVersion version) {
        Tf tf(version);
        std::string text;
        tf.scope({"a"}, {{"reuse", true}}, [&](const Value&) { text = tf.error("get_variable", {"v", ints({1})}); });
        return text;
    };
    const std::string text =
        "ValueError: Variable a/v does not exist, or was not created with tf.get_variable(). Did you "
        "mean to set reuse=";
    EXPECT_EQ(missing({1, 15}), text + "tf.AUTO_REUSE in VarScope?");
    EXPECT_EQ(missing({1, 3}), text + "None in VarScope?");
}

TEST(GetVariable, SharingNeedsTheSameShapeAndType) {
    Tf tf;
    gv(tf, "v");
    tf.method(tf("get_variable_scope"), "reuse_variables");
    EXPECT_EQ(tf.error("get_variable", {"v", ints({2})}),
              "ValueError: Trying to share variable v, but specified shape (2,) and found shape (1,).");
    EXPECT_EQ(tf.error("get_variable", {"v", Value::list({Value()})}), "");
    EXPECT_EQ(tf.error("get_variable", {"v", ints({1}), DType::int32}),
              "ValueError: Trying to share variable v, but specified dtype int32 and found dtype float32_ref.");
}

TEST(GetVariable, InitializersMustFit) {
    Tf tf;
    const std::string invalid =
        "ValueError: The initializer passed is not valid. It should be a callable with no arguments "
        "and the shape should not be provided or an instance of `tf.keras.initializers.*' and "
        "`shape` should be fully defined.";
    EXPECT_EQ(tf.error("get_variable", {"v"}), invalid);
    EXPECT_EQ(tf.error("get_variable", {"v", Value::list({Value(), Value(2)})}), invalid);
    EXPECT_EQ(tf.error("get_variable", {"v", ints({1})}, {{"initializer", 1.0}}),
              "ValueError: If initializer is a constant, do not specify shape.");
    EXPECT_EQ(tf.error("get_variable", {"v"}, {{"initializer", 1.0}, {"dtype", DType::int32}}),
              "ValueError: Initializer type '<dtype: 'float32'>' and explicit dtype '<dtype: 'int32'>' don't match.");
    EXPECT_EQ(tf.error("get_variable", {"v", ints({1}), DType::complex64}),
              "ValueError: An initializer for variable v of <dtype: 'complex64'> is required");
    Tf older({1, 8});
    EXPECT_EQ(older.error("get_variable", {"v", Value::list({Value(), Value(2)})}),
              "ValueError: Shape of a new variable (v) must be fully defined, but instead was (?, 2).");
}

TEST(GetVariable, TheScopeGivesDefaults) {
    Tf tf;
    tf.scope({"s"}, {{"initializer", tf("zeros_initializer")}, {"use_resource", true}, {"dtype", DType::float64}},
             [&](const Value&) { gv(tf, "v"); });
    const Variable& v = tf.graph().variables()[0];
    EXPECT_TRUE(v.is_resource);
    EXPECT_EQ(v.dtype, DType::float64);
    EXPECT_EQ(tf.graph().node(NodeId(0)).name, "s/v/Initializer/zeros");
}

TEST(GetVariable, ARegularizerIsCollected) {
    Tf tf;
    gv(tf, "v", {{"regularizer", *find_constant("reduce_sum")}});
    const auto losses = tf.graph().collection("regularization_losses");
    ASSERT_EQ(losses.size(), 1u);
    EXPECT_EQ(tf.graph().item_name(losses[0]), "v/Regularizer/Sum:0");
}

} // namespace
} // namespace rnnscope::tf1

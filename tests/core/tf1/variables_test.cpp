#include "program.hpp"

namespace rnnscope::tf1 {
namespace {

const std::vector<std::string> shown{"_class", "shared_name", "use_locking", "validate_shape"};

TEST(RefVariable, FromAnInitializer) {
    Tf tf;
    tf("get_variable", {"v", ints({2})}, {{"initializer", tf("zeros_initializer")}});
    EXPECT_EQ(
        tf.nodes(0, shown),
        (Lines{"Const v/Initializer/zeros() _class=[\"loc:@v\"]", "VariableV2 v() _class=[\"loc:@v\"] shared_name=\"\"",
               "Assign v/Assign(v, v/Initializer/zeros) _class=[\"loc:@v\"] use_locking=true validate_shape=true",
               "Identity v/read(v) _class=[\"loc:@v\"]"}));
}

TEST(RefVariable, FromAValueOrATensor) {
    Tf tf;
    tf("Variable", {1.0}, {{"name", "v"}});
    tf("Variable", {2.0});
    const Value x = tf("constant", {3.0});
    tf("Variable", {x}, {{"name", "w"}});
    EXPECT_EQ(
        tf.nodes(0, {"_class"}),
        (Lines{"Const v/initial_value()", "VariableV2 v()", "Assign v/Assign(v, v/initial_value) _class=[\"loc:@v\"]",
               "Identity v/read(v) _class=[\"loc:@v\"]", "Const Variable/initial_value()", "VariableV2 Variable()",
               "Assign Variable/Assign(Variable, Variable/initial_value) _class=[\"loc:@Variable\"]",
               "Identity Variable/read(Variable) _class=[\"loc:@Variable\"]", "Const Const()", "VariableV2 w()",
               "Assign w/Assign(w, Const) _class=[\"loc:@w\"]", "Identity w/read(w) _class=[\"loc:@w\"]"}));
}

TEST(RefVariable, WithACachingDeviceTheReadIsNotColocated) {
    Tf tf;
    tf.scope({"s"}, {{"caching_device", ""}}, [&](const Value&) { tf("get_variable", {"v", ints({2})}); });
    EXPECT_EQ(tf.nodes(tf.graph().size() - 1, {"_class"}), (Lines{"Identity s/v/read(s/v)"}));
}

TEST(RefVariable, UsedAsATensorIsItsRead) {
    Tf tf;
    const Value v = tf("Variable", {1.0}, {{"name", "v"}});
    const std::size_t before = tf.graph().size();
    tf("identity", {v});
    tf.op("*", {v, 0.5});
    tf("assign", {v, 2.0});
    tf.method(v, "assign_add", {1.0});
    tf("is_variable_initialized", {v});
    tf.method(v, "read_value");
    EXPECT_EQ(tf.nodes(before, {"_class", "use_locking"}),
              (Lines{"Identity Identity(v/read)", "Const mul/y()", "Mul mul(v/read, mul/y)", "Const Assign/value()",
                     "Assign Assign(v, Assign/value) _class=[\"loc:@v\"] use_locking=true", "Const AssignAdd/value()",
                     "AssignAdd AssignAdd(v, AssignAdd/value) _class=[\"loc:@v\"] use_locking=false",
                     "IsVariableInitialized IsVariableInitialized(v) _class=[\"loc:@v\"]", "Identity read(v)"}));
}

TEST(ResourceVariable, FromAnInitializerAndFromAValue) {
    Tf tf;
    tf("get_variable", {"v", ints({2})}, {{"initializer", tf("ones_initializer")}, {"use_resource", true}});
    tf("Variable", {1.0}, {{"name", "w"}, {"use_resource", true}});
    EXPECT_EQ(tf.nodes(0, {"_class", "shared_name"}),
              (Lines{"Const v/Initializer/ones() _class=[\"loc:@v\"]",
                     "VarHandleOp v() _class=[\"loc:@v\"] shared_name=\"v\"",
                     "VarIsInitializedOp v/IsInitialized/VarIsInitializedOp(v)",
                     "AssignVariableOp v/Assign(v, v/Initializer/ones)", "ReadVariableOp v/Read/ReadVariableOp(v)",
                     "Const w/Initializer/initial_value() _class=[\"loc:@w\"]",
                     "VarHandleOp w() _class=[\"loc:@w\"] shared_name=\"w\"",
                     "VarIsInitializedOp w/IsInitialized/VarIsInitializedOp(w)",
                     "AssignVariableOp w/Assign(w, w/Initializer/initial_value)",
                     "ReadVariableOp w/Read/ReadVariableOp(w)"}));
}

TEST(ResourceVariable, EveryUseReadsAnew) {
    Tf tf;
    const Value v =
        tf("Variable", {Value::list({ints({1})})}, {{"name", "v"}, {"use_resource", true}, {"dtype", DType::float32}});
    const Value x = tf("placeholder", {DType::float32, ints({1, 1})}, {{"name", "x"}});
    const std::size_t before = tf.graph().size();
    tf.op("*", {v, 0.5});
    tf.op("*", {x, v});
    tf("matmul", {x, v});
    tf.method(v, "read_value");
    EXPECT_EQ(tf.nodes(before),
              (Lines{"ReadVariableOp ReadVariableOp(v)", "Const mul/y()", "Mul mul(ReadVariableOp, mul/y)",
                     "ReadVariableOp mul_1/ReadVariableOp(v)", "Mul mul_1(x, mul_1/ReadVariableOp)",
                     "ReadVariableOp MatMul/ReadVariableOp(v)", "MatMul MatMul(x, MatMul/ReadVariableOp)",
                     "ReadVariableOp Read/ReadVariableOp(v)", "Identity Identity(Read/ReadVariableOp)"}));
}

TEST(ResourceVariable, ACachingDeviceKeepsOneRead) {
    Tf tf;
    Value v;
    tf.scope({"s"}, {{"caching_device", ""}, {"use_resource", true}}, [&](const Value&) {
        v = tf("get_variable", {"v", ints({2})});
    });
    EXPECT_EQ(tf.nodes(tf.graph().size() - 1), (Lines{"Identity s/v/Read/Identity(s/v/Read/ReadVariableOp)"}));
    tf("identity", {v});
    EXPECT_EQ(tf.nodes(tf.graph().size() - 1), (Lines{"Identity Identity(s/v/Read/Identity)"}));
}

TEST(Variables, AreCollected) {
    Tf tf;
    tf("get_variable", {"rnn/v", ints({1})});
    tf("get_variable", {"rnn_2/v", ints({1})}, {{"trainable", false}});
    tf("get_variable", {"x/rnn/v", ints({1})}, {{"collections", Value::list({"local_variables"})}});
    const auto names = [&](std::string_view function, std::vector<Value> arguments) {
        std::string text;
        const Value found = tf(function, std::move(arguments));
        for (const Value& item : *items_of(found)) text += tf.name(item) + " ";
        return text;
    };
    EXPECT_EQ(names("global_variables", {}), "rnn/v:0 rnn_2/v:0 ");
    EXPECT_EQ(names("trainable_variables", {}), "rnn/v:0 x/rnn/v:0 ");
    EXPECT_EQ(names("local_variables", {}), "x/rnn/v:0 ");
    EXPECT_EQ(names("global_variables", {"rnn"}), "rnn/v:0 rnn_2/v:0 ");
    EXPECT_EQ(names("global_variables", {"rnn/"}), "rnn/v:0 ");
    EXPECT_EQ(names("trainable_variables", {".*rnn"}), "rnn/v:0 x/rnn/v:0 ");
    EXPECT_EQ(names("get_collection", {*find_constant("GraphKeys.GLOBAL_VARIABLES"), "rnn_"}), "rnn_2/v:0 ");
    EXPECT_EQ(names("get_collection", {"nothing"}), "");
    tf.scope({"rnn"}, {},
             [&](const Value& scope) { EXPECT_EQ(items_of(tf.method(scope, "global_variables"))->size(), 1u); });
}

TEST(Variables, InitializersAreGrouped) {
    Tf tf;
    tf("variables_initializer", {Value::list({})});
    tf("Variable", {1.0}, {{"name", "v"}});
    tf("global_variables_initializer");
    tf("Variable", {1.0}, {{"name", "w"}});
    const Value init = tf("global_variables_initializer");
    tf("local_variables_initializer");
    EXPECT_EQ(tf.name(init), "init_2");
    Lines no_ops;
    for (const std::string& line : tf.nodes())
        if (line.rfind("NoOp", 0) == 0) no_ops.push_back(line);
    EXPECT_EQ(no_ops,
              (Lines{"NoOp init()", "NoOp init_1(^v/Assign)", "NoOp init_2(^v/Assign, ^w/Assign)", "NoOp init_3()"}));
}

TEST(Variables, OnSeveralDevicesAreGroupedByDevice) {
    Tf tf;
    tf("Variable", {1.0}, {{"name", "v"}});
    tf.with(tf("device", {"/cpu:0"}), [&](const Value&) { tf("Variable", {1.0}, {{"name", "w"}}); });
    const std::size_t before = tf.graph().size();
    tf("global_variables_initializer");
    EXPECT_EQ(tf.nodes(before), (Lines{"NoOp init/NoOp(^v/Assign)", "NoOp init/NoOp_1(^w/Assign)",
                                       "NoOp init(^init/NoOp, ^init/NoOp_1)"}));
}

TEST(Variables, AreReportedByOpName) {
    Tf tf;
    tf("Variable", {1.0}, {{"name", "v"}});
    tf("Variable", {1.0}, {{"name", "w"}, {"use_resource", true}});
    const std::size_t before = tf.graph().size();
    const Value report = tf("report_uninitialized_variables");
    const std::string p = "report_uninitialized_variables/";
    const Lines lines = tf.nodes(before);
    ASSERT_GE(lines.size(), 6u);
    EXPECT_EQ(lines[0], "IsVariableInitialized " + p + "IsVariableInitialized(v)");
    EXPECT_EQ(lines[1], "VarIsInitializedOp " + p + "VarIsInitializedOp(w)");
    EXPECT_EQ(lines[2], "Pack " + p + "stack(" + p + "IsVariableInitialized, " + p + "VarIsInitializedOp)");
    EXPECT_EQ(lines[3], "LogicalNot " + p + "LogicalNot(" + p + "stack)");
    EXPECT_EQ(lines[4], "Const " + p + "Const()");
    EXPECT_EQ(tf.graph().node(tf.graph().find(p + "Const")).attr<Tensor>("value")->strings()[1], "w");
    EXPECT_EQ(str(tf.get(report, "name")), p + "boolean_mask/GatherV2:0");
}

TEST(Variables, RefuseWhatTensorFlowRefuses) {
    Tf tf;
    EXPECT_EQ(tf.error("Variable"), "ValueError: initial_value must be specified.");
    EXPECT_EQ(
        tf.error("Variable", {1.0}, {{"collections", "c"}}),
        "ValueError: collections argument to Variable constructor must be a list, tuple, or set. Got c of type <class "
        "'str'>");
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(2)})}, {{"name", "x"}});
    EXPECT_EQ(tf.error("Variable", {x}),
              "ValueError: initial_value must have a shape specified: Tensor(\"x:0\", shape=(?, 2), dtype=float32)");
}

// --- initializers
// --------------------------------------------------------------------------------------------------------

Lines initializer_nodes(const std::string& function, const std::vector<std::int64_t>& shape, Keywords keywords = {}) {
    Tf tf;
    tf("get_variable", {"v", ints(shape)}, {{"initializer", tf(function, {}, std::move(keywords))}});
    Lines lines;
    for (const std::string& line : tf.nodes())
        if (line.find(" v/Initializer/") != std::string::npos && line.rfind("Assign", 0) != 0) {
            std::string text = line;
            for (std::size_t at = 0; (at = text.find("v/Initializer/", at)) != std::string::npos;) text.erase(at, 14);
            lines.push_back(text);
        }
    return lines;
}

TEST(Initializers, TheDefaultIsGlorotUniform) {
    Tf tf;
    tf("get_variable", {"k", ints({7, 8})});
    const std::string p = "k/Initializer/random_uniform";
    EXPECT_EQ(
        tf.nodes(0, {"_class"}),
        (Lines{"Const " + p + "/shape() _class=[\"loc:@k\"]", "Const " + p + "/min() _class=[\"loc:@k\"]",
               "Const " + p + "/max() _class=[\"loc:@k\"]",
               "RandomUniform " + p + "/RandomUniform(" + p + "/shape) _class=[\"loc:@k\"]",
               "Sub " + p + "/sub(" + p + "/max, " + p + "/min) _class=[\"loc:@k\"]",
               "Mul " + p + "/mul(" + p + "/RandomUniform, " + p + "/sub) _class=[\"loc:@k\"]",
               "Add " + p + "(" + p + "/mul, " + p + "/min) _class=[\"loc:@k\"]", "VariableV2 k() _class=[\"loc:@k\"]",
               "Assign k/Assign(k, " + p + ") _class=[\"loc:@k\"]", "Identity k/read(k) _class=[\"loc:@k\"]"}));
    const Tensor& limit = *tf.graph().node(tf.graph().find(p + "/max")).attr<Tensor>("value");
    EXPECT_EQ(limit.values<float>()[0], static_cast<float>(0.6324555277824402));
    EXPECT_EQ(tf.graph().node(tf.graph().find(p + "/min")).attr<Tensor>("value")->values<float>()[0],
              static_cast<float>(-0.6324555277824402));
}

TEST(Initializers, NormalOnes) {
    const auto family = [](const std::string& name, const std::string& op) {
        return Lines{"Const " + name + "/shape()",
                     "Const " + name + "/mean()",
                     "Const " + name + "/stddev()",
                     op + " " + name + "/" + op + "(" + name + "/shape)",
                     "Mul " + name + "/mul(" + name + "/" + op + ", " + name + "/stddev)",
                     "Add " + name + "(" + name + "/mul, " + name + "/mean)"};
    };
    EXPECT_EQ(initializer_nodes("random_normal_initializer", {2, 3}), family("random_normal", "RandomStandardNormal"));
    EXPECT_EQ(initializer_nodes("truncated_normal_initializer", {2, 3}), family("truncated_normal", "TruncatedNormal"));
    EXPECT_EQ(initializer_nodes("glorot_normal_initializer", {2, 3}), family("truncated_normal", "TruncatedNormal"));
    EXPECT_EQ(initializer_nodes("variance_scaling_initializer", {2, 3}, {{"distribution", "untruncated_normal"}}),
              family("random_normal", "RandomStandardNormal"));
}

TEST(Initializers, ConstantOnes) {
    EXPECT_EQ(initializer_nodes("zeros_initializer", {999}), (Lines{"Const zeros()"}));
    EXPECT_EQ(initializer_nodes("zeros_initializer", {1000}),
              (Lines{"Const zeros/shape_as_tensor()", "Const zeros/Const()",
                     "Fill zeros(zeros/shape_as_tensor, zeros/Const)"}));
    EXPECT_EQ(initializer_nodes("constant_initializer", {2}, {{"value", 1.0}}), (Lines{"Const Const()"}));
}

TEST(Initializers, MatrixOnes) {
    EXPECT_EQ(
        initializer_nodes("initializers.identity", {2, 2}),
        (Lines{"Const eye/ones()", "MatrixDiag eye/diag(eye/ones)", "Const mul/x()", "Mul mul(mul/x, eye/diag)"}));
    EXPECT_EQ(initializer_nodes("orthogonal_initializer", {2, 3}),
              (Lines{"Const random_normal/shape()", "Const random_normal/mean()", "Const random_normal/stddev()",
                     "RandomStandardNormal random_normal/RandomStandardNormal(random_normal/shape)",
                     "Mul random_normal/mul(random_normal/RandomStandardNormal, random_normal/stddev)",
                     "Add random_normal(random_normal/mul, random_normal/mean)", "Qr Qr(random_normal)",
                     "DiagPart DiagPart(Qr:1)", "Sign Sign(DiagPart)", "Mul mul(Qr, Sign)",
                     "Const matrix_transpose/transpose/perm()",
                     "Transpose matrix_transpose/transpose(mul, matrix_transpose/transpose/perm)",
                     "Const Reshape/shape()", "Reshape Reshape(matrix_transpose/transpose, Reshape/shape)",
                     "Const mul_1/x()", "Mul mul_1(mul_1/x, Reshape)"}));
}

TEST(Initializers, RefuseWhatTensorFlowRefuses) {
    Tf tf;
    EXPECT_EQ(tf.error("variance_scaling_initializer", {0}), "ValueError: `scale` must be positive float.");
    EXPECT_EQ(tf.error("variance_scaling_initializer", {1.0, "x"}), "ValueError: ('Invalid `mode` argument:', 'x')");
    EXPECT_EQ(tf.error("get_variable", {"a", ints({1})},
                       {{"initializer", tf("constant_initializer", {Value::list({1.0, 2.0})})}}),
              "ValueError: Too many elements provided. Needed at most 1, but received 2");
    EXPECT_EQ(tf.error("get_variable", {"b", ints({2})},
                       {{"initializer", tf("constant_initializer", {1.0}, {{"verify_shape", true}})}}),
              "TypeError: Expected Tensor's shape: (2,), got ().");
    EXPECT_EQ(tf.error("get_variable", {"c", ints({2})}, {{"initializer", tf("orthogonal_initializer")}}),
              "ValueError: The tensor to initialize must be at least two-dimensional");
}

TEST(Initializers, AClassIsInstantiated) {
    Tf tf;
    tf("get_variable", {"v", ints({2})}, {{"initializer", *find_constant("zeros_initializer")}});
    EXPECT_EQ(tf.nodes()[0], "Const v/Initializer/zeros()");
}

TEST(Initializers, SeedsComeFromTheNumberOfOps) {
    Tf tf;
    tf("set_random_seed", {42});
    tf("get_variable", {"v", ints({2, 3})});
    tf("get_variable", {"w", ints({2, 3})},
       {{"initializer", tf("random_uniform_initializer", {-1, 1}, {{"seed", 7}})}});
    const auto seed2 = [&](const char* name) {
        return *tf.graph().node(tf.graph().find(name)).attr<std::int64_t>("seed2");
    };
    EXPECT_EQ(seed2("v/Initializer/random_uniform/RandomUniform"), 3);
    EXPECT_EQ(seed2("w/Initializer/random_uniform/RandomUniform"), 7);
}

} // namespace
} // namespace rnnscope::tf1

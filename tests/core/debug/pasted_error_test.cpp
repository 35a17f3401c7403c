#include "core/debug/pasted_error.hpp"

#include <gtest/gtest.h>

namespace rnnscope::debug {
namespace {

struct Case {
    const char* name;
    const char* text;
    const char* error_class;
    const char* variable;
    const char* op;
    const char* versions;
    const char* first_cause;
};

// Texts as TensorFlow versions print them (tf1-semantics 5.5; issue threads quoted in peers-and-failures D).
const Case cases[] = {
    {"1.4",
     "FailedPreconditionError (see above for traceback): Attempting to use uninitialized value "
     "rnn/gru_cell/gates/kernel\n"
     "\t [[Node: rnn/gru_cell/gates/kernel/read = Identity[T=DT_FLOAT, "
     "_device=\"/job:localhost/replica:0/task:0/device:CPU:0\"]"
     "(rnn/gru_cell/gates/kernel)]]",
     "FailedPreconditionError", "rnn/gru_cell/gates/kernel", "rnn/gru_cell/gates/kernel/read", "0.7 to 1.10",
     "init-never-run"},
    {"1.12",
     "Attempting to use uninitialized value v\n\t [[node v/read (defined at model.py:12)  = Identity[T=DT_FLOAT](v)]]",
     "FailedPreconditionError", "v", "v/read", "1.12", "init-never-run"},
    {"1.13", "Attempting to use uninitialized value v\n\t [[node v/read (defined at model.py:12) ]]",
     "FailedPreconditionError", "v", "v/read", "1.13 to 1.15", "init-never-run"},
    {"1.15 with input operations",
     "Attempting to use uninitialized value v\n\t [[node v/read (defined at model.py:12) ]]\n\nErrors may have "
     "originated from an "
     "input operation.",
     "FailedPreconditionError", "v", "v/read", "1.14 to 1.15", "init-never-run"},
    {"fetched variable", "Attempting to use uninitialized value Variable\n\t [[{{node _retval_Variable_0_0}}]]",
     "FailedPreconditionError", "Variable", "_retval_Variable_0_0", "1.13 to 1.15", "init-never-run"},
    {"resource",
     "Error while reading resource variable dense_2/bias from Container: localhost. This could mean that the variable "
     "was uninitialized. Not found: Container localhost does not exist. (Could not find resource: "
     "localhost/dense_2/bias)\n\t [[{{node dense_2/BiasAdd/ReadVariableOp}}]]",
     "FailedPreconditionError", "dense_2/bias", "dense_2/BiasAdd/ReadVariableOp", "1.13 to 1.15", "init-never-run"},
    {"already exists",
     "ValueError: Variable rnn/gru_cell/gates/kernel already exists, disallowed. Did you mean to set reuse=True "
     "or reuse=tf.AUTO_REUSE in VarScope? Originally defined at:",
     "ValueError", "rnn/gru_cell/gates/kernel", "", "", "already-exists"},
    {"does not exist",
     "ValueError: Variable w/Adam_2/ does not exist, or was not created with tf.get_variable(). Did you mean to "
     "set reuse=None in VarScope?",
     "ValueError", "w/Adam_2/", "", "", "does-not-exist"},
    {"second cell in 1.1",
     "ValueError: Attempt to have a second RNNCell use the weights of a variable scope that already has "
     "weights: 'rnn/gru_cell'; and the cell was not constructed as GRUCell(..., reuse=True).",
     "ValueError", "rnn/gru_cell", "", "", "already-exists"},
    {"dimensions",
     "ValueError: Dimensions must be equal, but are 8 and 7 for 'rnn/while/MatMul_2' (op: 'MatMul') with input "
     "shapes: [?,8], [7,8].",
     "ValueError", "", "rnn/while/MatMul_2", "", "shape-mismatch"},
    {"checkpoint key", "NotFoundError: Key RNN/basic_lstm_cell/bias not found in checkpoint", "NotFoundError",
     "RNN/basic_lstm_cell/bias", "", "", "names-moved"},
    {"table", "Table not initialized.\n\t [[{{node hash_table_Lookup/LookupTableFindV2}}]]", "FailedPreconditionError",
     "", "hash_table_Lookup/LookupTableFindV2", "1.13 to 1.15", "table-not-initialized"},
    {"worker",
     "INFO: Waiting for model to be ready.  Ready_for_local_init_op:  Variables not initialized: beta1_power, "
     "beta2_power, ready: None",
     "RuntimeError", "beta1_power", "", "", "model-not-ready"},
    {"not fetchable", "ValueError: Operation 'rnn/while/gru_cell/Sigmoid' has been marked as not fetchable.",
     "ValueError", "", "rnn/while/gru_cell/Sigmoid", "", "not-fetchable"},
    {"placeholder",
     "You must feed a value for placeholder tensor 'x' with dtype float and shape [?,5,3]\n\t [[node x (defined at "
     "a.py:3) ]]",
     "InvalidArgumentError", "x", "x", "1.13 to 1.15", "placeholder-not-fed"},
    {"other graph",
     "ValueError: Fetch argument <tf.Tensor 'add:0'> cannot be interpreted as a Tensor. (Tensor Tensor(\"add:0\", "
     "shape=(), dtype=float32) is not an element of this graph.)",
     "ValueError", "add:0", "", "", "wrong-graph"},
};

class PastedErrorTest : public testing::TestWithParam<Case> {};

TEST_P(PastedErrorTest, IsRecognised) {
    const Case& c = GetParam();
    const std::optional<PastedError> found =
        recognize_error(std::string("Traceback (most recent call last):\n") + c.text);
    ASSERT_TRUE(found) << c.name;
    EXPECT_EQ(found->error_class, c.error_class);
    EXPECT_EQ(found->variable, c.variable);
    EXPECT_EQ(found->op, c.op);
    EXPECT_EQ(found->versions, c.versions);
    ASSERT_FALSE(found->causes.empty());
    EXPECT_EQ(found->causes.front(), c.first_cause);
}

INSTANTIATE_TEST_SUITE_P(Texts, PastedErrorTest, testing::ValuesIn(cases));

TEST(PastedError, OtherTextIsNotRecognised) {
    EXPECT_FALSE(recognize_error(""));
    EXPECT_FALSE(recognize_error("IndexError: list index out of range"));
    EXPECT_FALSE(recognize_error(std::string(1'000'000, 'x')));
}

} // namespace
} // namespace rnnscope::debug

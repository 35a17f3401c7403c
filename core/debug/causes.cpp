#include "core/debug/diagnosis.hpp"

#include <algorithm>

namespace rnnscope::debug {

namespace {

constexpr CauseDef causes[] = {
    // --- uninitialized reads ----------------------------------------------------------------------------------------
    {"init-never-run", "No initializer was run",
     "A variable of TensorFlow 1.x has no value until something assigns one. Building the graph only describes the "
     "initial value, and tf.global_variables_initializer() only builds an op. The values appear when a session runs "
     "that "
     "op.\n\n"
     "The run fails at the read of a variable (the op that ends in /read), before the first time step, even when the "
     "traceback shows a while_loop: the weights are read once, outside of the loop.",
     "Run the initializer in this session before the run that failed.",
     R"(out, h = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
with tf.Session() as sess:
    sess.run(out, {x: data})                          # fails: nothing was initialized

init = tf.global_variables_initializer()
with tf.Session() as sess:
    sess.run(init)
    sess.run(out, {x: data})                          # works)"},

    {"init-built-too-early", "The initializer was built before the variables",
     "tf.global_variables_initializer() looks at the variables that exist when it is called, and makes an op that "
     "initializes those. The op is a snapshot: variables that are created later are not added to it. Called on an "
     "empty graph it gives an op "
     "that does nothing, and running that op succeeds.\n\n"
     "Cells create their variables when they are first called, not when they are constructed: GRUCell(64) adds nothing "
     "to the graph, dynamic_rnn does.",
     "Build the initializer after the last statement that creates variables.",
     R"(cell = tf.nn.rnn_cell.GRUCell(4)
init = tf.global_variables_initializer()              # no variables yet: does nothing
out, h = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)

cell = tf.nn.rnn_cell.GRUCell(4)
out, h = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
init = tf.global_variables_initializer()              # sees all four variables)"},

    {"not-in-initialized-set", "The initializer covers other variables",
     "tf.variables_initializer(list) sets the variables of the list and no others. The list often comes from "
     "tf.get_collection(KEY, scope), whose scope is a regular expression that must match from the start of the name: "
     "\"gru_cell\" does not match \"rnn/gru_cell/gates/kernel\", \"RNN\" does not match \"rnn\", and \"rnn\" matches "
     "\"rnn_out/W\", too.\n\n"
     "Scopes of ops and of variables differ: a second call that reuses variables makes ops under rnn_1/, but the "
     "variables stay under rnn/. A filter that matches nothing gives an initializer that does nothing.",
     "Change the filter so that it matches the variables that are read, or initialize all variables.",
     R"(vs = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="RNN")
sess.run(tf.variables_initializer(vs))                # matches 0 of 8 variables

vs = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="rnn")
sess.run(tf.variables_initializer(vs))                # matches 8 of 8 variables)"},

    {"wrong-session", "The variables were initialized in another session",
     "Values belong to a session, not to the graph. Each tf.Session has its own storage for every variable; running "
     "the "
     "initializer in one says nothing about another, even when both use the same graph.",
     "Run in the session that was initialized, or initialize this one, too.",
     R"(a.run(init)
b.run(out, {x: data})                                 # b has no values

a.run(init)
a.run(out, {x: data}))"},

    {"wrong-graph", "Two graphs are mixed",
     "A tensor, an op and a session belong to one graph. An initializer that was built in one graph sets nothing in "
     "another, and a session refuses tensors of a graph that is not its own. This often comes from a second "
     "tf.Graph(), "
     "from tf.reset_default_graph() between building and running, or from running a cell of a notebook twice.",
     "Build everything that belongs together in one graph, and give that graph to the session.",
     R"(with tf.Graph().as_default() as g:
    out, h = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
init = tf.global_variables_initializer()              # in the default graph, not in g

with tf.Graph().as_default() as g:
    out, h = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    init = tf.global_variables_initializer()
sess = tf.Session(graph=g))"},

    {"collections-lost", "The imported graph has no collections",
     "A GraphDef holds nodes and nothing else. tf.import_graph_def brings the ops of the variables back, but not the "
     "collection that tf.global_variables_initializer() looks at: the new initializer covers no variables and succeeds "
     "without doing anything.",
     "Import the MetaGraphDef, which holds the collections, or run the Assign ops or the initializer of the imported "
     "graph.",
     R"(tf.import_graph_def(graph_def, name="")
sess.run(tf.global_variables_initializer())           # covers 0 variables

tf.import_graph_def(graph_def, name="")
sess.run("init")                                      # the initializer that was saved with the graph)"},

    {"partial-restore", "The restore set only some of the variables",
     "A tf.train.Saver restores the variables that it was made for. Variables that were added later, or that its "
     "var_list "
     "leaves out, keep no value. Restoring one part and training another is common; the rest still needs its "
     "initializer.",
     "Initialize all variables first and restore afterwards, so that the restored values stay.",
     R"(saver = tf.train.Saver(encoder_variables)
saver.restore(sess, path)
sess.run(logits)                                      # the decoder has no values

sess.run(tf.global_variables_initializer())
saver.restore(sess, path)
sess.run(logits))"},

    {"init-order", "An initial value reads another variable",
     "One run of an initializer sets all variables in no particular order. When the initial value of V reads W, "
     "nothing "
     "makes that read wait until W is set: the run may work today and fail tomorrow. Since 1.3 TensorFlow repairs this "
     "for "
     "reference variables by itself; for resource variables it does not.",
     "Use W.initialized_value() in the initial value of V, or set W in a run of its own first.",
     R"(W = tf.get_variable("W", [2, 3], use_resource=True)
V = tf.Variable(W * 0.5, use_resource=True)
sess.run(tf.global_variables_initializer())           # V may read W too early

V = tf.Variable(W.initialized_value() * 0.5, use_resource=True)
sess.run(tf.global_variables_initializer())           # waits for W)"},

    {"control-flow-initializer", "An initial value depends on control flow",
     "The initial value of a variable is built where the variable is created. Under tf.control_dependencies it waits "
     "for "
     "those ops, so that running the initializer runs them first, and they may read variables that have no value yet. "
     "Inside a loop or a branch the initial value cannot be computed outside of it, and TensorFlow refuses.",
     "Create the variable outside, under tf.control_dependencies(None), or give it a function as its initial value.",
     R"(with tf.control_dependencies([tf.assign_add(step, 1)]):
    n = tf.Variable(tf.zeros_like(q))                 # its initializer runs assign_add first

n = tf.Variable(tf.zeros_like(q))
with tf.control_dependencies([tf.assign_add(step, 1)]):
    update = n.assign(q))"},

    {"local-not-global", "A local variable has another initializer",
     "Counters of tf.metrics, epochs of input queues and everything in the collection LOCAL_VARIABLES are local "
     "variables. tf.global_variables_initializer() does not set them.",
     "Run tf.local_variables_initializer(), too.",
     R"(acc, update = tf.metrics.accuracy(labels, predictions)
sess.run(tf.global_variables_initializer())
sess.run(update)                                      # accuracy/total has no value

sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
sess.run(update))"},

    {"optimizer-slot", "The optimizer made variables after the initializer",
     "minimize() creates variables of its own: Adam makes beta1_power and beta2_power and two slots for every variable "
     "that it trains. An initializer that was built before minimize() does not know them. A hand-made list of slots "
     "usually forgets the two powers.",
     "Build the initializer after minimize().",
     R"(init = tf.global_variables_initializer()
train = tf.train.AdamOptimizer().minimize(loss)       # creates more variables
sess.run(init)
sess.run(train)                                       # beta1_power has no value

train = tf.train.AdamOptimizer().minimize(loss)
init = tf.global_variables_initializer())"},

    {"failed-init", "The initializer itself failed",
     "The initializer ran, but the run ended with an error before it had set this variable. An error in one initial "
     "value "
     "stops the whole run; variables that were set before it keep their values, the others have none. When the program "
     "goes on after the error, the next run fails at a variable that looks initialized in the source.",
     "Repair the error of the initializer's run; the reads after it then work.",
     R"(try:
    sess.run(init)                                    # fails: a placeholder in an initial value is not fed
except tf.errors.InvalidArgumentError:
    pass
sess.run(out)                                         # fails again, for another reason

sess.run(init, {data: values}))"},

    // --- building ---------------------------------------------------------------------------------------------------
    {"already-exists", "The variable exists already",
     "tf.get_variable makes a variable once. Asking for the same name again is an error unless the scope reuses "
     "variables: TensorFlow cannot know whether two networks are to share weights or are called the same by mistake. "
     "dynamic_rnn uses the scope \"rnn\" unless it is told another one. In a notebook, running a cell twice builds "
     "everything a second time.",
     "Share the weights with reuse=True (or tf.AUTO_REUSE), or give the second network its own scope. In a notebook "
     "call "
     "tf.reset_default_graph() first.",
     R"(out1, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), x, dtype=tf.float32)
out2, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), y, dtype=tf.float32)    # ValueError

out2, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), y, dtype=tf.float32, scope="rnn_y"))"},

    {"does-not-exist", "There is nothing to reuse",
     "In a scope with reuse=True tf.get_variable only finds variables and never makes one. When the first call of a "
     "builder already says reuse=True there is nothing to find. The message names the first variable that is missing.",
     "Build once without reuse, or use reuse=tf.AUTO_REUSE, which makes what is missing and reuses the rest.",
     R"(with tf.variable_scope("rnn", reuse=True):            # nothing was made before
    out, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)

with tf.variable_scope("rnn", reuse=tf.AUTO_REUSE):
    out, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32))"},

    {"leaked-reuse", "Reuse was turned on for everything that follows",
     "scope.reuse_variables() cannot be turned off again in the same scope. Called on the root scope it also reaches "
     "what "
     "is built much later, such as the slots of a second optimizer, which then are not found.",
     "Turn reuse on inside a scope of its own: with tf.variable_scope(name, reuse=True).",
     R"(model(x1)
tf.get_variable_scope().reuse_variables()             # from here on nothing new can be made
model(x2)
tf.train.AdamOptimizer().minimize(loss)               # ValueError: w/Adam/ does not exist

model(x1)
with tf.variable_scope(tf.get_variable_scope(), reuse=True):
    model(x2)
tf.train.AdamOptimizer().minimize(loss))"},

    {"shape-mismatch", "Two shapes do not fit",
     "TensorFlow checks shapes where it knows them: while building, when a fed array meets its placeholder, and when "
     "an op "
     "runs. Three sources are common in recurrent networks: one cell object in several layers, whose weights cannot "
     "fit "
     "the input and the state at once; zero_state with a fixed batch size; and an array whose last dimension is not "
     "the "
     "number of features.",
     "Build one cell for each layer; let dynamic_rnn make the state by passing dtype; feed arrays of the placeholder's "
     "shape.",
     R"(cell = tf.nn.rnn_cell.GRUCell(4)
stacked = tf.nn.rnn_cell.MultiRNNCell([cell] * 3)     # one cell, three layers

stacked = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(4) for _ in range(3)]))"},

    {"dtype-mismatch", "Two types do not fit",
     "TensorFlow never converts types by itself: float32 and float64, or int32 and int64, do not meet in one op. "
     "Python "
     "numbers take the type of the other operand; numpy arrays keep theirs, and that is float64 unless it was chosen.",
     "Convert with tf.cast, or give the array or variable the type that is wanted.",
     R"(y = tf.matmul(x, tf.constant(np.ones([3, 4])))         # float32 times float64: TypeError

y = tf.matmul(x, tf.constant(np.ones([3, 4], np.float32))))"},

    // --- running ----------------------------------------------------------------------------------------------------
    {"not-fetchable", "The tensor lives inside a loop",
     "What a while_loop or a branch computes inside has one value for each iteration, or none. Session.run cannot say "
     "which one is meant and refuses before anything runs. Here nothing has to be fetched: every value of every time "
     "step "
     "is recorded and can be looked at.",
     "Fetch what the loop returns, or return the inner value from the cell as an output.",
     R"(sess.run("rnn/while/gru_cell/Sigmoid:0")                # ValueError

sess.run(outputs, {x: data})                          # one value for each time step)"},

    {"placeholder-not-fed", "A placeholder got no value",
     "A run needs every placeholder that its fetches depend on. Placeholders of an older version of the model stay in "
     "the "
     "graph when it is built again, and an initial value may depend on one, too.",
     "Add the placeholder to feed_dict, or use tf.placeholder_with_default.",
     R"(sess.run(out)                                         # InvalidArgumentError

sess.run(out, feed_dict={x: data}))"},

    {"table-not-initialized", "A table was never filled",
     "A lookup table, which turns words into numbers, is no variable: tf.global_variables_initializer() does not know "
     "of it. The op that fills it is in the collection TABLE_INITIALIZERS, and tf.tables_initializer() runs all of "
     "those that exist when it is called. Like variables, tables belong to a session.",
     "Run tf.tables_initializer(), too.",
     R"(table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(words, ids), -1)
sess.run(tf.global_variables_initializer())
sess.run(table.lookup(x), {x: data})                  # Table not initialized.

sess.run([tf.global_variables_initializer(), tf.tables_initializer()])
sess.run(table.lookup(x), {x: data}))"},

    {"model-not-ready", "The session manager waits for a variable that nobody sets",
     "tf.train.SessionManager, and the monitored sessions that use it, run their initializers and then ask "
     "tf.report_uninitialized_variables() whether anything is missing. One process that initializes fails with that "
     "list; a worker that waits for the chief logs \"Waiting for model to be ready\" for ever. The usual reasons are "
     "a variable that only one process has, and an init_op that was made from a list or before the last variable.",
     "Put what belongs to one process into LOCAL_VARIABLES, or let the init_op cover all variables.",
     R"(memory = tf.Variable(tf.zeros([2, 4]), trainable=False)          # GLOBAL_VARIABLES: everybody waits for it

memory = tf.Variable(tf.zeros([2, 4]), trainable=False,
                     collections=[tf.GraphKeys.LOCAL_VARIABLES]))"},

    {"names-moved", "The checkpoint has other names",
     "A checkpoint is a table from names to values, and a saver asks it for the names of the graph's variables. When "
     "the names changed since, by another scope or by another version of TensorFlow, the restore fails, though the "
     "values are there. Cells named their variables RNN/GRUCell/Gates/Linear/Matrix in 0.x, "
     "rnn/gru_cell/gates/weights in 1.0 and rnn/gru_cell/gates/kernel since 1.2.",
     "Tell the saver under which name the checkpoint has each variable: a dict from names to variables.",
     R"(saver = tf.train.Saver()
saver.restore(sess, path)                             # Key rnn/basic_lstm_cell/bias not found in checkpoint

saver = tf.train.Saver({"rnn/basic_lstm_cell/weights": kernel, "rnn/basic_lstm_cell/biases": bias})
saver.restore(sess, path))"},

    {"not-in-checkpoint", "The checkpoint does not have all variables",
     "tf.train.Saver() without a list asks the checkpoint for every variable of the graph, and one that is missing "
     "makes "
     "the whole restore fail. What came after the checkpoint was written is missing there: a new layer, or the slots "
     "of "
     "an optimizer that was added or exchanged.",
     "Initialize all variables, and make the saver for those that the checkpoint has.",
     R"(train = tf.train.AdamOptimizer().minimize(loss)       # the checkpoint was written without it
tf.train.Saver().restore(sess, path)                  # Key beta1_power not found in checkpoint

sess.run(tf.global_variables_initializer())
tf.train.Saver(tf.trainable_variables()).restore(sess, path))"},

    {"shape-changed", "The checkpoint has other shapes",
     "Restoring assigns the checkpoint's values to the variables of the same names, and a value must have the "
     "variable's shape. Another number of units, another vocabulary or another number of features changes the shapes, "
     "while the names stay.",
     "Build the model with the sizes that it was saved with, or leave the variables out that do not fit.",
     R"(cell = tf.nn.rnn_cell.GRUCell(6)                      # was saved with 4
saver.restore(sess, path)                             # Assign requires shapes of both tensors to match

cell = tf.nn.rnn_cell.GRUCell(4)
saver.restore(sess, path))"},

    // --- silent -----------------------------------------------------------------------------------------------------
    {"order-dependent", "A run works only by its order",
     "A session runs whatever is ready, in any order that data and control dependencies allow, on several threads. A "
     "run that both sets a variable and reads it, with nothing that makes the read wait, works when the write comes "
     "first and fails when the read does: the same program works on one machine and fails on another, or fails once in "
     "a while. rnnscope always takes the same order, in which this read works; others fail.\n\n"
     "The question about orders (ask.order) shows one order of each kind.",
     "Set the variable in a run before, or make the read wait for the write: initialized_value(), or "
     "control_dependencies.",
     R"(W = tf.get_variable("W", [2, 3], use_resource=True, initializer=tf.zeros_initializer())
V = tf.Variable(W * 0.5, use_resource=True)
sess.run(tf.global_variables_initializer())           # V may read W before it is set

V = tf.Variable(W.initialized_value() * 0.5, use_resource=True)
sess.run(tf.global_variables_initializer()))"},

    {"shared-weights", "Several layers share one set of weights",
     "[cell] * 3 repeats one object. When the input has as many features as the cell has units nothing fails: the "
     "three "
     "layers use, and train, the same kernel. The model has a third of the weights that it seems to have.",
     "Build one cell for each layer, unless sharing is what you want.",
     R"(stacked = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(4)] * 3)

stacked = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(4) for _ in range(3)]))"},

    {"no-kernel", "An op cannot be computed here",
     "Graphs of other versions and of other domains have ops that rnnscope knows from their files only: sound "
     "decoding, "
     "TensorFlow 2's function calls, custom ops. They are loaded and shown, but a run that needs one fails when it "
     "gets "
     "there, with an error that names it.",
     "Fetch tensors that do not need the op, or feed the output of the op.",
     R"(sess.run("labels_softmax:0", {"wav_data:0": data})     # needs DecodeWav, AudioSpectrogram and Mfcc

sess.run("labels_softmax:0", {"Mfcc:0": features})      # begins behind them)"},

    {"several-devices", "A value may be sent to another device before it is set",
     "A run over several devices is cut into a part for each, and a reference to a variable that another part needs "
     "is sent there by a _Send. What takes the value may wait for the initializer; the _Send does not. Whether the "
     "value is there when it is sent is left to chance, and the error, when it comes, names a _Send that is in no "
     "program.\n\n"
     "rnnscope computes on one device: it sees that such a run is possible and cannot show the failure. Reports of it "
     "differ in what helped; putting both onto one device did not help everybody.",
     "Set the variables in a run of their own, or keep the variables and what takes them on one device.",
     R"(with tf.control_dependencies([init]), tf.device("/cpu:0"):
    saver = tf.train.Saver()                          # the variables are on /gpu:0
saver.save(sess, path)                                # uninitialized value ... _Send

saver = tf.train.Saver()
sess.run(init)
saver.save(sess, path))"},

    {"init-after-restore", "The initializer overwrote restored values",
     "Restoring is an assignment, and so is initializing: the later one wins. After an initializer that runs behind "
     "the "
     "restore all weights are fresh random numbers. Nothing fails; the model only behaves as if it had never been "
     "trained.",
     "Initialize first, then restore.",
     R"(saver.restore(sess, path)
sess.run(tf.global_variables_initializer())           # throws the restored values away

sess.run(tf.global_variables_initializer())
saver.restore(sess, path))"},

    {"scope-prefix-too-wide", "The filter takes variables beside its scope",
     "A scope given to tf.get_collection is a regular expression that matches the start of the name. \"rnn\" matches "
     "rnn/kernel and also rnn_out/W and rnn2/kernel. Initializing by such a filter resets variables that were not "
     "meant.",
     "End the filter with a slash: \"rnn/\".",
     R"(vs = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="rnn")     # also rnn_out/W

vs = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="rnn/"))"},

    {"duplicate-copy", "The network exists twice",
     "Layers that choose their own name make it unique: the second call of the same code creates dense_1 beside dense, "
     "with variables of its own. Nothing fails, but training one copy does not change the other. The copy that is "
     "evaluated may be the one that was never trained.",
     "Share the variables with a named scope and reuse, or build the network once.",
     R"(train_out = tf.layers.dense(x, 10)
test_out = tf.layers.dense(y, 10)                     # dense_1: other weights

train_out = tf.layers.dense(x, 10, name="out")
test_out = tf.layers.dense(y, 10, name="out", reuse=True))"},
};

} // namespace

std::span<const CauseDef> all_causes() {
    return causes;
}

const CauseDef* find_cause(std::string_view code) {
    const auto found = std::ranges::find(causes, code, &CauseDef::code);
    return found == std::end(causes) ? nullptr : &*found;
}

} // namespace rnnscope::debug

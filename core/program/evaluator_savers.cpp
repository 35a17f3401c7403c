// tf.train.Saver's methods (1.15, python/training/saver.py) and what belongs to them.

#include "core/program/evaluator_impl.hpp"
#include "core/program/names.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace rnnscope::program {

using tf1::PythonError;
using tf1::Value;

namespace {

/// os.path.dirname
std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : slash == 0 ? "/" : path.substr(0, slash);
}

std::string path_of(const Value& value) {
    const auto* text = value.as<std::string>();
    if (text == nullptr)
        throw PythonError{"TypeError", fmt::format("Expected binary or unicode string, got {}", tf1::repr(value))};
    return *text;
}

std::shared_ptr<SessionObject> session_of(const Value& value) {
    auto session = value.object<SessionObject>();
    if (!session) throw PythonError{"TypeError", fmt::format("'sess' must be a Session; {}", tf1::str(value))};
    return session;
}

} // namespace

Evaluator::Impl::CallOutcome Evaluator::Impl::call_saver_method(const std::shared_ptr<tf1::SaverObject>& saver,
                                                                const std::string& method,
                                                                std::vector<Value> positional, tf1::Keywords keywords) {
    if (method == "restore")
        return restore(saver, bound("restore", {"sess", "save_path"}, 2, std::move(positional), std::move(keywords)));
    return save(saver, bound("save",
                             {"sess", "save_path", "global_step", "latest_filename", "meta_graph_suffix",
                              "write_meta_graph", "write_state", "strip_default_attrs", "save_debug_info"},
                             2, std::move(positional), std::move(keywords)));
}

/// training_util.global_step(sess, step), without a run of its own: reading one variable shows nothing.
std::int64_t Evaluator::Impl::global_step(SessionObject& session, const Value& step) const {
    if (const auto* number = step.as<std::int64_t>()) return *number;
    if (const auto* array = step.as<Tensor>(); array && array->elements() == 1) return array->integer(0);
    const auto* variable = step.as<tf1::VariableValue>();
    if (variable == nullptr || variable->graph != &session.graph)
        throw PythonError{"TypeError", fmt::format("Existing \"global_step\" does not have integer type: {}",
                                                   tf1::python_type_name(step))};
    const ops::VariableStorage* storage = session.session.storage(session.graph.graph.variable(variable->id));
    if (storage == nullptr || !storage->value)
        throw PythonError{"FailedPreconditionError", fmt::format("Attempting to use uninitialized value {}",
                                                                 session.graph.graph.variable(variable->id).name)};
    return storage->value->integer(0);
}

Evaluator::Impl::CallOutcome Evaluator::Impl::save(const std::shared_ptr<tf1::SaverObject>& saver,
                                                   const std::vector<Value>& arguments) {
    SaverCall call{saver, false, path_of(arguments[1])};
    call.file = call.path;
    const std::string latest_filename = tf1::text_or(arguments[3], "checkpoint");
    if (latest_filename.find('/') != std::string::npos)
        throw PythonError{"ValueError", "'latest_filename' must not contain path components"};
    const std::shared_ptr<SessionObject> session = arguments[0].object<SessionObject>();
    if (!arguments[2].is_none() && session) {
        const std::int64_t step = global_step(*session, arguments[2]);
        call.file =
            saver->pad_step_number ? fmt::format("{}-{:08}", call.path, step) : fmt::format("{}-{}", call.path, step);
    } else if (std::filesystem::path(call.path).filename() == latest_filename) {
        throw PythonError{"ValueError", fmt::format("'latest_filename' collides with 'save_path': '{}' and '{}'",
                                                    latest_filename, call.path)};
    }
    call.write_state = tf1::bool_or(arguments[6], true);
    const auto run_in = session_of(arguments[0]);
    if (saver->empty) return Value();
    std::vector<std::pair<Value, Value>> feeds{{Value(saver->filename_tensor), Value(call.file)}};
    return SessionRun{run_in, Value(saver->save_tensor), Value::dict(std::move(feeds)), std::move(call)};
}

Evaluator::Impl::CallOutcome Evaluator::Impl::restore(const std::shared_ptr<tf1::SaverObject>& saver,
                                                      const std::vector<Value>& arguments) {
    if (saver->empty) return Value();
    if (arguments[1].is_none()) throw PythonError{"ValueError", "Can't load save_path when it is None."};
    SaverCall call{saver, true, path_of(arguments[1])};
    constexpr int first_to_look = 10; // older versions let RestoreV2 find out
    if (program_->tf_minor >= first_to_look && !options_.session.checkpoints->exists(call.path))
        throw PythonError{"ValueError", "The passed save_path is not a valid checkpoint: " + call.path};
    std::vector<std::pair<Value, Value>> feeds{{Value(saver->filename_tensor), arguments[1]}};
    return SessionRun{session_of(arguments[0]), Value(saver->restore_op), Value::dict(std::move(feeds)),
                      std::move(call)};
}

ProgramError Evaluator::Impl::saver_error(const SaverCall& call, ProgramError error) const {
    const auto become = [&](const std::string& text) {
        error.text = text;
        error.message = text.substr(0, text.find('\n'));
        return error;
    };
    const bool missing = error.error_class == "NotFoundError";
    if (!call.restores) {
        if (!missing && error.error_class != "FailedPreconditionError") return error;
        if (!checkpoints_ || checkpoints_->is_folder(folder_of(call.path))) return error;
        error.error_class = "ValueError";
        return become(fmt::format("Parent directory of {} doesn't exist, can't save.", call.path));
    }
    constexpr int first_to_explain = 12; // tf1-semantics 6.8
    if (program_->tf_minor < first_to_explain || (!missing && error.error_class != "InvalidArgumentError"))
        return error;
    return become(fmt::format(
        "Restoring from checkpoint failed. This is most likely due to {} from the checkpoint. Please ensure that you "
        "have not altered the graph expected based on the checkpoint. Original error:\n\n{}",
        missing ? "a Variable name or other graph key that is missing"
                : "a mismatch between the current graph and the graph",
        error.text));
}

Value Evaluator::Impl::saver_value(const SaverCall& call) {
    if (call.restores) return Value();
    if (call.write_state) {
        const std::optional<std::string> too_old = call.saver->record(call.file);
        if (checkpoints_) checkpoints_->set_state(folder_of(call.path), {call.file, call.saver->last_checkpoints});
        if (checkpoints_ && too_old) checkpoints_->remove(*too_old);
    }
    return Value(call.file);
}

Value Evaluator::Impl::call_checkpoint_function(const std::string& name, std::vector<Value> positional,
                                                tf1::Keywords keywords) {
    const bool latest = name == "train.latest_checkpoint";
    const std::vector<std::string> parameters = latest ? std::vector<std::string>{"checkpoint_dir", "latest_filename"}
                                                       : std::vector<std::string>{"checkpoint_prefix"};
    const std::vector<Value> arguments =
        bound(name.substr(name.find('.') + 1), parameters, 1, std::move(positional), std::move(keywords));
    const std::string path = path_of(arguments[0]);
    if (!latest) return Value(options_.session.checkpoints->exists(path));
    if (tf1::text_or(arguments[1], "checkpoint") != "checkpoint")
        throw PythonError{"NotImplementedError", "latest_checkpoint: latest_filename is not supported"};
    const std::optional<std::string> found = checkpoints_ ? checkpoints_->latest(path) : std::nullopt;
    return found ? Value(*found) : Value();
}

void Evaluator::Impl::restore_session(SessionObject& session) {
    restores_.emplace_back();
    if (options_.restore.empty()) return;
    const auto checkpoint = Checkpoint::open(options_.restore);
    if (!checkpoint) throw PythonError{checkpoint.error().code, checkpoint.error().message};
    auto report = runtime::restore_session(session.session, *checkpoint);
    if (!report) throw PythonError{report.error().code, report.error().message};
    restores_.back() = *std::move(report);
    if (observer_) observer_->on_restored(session.session_id, restores_.back().restored);
}

} // namespace rnnscope::program

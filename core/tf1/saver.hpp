#pragma once

#include "core/tf1/graph_state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::tf1 {

/// tf.train.Saver (1.15, python/training/saver.py) after its ops were made. Saving and restoring run them in a session,
/// which is the business of whoever has sessions.
class SaverObject : public Object {
  public:
    std::string type_name() const override { return "Saver"; }
    std::string repr() const override { return "<tensorflow.python.training.saver.Saver object>"; }
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override { return {"last_checkpoints", "restore", "save"}; }

    /// saver_def: names in whatever graph the session has.
    std::string filename_tensor, save_tensor, restore_op;
    bool empty = false; ///< allow_empty and no variables: saving and restoring do nothing
    bool pad_step_number = false;
    std::int64_t max_to_keep = 5; ///< 0: all
    std::vector<std::string> last_checkpoints;

    /// _RecordLastCheckpoint; the checkpoint that is too old now, if there is one.
    std::optional<std::string> record(const std::string& path);
};

/// What is saved under which name, sorted by name: op_list_to_dict and validate_and_slice_inputs of
/// saving/saveable_object_util.py for a list of variables, a dict, or None (all of the graph).
using Saveables = std::vector<std::pair<std::string, VariableId>>;
Saveables saveables_of(GraphState& state, const Value& var_list);

/// The ops "save/..." of a saver that is not sharded.
std::shared_ptr<SaverObject> make_saver(GraphState& state, const Saveables& saveables, const std::string& name,
                                        const std::string& filename, bool reshape);

} // namespace rnnscope::tf1

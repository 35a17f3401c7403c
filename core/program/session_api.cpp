#include "core/program/names.hpp"

#include <vector>

namespace rnnscope::program {

std::span<const tf1::ApiDef> session_api() {
    using tf1::Value;
    static const std::vector<tf1::ApiDef> list{
        {"Session",
         {{"target", Value("")}, {"graph", Value()}, {"config", Value()}},
         "Holds the values of variables and runs operations of one graph.",
         nullptr},
        {"InteractiveSession",
         {{"target", Value("")}, {"graph", Value()}, {"config", Value()}},
         "A session that installs itself as the default session.",
         nullptr},
        {"get_default_session", {}, "The innermost session of a `with` block, or None.", nullptr},
        {"train.SessionManager",
         {{"local_init_op", Value()},
          {"ready_op", Value()},
          {"ready_for_local_init_op", Value()},
          {"graph", Value()},
          {"recovery_wait_secs", Value(30)}},
         "Opens sessions and makes sure that the model in them is ready.",
         nullptr},
        {"train.latest_checkpoint",
         {{"checkpoint_dir", std::nullopt}, {"latest_filename", Value()}},
         "The prefix of the newest checkpoint in a folder, or None.",
         nullptr},
        {"train.checkpoint_exists",
         {{"checkpoint_prefix", std::nullopt}},
         "Is there a checkpoint of that prefix?",
         nullptr},
    };
    return list;
}

namespace {

class TensorflowNames : public ApiNames {
  public:
    const tf1::ApiDef* function(std::string_view name) const override {
        for (const tf1::ApiDef& api : session_api())
            if (api.name == name) return &api;
        const tf1::ApiDef* api = tf1::find_api(name);
        return api && !is_method(*api) ? api : nullptr;
    }
    bool is_constant(std::string_view name) const override { return tf1::find_constant(name).has_value(); }
    std::vector<std::string> all() const override {
        std::vector<std::string> names;
        for (const tf1::ApiDef& api : session_api()) names.push_back(api.name);
        for (const tf1::ApiDef& api : tf1::all_api())
            if (!is_method(api)) names.push_back(api.name);
        for (std::string& name : tf1::constant_names()) names.push_back(std::move(name));
        return names;
    }

  private:
    /// "GRUCell.zero_state" is no name under `tf`.
    static bool is_method(const tf1::ApiDef& api) { return !api.params.empty() && api.params[0].name == "self"; }
};

} // namespace

const ApiNames& tensorflow_names() {
    static const TensorflowNames names;
    return names;
}

} // namespace rnnscope::program

#include "core/tf1/api_families.hpp"
#include "core/tf1/cells_contrib.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/keras.hpp"
#include "core/tf1/lookup.hpp"
#include "core/tf1/regularizers.hpp"
#include "core/tf1/rnn.hpp"
#include "core/tf1/variable_scope.hpp"

#include <cassert>
#include <map>

namespace rnnscope::tf1 {

namespace {

/// The list: one function per family. Order is the order of the manual.
std::vector<ApiDef> make_list() {
    std::vector<ApiDef> list;
    for (auto* family :
         {graph_api,       scope_api,        variable_api, initializer_api,   array_api,        math_api,
          linalg_api,      reduction_api,    random_api,   cross_entropy_api, losses_api,       embedding_api,
          layers_api,      control_flow_api, rnn_cell_api, rnn_api,           contrib_rnn_api,  fused_rnn_api,
          regularizer_api, keras_api,        lookup_api,   train_api,         optimizer_api,    moving_average_api,
          metrics_api,     saver_api,        import_api,   graph_methods,     variable_methods, value_methods})
        for (ApiDef& api : family()) list.push_back(std::move(api));
    return list;
}

const std::vector<ApiDef>& list() {
    static const std::vector<ApiDef> api = make_list();
    return api;
}

using Index = std::map<std::string, std::size_t, std::less<>>;

Index make_index() {
    Index index;
    for (std::size_t i = 0; i < list().size(); ++i) {
        [[maybe_unused]] const bool is_new = index.emplace(list()[i].name, i).second;
        assert(is_new && "a function stands in the list once");
    }
    return index;
}

constexpr DType dtypes[] = {DType::float32,  DType::float64, DType::half,    DType::int32,     DType::int64,
                            DType::int16,    DType::int8,    DType::uint8,   DType::uint16,    DType::uint32,
                            DType::uint64,   DType::boolean, DType::string,  DType::complex64, DType::complex128,
                            DType::resource, DType::variant, DType::bfloat16};

std::map<std::string, Value, std::less<>> make_constants() {
    std::map<std::string, Value, std::less<>> constants;
    for (const DType dtype : dtypes) constants[std::string(dtype_name(dtype))] = dtype;
    constants["float16"] = DType::half;
    constants["double"] = DType::float64;
    constants["half"] = DType::half;
    constants["AUTO_REUSE"] = auto_reuse();
    constants["newaxis"] = None{};
    constants["losses.Reduction.NONE"] = "none";
    constants["losses.Reduction.SUM"] = "weighted_sum";
    constants["losses.Reduction.MEAN"] = "weighted_mean";
    constants["losses.Reduction.SUM_OVER_BATCH_SIZE"] = "weighted_sum_over_batch_size";
    constants["losses.Reduction.SUM_BY_NONZERO_WEIGHTS"] = "weighted_sum_by_nonzero_weights";
    constants["losses.Reduction.SUM_OVER_NONZERO_WEIGHTS"] = "weighted_sum_by_nonzero_weights";
    for (const auto& [name, key] : graph_keys()) constants["GraphKeys." + name] = key;
    return constants;
}

const std::map<std::string, Value, std::less<>>& constants() {
    static const std::map<std::string, Value, std::less<>> all = make_constants();
    return all;
}

} // namespace

std::span<const ApiDef> all_api() {
    return list();
}

const ApiDef* find_api(std::string_view name) {
    static const Index index = make_index();
    const auto it = index.find(name);
    return it == index.end() ? nullptr : &list()[it->second];
}

std::optional<Value> find_constant(std::string_view name) {
    if (const auto it = constants().find(name); it != constants().end()) return it->second;
    if (const ApiDef* api = find_api(name); api != nullptr && (api->params.empty() || api->params[0].name != "self"))
        return function_value(*api);
    return std::nullopt;
}

std::vector<std::string> constant_names() {
    std::vector<std::string> names;
    for (const auto& [name, value] : constants()) names.push_back(name);
    return names;
}

} // namespace rnnscope::tf1

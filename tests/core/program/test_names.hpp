#pragma once

#include "core/program/json_reader.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace rnnscope::program {

/// A handful of TensorFlow's functions, so that the reader is tested by itself.
class TestNames : public ApiNames {
  public:
    const tf1::ApiDef* function(std::string_view name) const override {
        for (const tf1::ApiDef& api : functions_)
            if (api.name == name) return &api;
        return nullptr;
    }
    bool is_constant(std::string_view name) const override {
        for (const std::string& constant : constants_)
            if (constant == name) return true;
        return false;
    }
    std::vector<std::string> all() const override {
        std::vector<std::string> names;
        for (const tf1::ApiDef& api : functions_) names.push_back(api.name);
        names.insert(names.end(), constants_.begin(), constants_.end());
        return names;
    }

  private:
    static tf1::ApiDef api(std::string name, std::vector<std::string> required,
                           std::vector<std::string> optional = {}) {
        tf1::ApiDef def;
        def.name = std::move(name);
        for (std::string& parameter : required) def.params.push_back({std::move(parameter), std::nullopt});
        for (std::string& parameter : optional) def.params.push_back({std::move(parameter), tf1::Value()});
        return def;
    }
    std::vector<tf1::ApiDef> functions_{
        api("placeholder", {"dtype"}, {"shape", "name"}),
        api("matmul", {"a", "b"}, {"name"}),
        api("get_variable", {"name"}, {"shape", "dtype", "initializer"}),
        api("variable_scope", {"name_or_scope"}, {"reuse", "use_resource"}),
        api("global_variables_initializer", {}),
        api("group", {"*inputs"}, {"name"}),
        api("nn.tanh", {"x"}, {"name"}),
        api("nn.rnn_cell.GRUCell", {"num_units"},
            {"activation", "reuse", "kernel_initializer", "bias_initializer", "name"}),
        api("nn.dynamic_rnn", {"cell", "inputs"},
            {"sequence_length", "initial_state", "dtype", "parallel_iterations", "swap_memory", "time_major", "scope"}),
        api("Session", {}, {"target", "graph", "config"}),
    };
    std::vector<std::string> constants_{"float32", "int32", "AUTO_REUSE", "GraphKeys.GLOBAL_VARIABLES"};
};

inline std::optional<Program> read_test_program(std::string_view text, Diagnostics& mistakes) {
    return read_program(text, TestNames(), "test.json", ".", mistakes);
}

/// A program with these statements, read without mistakes.
inline Program program_of(const std::string& statements) {
    Diagnostics mistakes;
    std::optional<Program> program =
        read_test_program("{\"format\": \"rnnscope/1\", \"program\": [" + statements + "]}", mistakes);
    EXPECT_TRUE(program) << to_text(mistakes);
    return program ? *program : Program{};
}

inline std::string read_text_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::vector<std::filesystem::path> json_files(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/" + folder))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

inline bool update_golden() {
    return std::getenv("RNNSCOPE_UPDATE_GOLDEN") != nullptr;
}

} // namespace rnnscope::program

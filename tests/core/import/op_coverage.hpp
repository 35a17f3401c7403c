#pragma once

#include "core/import/graph_file.hpp"
#include "core/ops/op_def.hpp"

#include <map>
#include <set>
#include <string>

namespace rnnscope {

/// Ops that are shown and not computed: sound, calls of functions, and the lists that only those loops use.
inline const std::set<std::string>& shown_only() {
    static const std::set<std::string> ops = {"AudioSpectrogram",
                                              "DecodeWav",
                                              "Mfcc",
                                              "PartitionedCall",
                                              "StatefulPartitionedCall",
                                              "While",
                                              "StatelessWhile",
                                              "_Retval",
                                              "_Arg",
                                              "TensorListReserve",
                                              "TensorListSetItem",
                                              "TensorListGetItem",
                                              "TensorListStack",
                                              "TensorListFromTensor"};
    return ops;
}

struct Coverage {
    std::map<std::string, std::string> unknown, without_kernel; ///< op type: a file that has it
    int files = 0, nodes = 0;

    void read(const GraphFile& file, const std::string& path) {
        ++files;
        std::set<std::string> functions;
        for (const FunctionData& function : file.functions) functions.insert(function.name);
        const auto look = [&](const NodeDefData& node, bool runs) {
            ++nodes;
            if (functions.contains(node.op)) return;
            const ops::OpDef* def = ops::find_op(node.op);
            if (def == nullptr)
                unknown.emplace(node.op, path);
            else if (runs && def->kernel == nullptr && !shown_only().contains(node.op))
                without_kernel.emplace(node.op, path);
        };
        for (const NodeDefData& node : file.nodes) look(node, true);
        for (const FunctionData& function : file.functions)
            for (const NodeDefData& node : function.nodes) look(node, false);
    }
};

inline std::string to_text(const std::map<std::string, std::string>& ops) {
    std::string text;
    for (const auto& [op, file] : ops) text += op + " in " + file + "\n";
    return text;
}

} // namespace rnnscope

#pragma once

#include "core/base/diagnostic.hpp"
#include "core/base/id.hpp"
#include "core/ops/rounding.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rnnscope {
struct GraphFile;
}

namespace rnnscope::program {

/// Graphs that a program refers to, by the path that it uses.
using GraphFiles = std::map<std::string, std::shared_ptr<const GraphFile>, std::less<>>;

/// The syntax tree of a program: what the author wrote, statement by statement. It knows nothing of JSON or Python;
/// readers make it, the evaluator and the Python printer walk it. Positions are carried, not interpreted.
struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

struct Literal {
    std::variant<std::monostate, bool, std::int64_t, double, std::string> value; ///< monostate: None
};
struct NameExpr {
    std::string name; ///< a variable, a parameter, a function, or "tf"
};
struct AttributeExpr {
    ExprPtr object;
    std::string name;
};
/// One subscript: an index, or a slice whose absent parts are null.
struct Subscript {
    ExprPtr index; ///< null: a slice
    ExprPtr start, stop, step;
};
struct IndexExpr {
    ExprPtr object;
    std::vector<Subscript> subscripts;
};
struct ListExpr {
    std::vector<ExprPtr> items;
};
struct TupleExpr {
    std::vector<ExprPtr> items;
};
struct DictExpr {
    std::vector<std::pair<ExprPtr, ExprPtr>> items;
};
struct Keyword {
    std::string name;
    ExprPtr value;
    SourcePosition where;
};
struct CallExpr {
    ExprPtr callee; ///< AttributeExpr on NameExpr "tf" for TensorFlow's functions
    std::vector<ExprPtr> args;
    std::vector<Keyword> keywords;
};
struct OperatorExpr {
    std::string op; ///< as in tf1::apply_operator
    std::vector<ExprPtr> operands;
};
/// `value if condition else otherwise`: only one of the two is evaluated.
struct ConditionalExpr {
    ExprPtr condition, value, otherwise;
};
/// Data made by a documented formula. Kinds and parameters: assets/schema and core/program/generate.hpp.
struct GenerateExpr {
    std::string kind;
    std::vector<std::int64_t> shape;
    std::map<std::string, double> parameters;
    DType dtype = DType::invalid; ///< invalid: what the formula gives
};
/// Data written down in the program: numpy's `np.array([[1, 2], [3, 4]], dtype=...)`.
struct ArrayExpr {
    Tensor value;
    bool dtype_given = false;
};
/// Data from a file beside the program: .npy, .npz (with `key`), .csv, .json; or a graph that TensorFlow wrote.
struct FileExpr {
    std::string path;
    std::string key;
    std::shared_ptr<const GraphFile> graph = nullptr; ///< read together with the program; null for data
};

struct Expr {
    std::variant<Literal, NameExpr, AttributeExpr, IndexExpr, ListExpr, TupleExpr, DictExpr, CallExpr, OperatorExpr,
                 GenerateExpr, ArrayExpr, FileExpr, ConditionalExpr>
        node;
    SourcePosition where;
};

using Block = std::vector<StatementId>;

struct AssignStatement {
    std::vector<std::string> targets; ///< more than one: the value is unpacked
    ExprPtr value;
};
struct ExpressionStatement {
    ExprPtr value;
};
struct WithStatement {
    struct Item {
        ExprPtr manager;
        std::string as; ///< "" when not named
    };
    std::vector<Item> items;
    Block body;
};
struct ForStatement {
    std::string target;
    ExprPtr iterable;
    Block body;
};
/// `if`, and `elif` as Python's own tree has it: an `elif` is a statement of its own, the only one of `otherwise`.
struct IfStatement {
    ExprPtr condition;
    Block body;
    Block otherwise;      ///< of `else`, or the `elif` that follows; may be empty
    bool is_elif = false; ///< printed as `elif`
};
struct Parameter {
    std::string name;
    ExprPtr default_value; ///< null: required
};
struct FunctionStatement {
    std::string name;
    std::vector<Parameter> parameters;
    Block body;
};
struct ReturnStatement {
    ExprPtr value; ///< null: None
};
/// Records an error and goes on after the block.
struct TryStatement {
    Block body;
    std::string error_class; ///< "" catches all
    std::string as;
};

struct Statement {
    StatementId id, parent; ///< parent: the block statement it stands in; invalid at the top
    std::variant<AssignStatement, ExpressionStatement, WithStatement, ForStatement, FunctionStatement, ReturnStatement,
                 TryStatement, IfStatement>
        node;
    SourcePosition where; ///< python_line included
    std::string comment;  ///< printed above the statement in Python; may be empty
};

/// The Python form of a program, with the lines of each statement (from 1; a statement may take several).
struct PythonText {
    std::vector<std::string> lines;
    struct Range {
        int first = 0, last = 0; ///< of a block statement: its header only
    };
    std::vector<Range> statements; ///< by StatementId
    /// The statement whose lines hold `line`; invalid for blank lines and imports.
    StatementId statement_at(int line) const;
};

/// A program that was read without mistakes. Immutable: an edit makes a new one.
struct Program {
    std::string file;      ///< as given by the user; shown in messages
    std::string directory; ///< what relative paths in it are relative to
    std::string title, description;
    std::vector<std::string> tags;
    std::string fixed_twin; ///< file name of the program without the fault; may be empty
    int tf_minor = 15;      ///< of TensorFlow 1.x: whose messages are wanted
    std::optional<std::int64_t> graph_seed;
    ops::Rounding rounding = ops::Rounding::fast; ///< of its sessions; what rnnscope does, so Python has no word for it
    std::vector<Statement> statements;            ///< by StatementId, source order
    Block body;
    PythonText python;
    GraphFiles graphs;

    const Statement& statement(StatementId id) const { return statements[id.index()]; }
    bool is_elif(StatementId id) const {
        const auto* branch = std::get_if<IfStatement>(&statement(id).node);
        return branch && branch->is_elif;
    }
};

/// Prints the program as TF1 Python and tells where each statement went (core/program/python_printer.cpp).
PythonText to_python(const Program& program);
std::string to_python(const Expr& expr);
/// The Python of one statement on one line, without indentation; of a block its header. "" for an invalid id.
std::string python_line(const Program& program, StatementId statement);

} // namespace rnnscope::program

#pragma once

#include "core/program/ast.hpp"
#include "core/program/json_tree.hpp"
#include "core/program/names.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::program {

/// Reads the JSON form of a program ("rnnscope/1", assets/schema/format.md). Every mistake becomes a diagnostic, and
/// reading goes on. Its recursion is bounded by JsonTree::max_depth.
class JsonReader {
  public:
    static constexpr std::size_t max_mistakes = 100;
    static constexpr std::size_t max_array_elements = std::size_t{1} << 24;

    /// `known`: graphs that need not be read again.
    JsonReader(const JsonTree& json, const ApiNames& names, std::string file, std::string directory, GraphFiles known)
        : json_(json), names_(names), known_graphs_(std::move(known)) {
        program_.file = std::move(file);
        program_.directory = std::move(directory);
    }

    /// The program; only good when `mistakes` stays empty. Mistakes come in the order of the text.
    Program read(Diagnostics& mistakes);

  private:
    using Index = std::uint32_t;
    using Kind = JsonNode::Kind;
    static constexpr Index none = JsonNode::none;

    /// What is known about a name that a program has defined.
    struct Definition {
        std::optional<std::vector<Parameter>> function; ///< its parameters, if it is one and stays one
    };
    using Scope = std::map<std::string, Definition, std::less<>>;

    // json_reader.cpp: the file and its statements
    void read_header(Index root);
    Block read_block(Index node, StatementId parent, std::string_view what);
    StatementId read_statement(Index node, StatementId parent);
    void read_assign(Index node, Statement& statement);
    void read_with(Index node, StatementId id);
    void read_for(Index node, StatementId id);
    void read_def(Index node, StatementId id);
    std::vector<Parameter> read_parameters(Index node);
    void read_return(Index node, Statement& statement);
    void read_try(Index node, StatementId id);
    void read_if(Index node, StatementId id);
    void read_branch(Index node, StatementId id, IfStatement& branch);
    StatementId add_statement(Index node, StatementId parent);
    std::string read_name(Index node, std::string_view what);
    void define(const std::string& name, std::optional<std::vector<Parameter>> function = std::nullopt);
    void resolve_deferred();

    // json_expressions.cpp: values
    enum class Place { statement, nested }; ///< where a call stands; functions and runs are called from statements only
    ExprPtr read_expression(Index node, Place place = Place::nested);
    ExprPtr read_object(Index node, Place place);
    ExprPtr read_call(Index node, Place place);
    void read_arguments(Index node, CallExpr& call, bool runs);
    ExprPtr read_feeds(Index node);
    bool looks_like_feeds(Index node) const;
    bool is_plain_text(Index node) const;
    void check_call(Index node, std::string_view name, const CallExpr& call, const std::vector<std::string>& parameters,
                    const std::set<std::string>& optional);
    ExprPtr read_reference(Index node, std::string_view text, bool callee = false);
    bool check_tensorflow_name(Index node, std::string_view path, bool callee);
    void check_defined(Index node, const std::string& name);
    ExprPtr read_dict(Index node);
    ExprPtr read_index(Index node);
    ExprPtr read_operator(Index node, Index operands, const std::string& op);
    ExprPtr read_range(Index node);
    ExprPtr read_conditional(Index node);

    // json_data.cpp: data that stands in the program or beside it
    ExprPtr read_generate(Index node);
    ExprPtr read_array(Index node);
    ExprPtr read_file(Index node);
    FileExpr file_named(Index path);
    std::shared_ptr<const GraphFile> read_graph(Index path);
    DType read_dtype(Index object);
    std::vector<std::int64_t> read_shape(Index node);

    // helpers (json_reader.cpp)
    SourcePosition where(Index node);
    ExprPtr make(Index node, decltype(Expr::node) value);
    void complain(Index node, std::string code, std::string message, std::string remedy = {});
    void complain_at_key(Index node, std::string code, std::string message, std::string remedy = {});
    void add(Diagnostic mistake);
    bool expect(Index node, Kind kind, std::string_view what);
    void check_keys(Index node, std::initializer_list<std::string_view> allowed);
    std::string describe(Index node) const;
    std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) const;
    std::vector<std::string> names_in_scope() const;
    const Definition* find(std::string_view name) const;
    std::vector<Index> children(Index node) const;

    const JsonTree& json_;
    const ApiNames& names_;
    GraphFiles known_graphs_;
    Program program_;
    Diagnostics mistakes_;
    std::size_t more_mistakes_ = 0;
    std::size_t pointer_bytes_ = 0;
    Scope module_;
    std::optional<Scope> function_; ///< of the `def` that is being read
    /// Names that a function uses and that the module may define later.
    std::vector<std::pair<std::string, SourcePosition>> deferred_;
};

/// The beginning of a text that may be very long, for messages.
std::string shortened(std::string_view text);

/// Reads a program's text; the result is empty when there are mistakes.
std::optional<Program> read_program(std::string_view text, const ApiNames& names, std::string file,
                                    std::string directory, Diagnostics& mistakes, GraphFiles known = {});

} // namespace rnnscope::program

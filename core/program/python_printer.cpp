#include "core/import/graph_file.hpp"
#include "core/program/ast.hpp"
#include "core/program/generate.hpp"
#include "core/program/python_layout.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace rnnscope::program {
namespace {

std::string in_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            (result += '\\') += c;
        else if (c == '\n')
            result += "\\n";
        else if (c == '\t')
            result += "\\t";
        else if (c == '\r')
            result += "\\r";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            result += c;
    }
    return result + '"';
}

std::string number_text(double value) {
    if (std::isnan(value)) return "float(\"nan\")";
    if (std::isinf(value)) return value > 0 ? "float(\"inf\")" : "float(\"-inf\")";
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

std::string dtype_text(DType dtype) {
    if (dtype == DType::boolean) return "np.bool_";
    if (dtype == DType::string) return "object";
    return fmt::format("np.{}", dtype_name(dtype));
}

Doc to_doc(const Expr& expr);

/// A value as an operand, an object or the like: in parentheses where Python would group it otherwise.
Doc to_operand(const Expr& expr) {
    Doc doc = to_doc(expr);
    const auto* literal = std::get_if<Literal>(&expr.node);
    const bool negative = literal && doc.text.starts_with('-');
    const auto* data = std::get_if<GenerateExpr>(&expr.node);
    const bool sum = data && data->shape.empty() && data->kind == "arange";
    const bool groups =
        std::holds_alternative<OperatorExpr>(expr.node) || std::holds_alternative<ConditionalExpr>(expr.node);
    if (!groups && !negative && !sum) return doc;
    return Doc::sequence({Doc::of("("), std::move(doc), Doc::of(")")});
}
Doc to_object(const Expr& expr) {
    const auto* literal = std::get_if<Literal>(&expr.node);
    if (!literal || std::holds_alternative<std::string>(literal->value)) return to_operand(expr);
    return Doc::sequence({Doc::of("("), to_doc(expr), Doc::of(")")}); // 1.real is no Python
}

std::vector<Doc> to_docs(const std::vector<ExprPtr>& items) {
    std::vector<Doc> docs;
    docs.reserve(items.size());
    for (const ExprPtr& item : items) docs.push_back(to_doc(*item));
    return docs;
}

Doc doc_of(const Literal& literal) {
    struct {
        std::string operator()(std::monostate) const { return "None"; }
        std::string operator()(bool value) const { return value ? "True" : "False"; }
        std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
        std::string operator()(double value) const { return number_text(value); }
        std::string operator()(const std::string& value) const { return in_quotes(value); }
    } text;
    return Doc::of(std::visit(text, literal.value));
}
Doc doc_of(const NameExpr& name) {
    return Doc::of(name.name);
}
Doc doc_of(const AttributeExpr& attribute) {
    return Doc::sequence({to_object(*attribute.object), Doc::of("." + attribute.name)});
}
Doc doc_of(const IndexExpr& index) {
    std::vector<Doc> items;
    for (const Subscript& subscript : index.subscripts) {
        if (subscript.index) {
            items.push_back(to_doc(*subscript.index));
            continue;
        }
        std::vector<Doc> parts;
        if (subscript.start) parts.push_back(to_doc(*subscript.start));
        parts.push_back(Doc::of(":"));
        if (subscript.stop) parts.push_back(to_doc(*subscript.stop));
        if (subscript.step) {
            parts.push_back(Doc::of(":"));
            parts.push_back(to_doc(*subscript.step));
        }
        items.push_back(Doc::sequence(std::move(parts)));
    }
    return Doc::sequence({to_object(*index.object), Doc::brackets("[", std::move(items), "]")});
}
Doc doc_of(const ListExpr& list) {
    return Doc::brackets("[", to_docs(list.items), "]", true);
}
Doc doc_of(const TupleExpr& tuple) {
    return Doc::brackets("(", to_docs(tuple.items), tuple.items.size() == 1 ? ",)" : ")", true);
}
Doc doc_of(const DictExpr& dict) {
    std::vector<Doc> items;
    for (const auto& [key, value] : dict.items)
        items.push_back(Doc::sequence({to_doc(*key), Doc::of(": "), to_doc(*value)}));
    return Doc::brackets("{", std::move(items), "}", true);
}
Doc doc_of(const CallExpr& call) {
    std::vector<Doc> arguments = to_docs(call.args);
    for (const Keyword& keyword : call.keywords)
        arguments.push_back(Doc::sequence({Doc::of(keyword.name + "="), to_doc(*keyword.value)}));
    return Doc::sequence({to_object(*call.callee), Doc::brackets("(", std::move(arguments), ")")});
}
/// An operand of `and` and `or`, or a condition: comparisons and `not` bind closer and read better bare.
Doc to_condition(const Expr& expr) {
    const auto* inner = std::get_if<OperatorExpr>(&expr.node);
    return inner && inner->op != "and" && inner->op != "or" ? to_doc(expr) : to_operand(expr);
}
Doc doc_of(const OperatorExpr& expr) {
    const bool joins = expr.op == "and" || expr.op == "or";
    if (expr.operands.size() == 1)
        return Doc::sequence({Doc::of(expr.op == "neg" ? "-" : expr.op + " "), to_operand(*expr.operands[0])});
    // a + b + c needs no parentheses, a - (b - c) does.
    const auto* left = std::get_if<OperatorExpr>(&expr.operands[0]->node);
    const bool chain = left && left->op == expr.op && left->operands.size() == 2 && expr.op != "**" &&
                       std::string_view("+-*/@ and or").find(expr.op) != std::string_view::npos;
    const auto operand = [&](const Expr& side) { return joins ? to_condition(side) : to_operand(side); };
    return Doc::sequence({chain ? to_doc(*expr.operands[0]) : operand(*expr.operands[0]), Doc::of(" " + expr.op + " "),
                          operand(*expr.operands[1])});
}
Doc doc_of(const ConditionalExpr& expr) {
    const auto part = [](const Expr& side) {
        return std::holds_alternative<ConditionalExpr>(side.node) ? to_operand(side) : to_doc(side);
    };
    return Doc::sequence(
        {part(*expr.value), Doc::of(" if "), part(*expr.condition), Doc::of(" else "), to_doc(*expr.otherwise)});
}

Doc doc_of(const GenerateExpr& data) {
    const auto parameter = [&](std::string_view name) { return number_text(generator_parameter(data, name)); };
    std::int64_t elements = 1;
    for (const std::int64_t dim : data.shape) elements *= dim;
    const auto shape = [&] {
        std::vector<Doc> dims;
        for (const std::int64_t dim : data.shape) dims.push_back(Doc::of(fmt::format("{}", dim)));
        return dims;
    };
    const auto shape_tuple = [&] { return Doc::brackets("(", shape(), data.shape.size() == 1 ? ",)" : ")"); };
    const auto call = [](std::string name, std::vector<Doc> arguments) {
        return Doc::sequence({Doc::of(std::move(name)), Doc::brackets("(", std::move(arguments), ")")});
    };
    const auto sequence_of_k = [&](bool parentheses) {
        const double start = generator_parameter(data, "start"), step = generator_parameter(data, "step");
        std::string text = fmt::format("np.arange({})", elements);
        if (step != 1.0) text = fmt::format("{} * {}", number_text(step), text);
        if (start != 0.0)
            text = fmt::format("{} + {}", number_text(start), text);
        else if (step == 1.0)
            return Doc::of(fmt::format("np.arange({}.0)", elements)); // float64, as the formula
        return Doc::of(parentheses ? "(" + text + ")" : text);
    };
    const auto reshaped = [&](Doc doc) {
        if (data.shape.size() == 1) return doc;
        std::vector<Doc> dims = data.shape.empty() ? std::vector<Doc>{Doc::of("()")} : shape();
        return Doc::sequence({std::move(doc), call(".reshape", std::move(dims))});
    };
    Doc doc;
    if (data.kind == "zeros" || data.kind == "ones")
        doc = call("np." + data.kind, {shape_tuple()});
    else if (data.kind == "constant")
        doc = call("np.full", {shape_tuple(), Doc::of(parameter("value"))});
    else if (data.kind == "arange")
        doc = reshaped(sequence_of_k(true));
    else if (data.kind == "sin")
        doc = reshaped(call("np.sin", {sequence_of_k(false)}));
    else {
        const bool uniform = data.kind == "uniform";
        std::vector<Doc> arguments{Doc::of(parameter(uniform ? "low" : "mean")),
                                   Doc::of(parameter(uniform ? "high" : "stddev"))};
        arguments.push_back(shape_tuple());
        doc = call(fmt::format("np.random.RandomState({}).{}",
                               static_cast<std::uint32_t>(generator_parameter(data, "seed")), data.kind),
                   std::move(arguments));
    }
    if (data.dtype == DType::invalid || data.dtype == DType::float64) return doc;
    return Doc::sequence({std::move(doc), call(".astype", {Doc::of(dtype_text(data.dtype))})});
}

/// Nested lists of the elements of `value`.
Doc nested(const Tensor& value, std::size_t axis, std::int64_t& element) {
    if (axis == value.shape().rank()) {
        const std::int64_t at = element++;
        if (value.dtype() == DType::string) return Doc::of(in_quotes(value.strings()[static_cast<std::size_t>(at)]));
        if (value.dtype() == DType::boolean) return Doc::of(value.integer(at) != 0 ? "True" : "False");
        if (is_integer(value.dtype())) return Doc::of(fmt::format("{}", value.integer(at)));
        if (value.dtype() == DType::float32)
            return Doc::of(
                number_text(std::stod(fmt::format("{}", value.values<float>()[static_cast<std::size_t>(at)]))));
        return Doc::of(number_text(value.number(at)));
    }
    std::vector<Doc> items;
    for (std::int64_t i = 0; i < value.shape().dim(axis); ++i) items.push_back(nested(value, axis + 1, element));
    return Doc::brackets("[", std::move(items), "]", true);
}

Doc doc_of(const ArrayExpr& array) {
    std::int64_t element = 0;
    std::vector<Doc> arguments{nested(array.value, 0, element)};
    if (array.dtype_given)
        arguments.push_back(Doc::sequence({Doc::of("dtype="), Doc::of(dtype_text(array.value.dtype()))}));
    return Doc::sequence({Doc::of("np.array"), Doc::brackets("(", std::move(arguments), ")")});
}
/// The message of a graph file, as Python reads it.
Doc graph_doc(const GraphFile& graph, const std::string& path) {
    const bool is_meta_graph = graph.kind != GraphFile::Kind::graph_def;
    const char* const message = is_meta_graph ? "tf.MetaGraphDef" : "tf.GraphDef";
    if (graph.kind == GraphFile::Kind::saved_model)
        return Doc::of(fmt::format("loader_impl.parse_saved_model({}).meta_graphs[0]", path));
    switch (graph.encoding) {
    case GraphFile::Encoding::text:
        return Doc::of(fmt::format("text_format.Parse(open({}).read(), {}())", path, message));
    case GraphFile::Encoding::json:
        return Doc::of(fmt::format("json_format.Parse(open({}).read(), {}())", path, message));
    case GraphFile::Encoding::events: {
        const char* const field = is_meta_graph ? "meta_graph_def" : "graph_def";
        return Doc::of(fmt::format("{1}.FromString([e.{0} for e in tf.train.summary_iterator({2}) if e.{0}][-1])",
                                   field, message, path));
    }
    case GraphFile::Encoding::binary:
        break;
    }
    if (is_meta_graph) return Doc::of(path); // import_meta_graph takes the file's name
    return Doc::of(fmt::format("{}.FromString(open({}, \"rb\").read())", message, path));
}

Doc doc_of(const FileExpr& file) {
    const std::string path = in_quotes(file.path);
    if (file.graph) return graph_doc(*file.graph, path);
    if (file.path.ends_with(".csv")) return Doc::of(fmt::format("np.loadtxt({}, delimiter=\",\")", path));
    if (file.path.ends_with(".json")) return Doc::of(fmt::format("np.array(json.load(open({})))", path));
    return Doc::of(file.key.empty() ? fmt::format("np.load({})", path)
                                    : fmt::format("np.load({})[{}]", path, in_quotes(file.key)));
}

Doc to_doc(const Expr& expr) {
    return std::visit([](const auto& node) { return doc_of(node); }, expr.node);
}

/// Prints a program's statements and remembers their lines.
class Printer {
  public:
    explicit Printer(const Program& program) : program_(program) { text_.statements.resize(program.statements.size()); }

    PythonText print() {
        print_block(program_.body, 0);
        std::vector<std::string> head;
        if (uses("json.")) head.emplace_back("import json");
        if (uses("np.")) head.emplace_back("import numpy as np");
        head.emplace_back("import tensorflow as tf");
        if (uses("text_format.")) head.emplace_back("from google.protobuf import text_format");
        if (uses("json_format.")) head.emplace_back("from google.protobuf import json_format");
        if (uses("loader_impl.")) head.emplace_back("from tensorflow.python.saved_model import loader_impl");
        head.emplace_back();
        if (program_.graph_seed) head.push_back(fmt::format("tf.set_random_seed({})", *program_.graph_seed));
        prepend(std::move(head));
        return std::move(text_);
    }

  private:
    bool uses(std::string_view module) const {
        return std::any_of(text_.lines.begin(), text_.lines.end(), [&](const std::string& line) {
            for (std::size_t at = line.find(module); at != std::string::npos; at = line.find(module, at + 1))
                if (at == 0 || std::string_view(" ([{-").find(line[at - 1]) != std::string_view::npos) return true;
            return false;
        });
    }
    void prepend(std::vector<std::string> head) {
        const int shift = static_cast<int>(head.size());
        text_.lines.insert(text_.lines.begin(), head.begin(), head.end());
        for (PythonText::Range& range : text_.statements) {
            range.first += shift;
            range.last += shift;
        }
    }

    void print_block(const Block& block, int indent) {
        bool after_block = false; // the statement before had a body
        bool after_def = false;
        bool first = true;
        for (const StatementId id : block) {
            const Statement& statement = program_.statement(id);
            const bool def = std::holds_alternative<FunctionStatement>(statement.node);
            const bool with = std::holds_alternative<WithStatement>(statement.node);
            if (indent == 0) {
                if (def || after_def)
                    blank_lines(first && !program_.graph_seed ? 1 : 2);
                else if (!first && (after_block || with || !statement.comment.empty()))
                    blank_lines(1);
            }
            print_comment(statement.comment, indent);
            print_statement(statement, indent);
            after_def = def;
            after_block = has_body(statement);
            first = false;
        }
        if (block.empty() && indent > 0)
            text_.lines.push_back(std::string(static_cast<std::size_t>(indent), ' ') + "pass");
    }
    static bool has_body(const Statement& statement) {
        return !std::holds_alternative<AssignStatement>(statement.node) &&
               !std::holds_alternative<ExpressionStatement>(statement.node) &&
               !std::holds_alternative<ReturnStatement>(statement.node);
    }
    void blank_lines(int count) {
        text_.lines.insert(text_.lines.end(), static_cast<std::size_t>(count), std::string{});
    }

    void print_comment(std::string_view comment, int indent) {
        if (comment.empty()) return;
        const std::string margin(static_cast<std::size_t>(indent), ' ');
        std::string line = margin + "#";
        std::size_t at = 0;
        while (at <= comment.size()) {
            std::size_t end = comment.find_first_of(" \n\r", at);
            if (end == std::string_view::npos) end = comment.size();
            const std::string_view word = comment.substr(at, end - at);
            if (!word.empty() && static_cast<int>(line.size() + 1 + word.size()) > python_line_width &&
                line.size() > margin.size() + 1) {
                text_.lines.push_back(line);
                line = margin + "#";
            }
            if (!word.empty()) (line += ' ') += word;
            if (end < comment.size() && comment[end] != ' ') {
                text_.lines.push_back(line);
                line = margin + "#";
            }
            at = end + 1;
        }
        text_.lines.push_back(line);
    }

    /// Adds a statement's own lines: a plain statement, or a block's header.
    void add_lines(const Statement& statement, const Doc& doc, int indent, bool header) {
        Layout layout(indent);
        layout.print(doc, header ? indent + python_indent : indent, header ? 1 : 0);
        if (header) layout.lines.back() += ':';
        PythonText::Range& range = text_.statements[statement.id.index()];
        range.first = static_cast<int>(text_.lines.size()) + 1;
        text_.lines.insert(text_.lines.end(), layout.lines.begin(), layout.lines.end());
        range.last = static_cast<int>(text_.lines.size());
    }

    void print_statement(const Statement& statement, int indent) {
        if (const auto* assign = std::get_if<AssignStatement>(&statement.node)) {
            add_lines(statement,
                      Doc::sequence(
                          {Doc::of(fmt::format("{} = ", fmt::join(assign->targets, ", "))), to_doc(*assign->value)}),
                      indent, false);
        } else if (const auto* expression = std::get_if<ExpressionStatement>(&statement.node)) {
            add_lines(statement, to_doc(*expression->value), indent, false);
        } else if (const auto* result = std::get_if<ReturnStatement>(&statement.node)) {
            std::vector<Doc> parts{Doc::of(result->value ? "return " : "return")};
            const auto* tuple = result->value ? std::get_if<TupleExpr>(&result->value->node) : nullptr;
            Doc value = result->value ? to_doc(*result->value) : Doc{};
            // "return a, b" reads better, where it fits.
            if (tuple && tuple->items.size() > 1 && value.width + 7 + indent <= python_line_width) {
                const std::string text = flat(value);
                value = Doc::of(text.substr(1, text.size() - 2));
            }
            parts.push_back(std::move(value));
            add_lines(statement, Doc::sequence(std::move(parts)), indent, false);
        } else if (const auto* with = std::get_if<WithStatement>(&statement.node)) {
            std::vector<Doc> parts{Doc::of("with ")};
            for (std::size_t i = 0; i < with->items.size(); ++i) {
                if (i > 0) parts.push_back(Doc::of(", "));
                parts.push_back(to_doc(*with->items[i].manager));
                if (!with->items[i].as.empty()) parts.push_back(Doc::of(" as " + with->items[i].as));
            }
            add_lines(statement, Doc::sequence(std::move(parts)), indent, true);
            print_block(with->body, indent + python_indent);
        } else if (const auto* loop = std::get_if<ForStatement>(&statement.node)) {
            add_lines(statement,
                      Doc::sequence({Doc::of(fmt::format("for {} in ", loop->target)), to_doc(*loop->iterable)}),
                      indent, true);
            print_block(loop->body, indent + python_indent);
        } else if (const auto* function = std::get_if<FunctionStatement>(&statement.node)) {
            std::vector<Doc> parameters;
            for (const Parameter& parameter : function->parameters) {
                if (!parameter.default_value)
                    parameters.push_back(Doc::of(parameter.name));
                else
                    parameters.push_back(
                        Doc::sequence({Doc::of(parameter.name + "="), to_doc(*parameter.default_value)}));
            }
            add_lines(statement,
                      Doc::sequence({Doc::of("def " + function->name), Doc::brackets("(", std::move(parameters), ")")}),
                      indent, true);
            print_block(function->body, indent + python_indent);
        } else if (const auto* attempt = std::get_if<TryStatement>(&statement.node)) {
            print_try(statement, *attempt, indent);
        } else if (const auto* branch = std::get_if<IfStatement>(&statement.node)) {
            print_if(statement, *branch, indent);
        }
    }

    /// With all that follow it: a long chain of `elif` nests in the tree, not here.
    void print_if(const Statement& statement, const IfStatement& first, int indent) {
        const Statement* at = &statement;
        for (const IfStatement* branch = &first;;) {
            const char* const word = branch->is_elif ? "elif " : "if ";
            add_lines(*at, Doc::sequence({Doc::of(word), to_doc(*branch->condition)}), indent, true);
            print_block(branch->body, indent + python_indent);
            const Block& rest = branch->otherwise;
            if (rest.empty()) return;
            if (rest.size() > 1 || !program_.is_elif(rest[0])) {
                text_.lines.push_back(std::string(static_cast<std::size_t>(indent), ' ') + "else:");
                return print_block(rest, indent + python_indent);
            }
            at = &program_.statement(rest[0]);
            print_comment(at->comment, indent);
            branch = &std::get<IfStatement>(at->node);
        }
    }

    void print_try(const Statement& statement, const TryStatement& attempt, int indent) {
        add_lines(statement, Doc::of("try"), indent, true);
        print_block(attempt.body, indent + python_indent);
        const std::string margin(static_cast<std::size_t>(indent), ' ');
        std::string error = attempt.error_class.empty() ? "Exception" : attempt.error_class;
        if (is_tensorflow_error(error)) error = "tf.errors." + error;
        // Python forgets the name of an exception after its block; the program keeps the text under that name.
        if (!attempt.as.empty()) error += " as caught";
        text_.lines.push_back(fmt::format("{}except {}:", margin, error));
        text_.lines.push_back(attempt.as.empty() ? margin + "    pass"
                                                 : fmt::format("{}    {} = str(caught)", margin, attempt.as));
    }
    static bool is_tensorflow_error(std::string_view name) {
        static constexpr std::string_view python[] = {"ValueError",     "TypeError",           "RuntimeError",
                                                      "KeyError",       "IndexError",          "AttributeError",
                                                      "NameError",      "NotImplementedError", "Exception",
                                                      "AssertionError", "ZeroDivisionError",   "UnboundLocalError"};
        return std::find(std::begin(python), std::end(python), name) == std::end(python);
    }

    const Program& program_;
    PythonText text_;
};

} // namespace

PythonText to_python(const Program& program) {
    return Printer(program).print();
}

std::string to_python(const Expr& expr) {
    return flat(to_doc(expr));
}

std::string python_line(const Program& program, StatementId statement) {
    if (!statement.valid() || statement.index() >= program.python.statements.size()) return {};
    const auto& range = program.python.statements[statement.index()];
    if (range.first < 1 || static_cast<std::size_t>(range.first) > program.python.lines.size()) return {};
    std::string text;
    const int last = std::min(range.last, static_cast<int>(program.python.lines.size()));
    for (int number = range.first; number <= last; ++number) {
        const std::string& line = program.python.lines[static_cast<std::size_t>(number - 1)];
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string::npos) continue;
        const bool opens = text.empty() || text.ends_with('(') || text.ends_with('[') || text.ends_with('{');
        text += (opens ? "" : " ") + line.substr(begin);
    }
    return text;
}

StatementId PythonText::statement_at(int line) const {
    for (std::size_t i = 0; i < statements.size(); ++i)
        if (statements[i].first <= line && line <= statements[i].last) return StatementId{i};
    return {};
}

} // namespace rnnscope::program

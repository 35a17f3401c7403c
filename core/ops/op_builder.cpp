#include "core/ops/op_def.hpp"

#include <algorithm>
#include <charconv>

namespace rnnscope::ops {
namespace {

/// Reads the notation of REGISTER_OP piece by piece.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) { skip_blanks(); }

    bool at_end() const { return rest_.empty(); }
    bool accept(std::string_view token) {
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        skip_blanks();
        return true;
    }
    void expect([[maybe_unused]] std::string_view token) {
        [[maybe_unused]] const bool found = accept(token);
        assert(found && "mistake in the notation of an op");
    }
    std::string_view word() {
        const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
        const auto length =
            static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_part) - rest_.begin());
        assert(length > 0 && "mistake in the notation of an op");
        return take(length);
    }
    std::string_view quoted() {
        expect("'");
        const std::size_t length = rest_.find('\'');
        assert(length != std::string_view::npos);
        const std::string_view text = rest_.substr(0, length);
        rest_.remove_prefix(length + 1);
        skip_blanks();
        return text;
    }
    template <class Number> Number number() {
        Number value{};
        const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        assert(problem == std::errc{});
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        skip_blanks();
        return value;
    }
    bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }

  private:
    std::string_view take(std::size_t length) {
        const std::string_view text = rest_.substr(0, length);
        rest_.remove_prefix(length);
        skip_blanks();
        return text;
    }
    void skip_blanks() {
        while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    }
    std::string_view rest_;
};

DType read_dtype(Scanner& scan) {
    const DType dtype = dtype_from_name(scan.word());
    assert(dtype != DType::invalid && "mistake in the notation of an op");
    return dtype;
}

/// "numbertype" and "realnumbertype" of op_def_builder.cc, in its order: messages list them.
std::vector<DType> number_types(bool with_all) {
    using enum DType;
    if (with_all)
        return {float32, float64, int32,    uint8,  int16,      int8, complex64, int64, qint8,
                quint8,  qint32,  bfloat16, uint16, complex128, half, uint32,    uint64};
    return {float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64};
}

void read_attr_type(Scanner& scan, AttrDef& attr) {
    if (scan.accept("{")) {
        const bool strings = scan.next_is('\'');
        attr.type = strings ? "string" : "type";
        do {
            if (strings)
                attr.allowed_strings.emplace_back(scan.quoted());
            else
                attr.allowed_types.push_back(read_dtype(scan));
        } while (scan.accept(","));
        scan.expect("}");
        return;
    }
    const std::string_view word = scan.word();
    if (word == "numbertype" || word == "realnumbertype") {
        attr.type = "type";
        attr.allowed_types = number_types(word == "numbertype");
    } else if (word == "list") {
        scan.expect("(");
        AttrDef element;
        read_attr_type(scan, element);
        attr.type = "list(" + element.type + ")";
        attr.allowed_types = std::move(element.allowed_types);
        attr.allowed_strings = std::move(element.allowed_strings);
        scan.expect(")");
    } else {
        attr.type = std::string(word);
    }
}

AttrValue read_value(Scanner& scan, std::string_view type);

AttrValue read_list(Scanner& scan, std::string_view element_type) {
    AttrList list;
    scan.expect("[");
    while (!scan.accept("]")) {
        list.entries.push_back(read_value(scan, element_type));
        scan.accept(",");
    }
    return list;
}

AttrValue read_value(Scanner& scan, std::string_view type) {
    if (type.starts_with("list(")) return read_list(scan, type.substr(5, type.size() - 6));
    if (type == "string") return std::string(scan.quoted());
    if (type == "int") return scan.number<std::int64_t>();
    if (type == "float") return scan.number<float>();
    if (type == "type") return read_dtype(scan);
    if (type == "bool") return scan.word() == "true";
    assert(type == "shape" && "defaults of this type are not needed");
    if (scan.accept("{")) { // only "{ unknown_rank: true }" is ever used
        scan.expect("unknown_rank:");
        scan.expect("true");
        scan.expect("}");
        return Shape::unknown_rank();
    }
    std::vector<std::int64_t> dims;
    scan.expect("[");
    while (!scan.accept("]")) {
        dims.push_back(scan.number<std::int64_t>());
        scan.accept(",");
    }
    return Shape(std::move(dims));
}

/// "a: T", "values: N * T", "ref: Ref(T)", "data: dtypes", "axis: int32". Names of attributes are resolved once all of
/// them are known.
ArgDef read_arg(std::string_view spec) {
    Scanner scan(spec);
    ArgDef arg;
    arg.name = std::string(scan.word());
    scan.expect(":");
    const auto set_type = [&](std::string_view word) {
        arg.dtype = dtype_from_name(word);
        if (arg.dtype == DType::invalid) arg.type_attr = std::string(word);
    };
    arg.is_ref = scan.accept("Ref(");
    const std::string_view word = scan.word();
    if (scan.accept("*")) {
        arg.number_attr = std::string(word);
        set_type(scan.word());
    } else {
        set_type(word);
    }
    if (arg.is_ref) scan.expect(")");
    assert(scan.at_end());
    return arg;
}

} // namespace

OpBuilder::OpBuilder(std::string_view name) {
    def_.name = std::string(name);
}

OpBuilder&& OpBuilder::input(std::string_view spec) && {
    def_.inputs.push_back(read_arg(spec));
    return std::move(*this);
}

OpBuilder&& OpBuilder::output(std::string_view spec) && {
    def_.outputs.push_back(read_arg(spec));
    return std::move(*this);
}

OpBuilder&& OpBuilder::attr(std::string_view spec) && {
    Scanner scan(spec);
    AttrDef attr;
    attr.name = std::string(scan.word());
    scan.expect(":");
    read_attr_type(scan, attr);
    if (scan.accept(">=")) attr.minimum = scan.number<std::int64_t>();
    if (scan.accept("=")) attr.default_value = read_value(scan, attr.type);
    assert(scan.at_end());
    def_.attrs.push_back(std::move(attr));
    return std::move(*this);
}

OpBuilder&& OpBuilder::summary(std::string_view text) && {
    def_.summary = std::string(text);
    return std::move(*this);
}

OpBuilder&& OpBuilder::formula(std::string_view lines) && {
    def_.formula = std::string(lines);
    return std::move(*this);
}

OpBuilder&& OpBuilder::stateful() && {
    def_.is_stateful = true;
    return std::move(*this);
}

OpBuilder&& OpBuilder::allows_uninitialized_input() && {
    def_.allows_uninitialized_input = true;
    return std::move(*this);
}

OpBuilder&& OpBuilder::shape(ShapeFn fn) && {
    def_.shape = fn;
    return std::move(*this);
}

OpBuilder&& OpBuilder::kernel(KernelFn fn) && {
    def_.kernel = fn;
    return std::move(*this);
}

OpBuilder&& OpBuilder::example(OpExample example) && {
    def_.examples.push_back(std::move(example));
    return std::move(*this);
}

OpBuilder::operator OpDef() && {
    const auto finish = [this](std::vector<ArgDef>& args) {
        for (ArgDef& arg : args) {
            if (arg.type_attr.empty()) continue;
            const AttrDef* attr = def_.attr(arg.type_attr);
            assert(attr != nullptr && "the type of an argument is a type or an attribute");
            if (attr->type == "list(type)") arg.type_list_attr = std::exchange(arg.type_attr, {});
        }
    };
    finish(def_.inputs);
    finish(def_.outputs);
    return std::move(def_);
}

const AttrDef* OpDef::attr(std::string_view key) const {
    const auto it = std::ranges::find(attrs, key, &AttrDef::name);
    return it == attrs.end() ? nullptr : &*it;
}

} // namespace rnnscope::ops

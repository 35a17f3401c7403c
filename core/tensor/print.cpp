#include "core/tensor/tensor.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

// numpy 1.x's array2string: every element is padded to one width, which the elements that are shown decide.
namespace rnnscope {
namespace {

/// Indices of a dimension that are shown; -1 stands for "...".
std::vector<std::int64_t> shown_of(std::int64_t size, bool summarise, std::int64_t edge) {
    std::vector<std::int64_t> shown;
    for (std::int64_t i = 0; i < size; ++i) {
        if (summarise && size > 2 * edge && i == edge) {
            shown.push_back(-1);
            i = size - edge;
        }
        shown.push_back(i);
    }
    return shown;
}

/// Shortest digits that read back as the same number of the given type, in positional notation with at most
/// `precision` digits after the point.
std::string positional(double x, bool is_single, int precision) {
    const auto digits = [&](auto value) {
        std::array<char, 512> buffer{};
        const auto end =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr;
        return std::string(buffer.data(), end);
    };
    std::string text = is_single ? digits(static_cast<float>(x)) : digits(x);
    const std::size_t point = text.find('.');
    if (point == std::string::npos) return text + ".";
    if (text.size() - point - 1 > static_cast<std::size_t>(precision)) {
        text = fmt::format("{:.{}f}", x, precision);
        if (precision == 0) return text + ".";
        while (text.back() == '0') text.pop_back();
    }
    return text;
}

std::string scientific(double x, bool is_single, int precision) {
    const auto digits = [&](auto value) {
        std::array<char, 64> buffer{};
        const auto end =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
        return std::string(buffer.data(), end);
    };
    std::string text = is_single ? digits(static_cast<float>(x)) : digits(x);
    const std::size_t e = text.find('e'), point = text.find('.');
    if (point == std::string::npos) return text.insert(e, ".");
    if (e - point - 1 > static_cast<std::size_t>(precision)) text = fmt::format("{:.{}e}", x, precision);
    return text;
}

/// A single float as Python prints numpy's scalars: "0.5", "3.0", "1e-05".
std::string scalar_text(double x, bool is_single) {
    if (std::isnan(x)) return "nan";
    if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
    constexpr int all_digits = 400; // more than any number has, so that none is rounded away
    if (x == 0 || (std::abs(x) >= 1e-4 && std::abs(x) < 1e16)) {
        const std::string text = positional(x, is_single, all_digits);
        return text.ends_with('.') ? text + "0" : text;
    }
    std::string text = scientific(x, is_single, all_digits);
    if (const std::size_t bare = text.find(".e"); bare != std::string::npos) text.erase(bare, 1);
    return text;
}

/// One array of texts, all of one width.
class Formatter {
  public:
    Formatter(const Tensor& tensor, const PrintOptions& options, const std::vector<std::int64_t>& elements)
        : tensor_(tensor), options_(options) {
        if (is_floating(tensor.dtype())) choose_notation(elements);
        for (const std::int64_t i : elements) width_ = std::max(width_, raw(i).size());
    }

    std::string operator()(std::int64_t i) const {
        std::string text = raw(i);
        // Strings are Python objects to numpy, which it does not align.
        if (tensor_.dtype() != DType::string && text.size() < width_) text.insert(0, width_ - text.size(), ' ');
        return text;
    }

  private:
    bool is_single() const { return tensor_.dtype() != DType::float64; }

    void choose_notation(const std::vector<std::int64_t>& elements) {
        double largest = 0, smallest = std::numeric_limits<double>::infinity();
        for (const std::int64_t i : elements) {
            const double x = std::abs(tensor_.number(i));
            if (!std::isfinite(x) || x == 0) continue;
            largest = std::max(largest, x);
            smallest = std::min(smallest, x);
        }
        exponential_ = largest >= 1e8 || (largest > 0 && (smallest < 1e-4 || largest / smallest > 1e3));
        for (const std::int64_t i : elements) {
            const double x = tensor_.number(i);
            if (!std::isfinite(x)) continue;
            const std::string text = number(x);
            const std::size_t end = exponential_ ? text.find('e') : text.size();
            decimals_ = std::max(decimals_, end - text.find('.') - 1);
        }
    }

    std::string number(double x) const {
        return exponential_ ? scientific(x, is_single(), options_.precision)
                            : positional(x, is_single(), options_.precision);
    }

    /// The element without padding on the left, but with as many digits as the others have.
    std::string raw(std::int64_t i) const {
        if (tensor_.dtype() == DType::boolean) return tensor_.integer(i) != 0 ? "True" : "False";
        if (tensor_.dtype() == DType::string) return "b'" + tensor_.strings()[static_cast<std::size_t>(i)] + "'";
        if (tensor_.dtype() == DType::uint64) return std::to_string(static_cast<std::uint64_t>(tensor_.integer(i)));
        if (!is_floating(tensor_.dtype())) return std::to_string(tensor_.integer(i));
        const double x = tensor_.number(i);
        if (std::isnan(x)) return "nan";
        if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
        std::string text = number(x);
        const std::size_t end = exponential_ ? text.find('e') : text.size();
        const std::size_t have = end - text.find('.') - 1;
        // In columns, positional numbers are filled with blanks and exponential ones with zeros.
        if (have < decimals_) text.insert(end, decimals_ - have, exponential_ ? '0' : ' ');
        return text;
    }

    const Tensor& tensor_;
    const PrintOptions& options_;
    bool exponential_ = false;
    std::size_t decimals_ = 0;
    std::size_t width_ = 0;
};

class Printer {
  public:
    Printer(const Tensor& tensor, const PrintOptions& options)
        : shape_(tensor.shape()), options_(options), summarise_(tensor.elements() > options.threshold),
          formatter_(tensor, options, shown_elements()) {}

    std::string print() { return print_dim(0, 0); }

  private:
    std::int64_t block(std::size_t dim) const {
        std::int64_t size = 1;
        for (std::size_t d = dim + 1; d < shape_.rank(); ++d) size *= shape_.dim(d);
        return size;
    }

    std::vector<std::int64_t> shown_elements() const {
        std::vector<std::int64_t> elements{0};
        for (std::size_t d = 0; d < shape_.rank(); ++d) {
            std::vector<std::int64_t> next;
            for (const std::int64_t base : elements)
                for (const std::int64_t i : shown_of(shape_.dim(d), summarise_, options_.edge_items))
                    if (i >= 0) next.push_back(base + i * block(d));
            elements = std::move(next);
        }
        return elements;
    }

    /// One bracket and what is in it. The depth is the tensor's rank.
    std::string print_dim(std::size_t dim, std::int64_t base) const {
        const auto shown = shown_of(shape_.dim(dim), summarise_, options_.edge_items);
        if (dim + 1 == shape_.rank()) return print_row(dim, base, shown);
        std::string text = "[";
        for (std::size_t k = 0; k < shown.size(); ++k) {
            if (k > 0) {
                text.append(shape_.rank() - dim - 1, '\n');
                text.append(dim + 1, ' ');
            }
            text += shown[k] < 0 ? "..." : print_dim(dim + 1, base + shown[k] * block(dim));
        }
        return text + "]";
    }

    std::string print_row(std::size_t dim, std::int64_t base, const std::vector<std::int64_t>& shown) const {
        const auto line_width = static_cast<std::size_t>(options_.line_width);
        const std::size_t closing = std::min(line_width, dim + 1); // numpy keeps room for the brackets in every line
        std::string text, line(dim, ' ');
        const std::string indent(dim + 1, ' ');
        line += "[";
        for (std::size_t k = 0; k < shown.size(); ++k) {
            const std::string word = shown[k] < 0 ? "..." : formatter_(base + shown[k]);
            const bool is_first = line.size() == indent.size();
            if (!is_first && line.size() + 1 + word.size() > line_width - closing) {
                text += line + "\n";
                line = indent + word;
            } else {
                line += (is_first ? "" : " ") + word;
            }
        }
        // The first line begins where its bracket does, and whoever called has indented it.
        return (text + line + "]").substr(dim);
    }

    Shape shape_;
    const PrintOptions& options_;
    bool summarise_;
    Formatter formatter_;
};

} // namespace

std::string to_text(const Tensor& tensor, const PrintOptions& options) {
    if (!tensor) return "";
    if (tensor.dtype() == DType::resource || tensor.dtype() == DType::variant)
        return fmt::format("<{}>", tensor.elements() == 1 ? tensor.strings()[0] : dtype_name(tensor.dtype()));
    if (!is_floating(tensor.dtype()) && !is_integer(tensor.dtype()) && tensor.dtype() != DType::boolean &&
        tensor.dtype() != DType::string)
        return fmt::format("<{} {}>", dtype_name(tensor.dtype()), to_text(tensor.shape()));
    if (tensor.shape().rank() == 0) {
        if (!is_floating(tensor.dtype())) return Formatter(tensor, options, {0})(0);
        return scalar_text(tensor.number(0), tensor.dtype() != DType::float64);
    }
    if (tensor.elements() == 0) return "[]";
    return Printer(tensor, options).print();
}

} // namespace rnnscope

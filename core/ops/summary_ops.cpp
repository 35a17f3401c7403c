#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>

// Summaries for TensorBoard: strings that hold a serialized Summary (core/framework/summary.proto).
namespace rnnscope::ops {
namespace {

/// Protobuf's wire format, as far as summaries need it.
class Message {
  public:
    void add_bytes(int field, std::string_view bytes) {
        add_varint(static_cast<std::uint64_t>(field) << 3 | 2);
        add_varint(bytes.size());
        bytes_ += bytes;
    }
    void add_float(int field, float value) {
        add_varint(static_cast<std::uint64_t>(field) << 3 | 5);
        add_fixed(std::bit_cast<std::uint32_t>(value), 4);
    }
    void add_double(int field, double value) {
        if (value == 0) return; // proto3 leaves out what is the default
        add_varint(static_cast<std::uint64_t>(field) << 3 | 1);
        add_fixed(std::bit_cast<std::uint64_t>(value), 8);
    }
    void add_doubles(int field, const std::vector<double>& values) {
        Message packed;
        for (const double value : values) packed.add_fixed(std::bit_cast<std::uint64_t>(value), 8);
        add_bytes(field, packed.bytes_);
    }
    const std::string& bytes() const { return bytes_; }

  private:
    void add_varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
        bytes_ += static_cast<char>(value);
    }
    void add_fixed(std::uint64_t value, int size) {
        for (int i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xFF);
    }
    std::string bytes_;
};

/// Reads the fields of a message one after the other; those that are no bytes are skipped.
class FieldReader {
  public:
    explicit FieldReader(std::string_view bytes) : rest_(bytes) {}
    /// The next field that holds bytes; nothing at the end or when the message is broken.
    std::optional<std::pair<int, std::string_view>> next() {
        while (!rest_.empty()) {
            const auto key = varint();
            if (!key) return broken();
            std::optional<std::uint64_t> size;
            switch (*key & 7) {
            case 0:
                if (!varint()) return broken();
                continue;
            case 1:
                size = 8;
                break;
            case 2:
                size = varint();
                break;
            case 5:
                size = 4;
                break;
            default:
                break;
            }
            if (!size || *size > rest_.size()) return broken();
            const std::string_view content = rest_.substr(0, *size);
            rest_.remove_prefix(*size);
            if ((*key & 7) == 2) return std::pair{static_cast<int>(*key >> 3), content};
        }
        return std::nullopt;
    }
    bool is_broken() const { return broken_; }

  private:
    std::nullopt_t broken() {
        broken_ = true;
        return std::nullopt;
    }
    std::optional<std::uint64_t> varint() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
        return std::nullopt;
    }
    std::string_view rest_;
    bool broken_ = false;
};

constexpr int summary_value = 1, value_tag = 1, value_simple = 2, value_histogram = 5;

Status scalar_summary(KernelContext& ctx) {
    const Tensor& tags = ctx.input(0);
    const Tensor& values = ctx.input(1);
    if (tags.shape() != values.shape() && !(tags.elements() == 1 && values.elements() == 1)) {
        const std::string tag = tags.elements() == 1 ? fmt::format(" (tag '{}')", tags.strings()[0]) : "";
        return invalid_argument(fmt::format("tags and values not the same shape: {} != {}{}", to_text(tags.shape()),
                                            to_text(values.shape()), tag));
    }
    if (!visit_number(values.dtype(), [](auto) {})) return no_kernel(ctx, values.dtype());
    Message summary;
    for (std::int64_t i = 0; i < tags.elements(); ++i) {
        Message value;
        value.add_bytes(value_tag, tags.strings()[static_cast<std::size_t>(i)]);
        value.add_float(value_simple, static_cast<float>(values.number(i)));
        summary.add_bytes(summary_value, value.bytes());
    }
    ctx.set_output(0, Tensor::scalar(summary.bytes()));
    return {};
}

/// The upper limits of the buckets (core/lib/histogram/histogram.cc): powers of 1.1 on both sides of 0.
const std::vector<double>& bucket_limits() {
    static const std::vector<double> limits = [] {
        std::vector<double> above;
        for (double limit = 1.0e-12; limit < 1.0e20; limit *= 1.1) above.push_back(limit);
        above.push_back(DBL_MAX);
        std::vector<double> all;
        for (auto limit = above.rbegin(); limit != above.rend(); ++limit) all.push_back(-*limit);
        all.push_back(0.0);
        all.insert(all.end(), above.begin(), above.end());
        return all;
    }();
    return limits;
}

/// A HistogramProto of the numbers. Runs of empty buckets become one.
std::string histogram_of(const std::vector<double>& values) {
    const std::vector<double>& limits = bucket_limits();
    std::vector<double> counts(limits.size(), 0.0);
    double least = DBL_MAX, most = -DBL_MAX, sum = 0, squares = 0;
    for (const double x : values) {
        const auto place = std::upper_bound(limits.begin(), limits.end(), x) - limits.begin();
        counts[std::min(static_cast<std::size_t>(place), counts.size() - 1)] += 1;
        least = std::min(least, x);
        most = std::max(most, x);
        sum += x;
        squares += x * x;
    }
    std::vector<double> kept_limits, kept_counts;
    for (std::size_t i = 0; i < counts.size();) {
        double limit = limits[i], count = counts[i];
        ++i;
        if (count <= 0)
            for (; i < counts.size() && counts[i] <= 0; ++i) limit = limits[i];
        kept_limits.push_back(limit);
        kept_counts.push_back(count);
    }
    Message histogram;
    histogram.add_double(1, least);
    histogram.add_double(2, most);
    histogram.add_double(3, static_cast<double>(values.size()));
    histogram.add_double(4, sum);
    histogram.add_double(5, squares);
    histogram.add_doubles(6, kept_limits);
    histogram.add_doubles(7, kept_counts);
    return histogram.bytes();
}

Status histogram_summary(KernelContext& ctx) {
    const Tensor& tag = ctx.input(0);
    const Tensor& values = ctx.input(1);
    if (tag.shape().rank() != 0) return invalid_argument("tags must be scalar");
    if (!visit_number(values.dtype(), [](auto) {})) return no_kernel(ctx, values.dtype());
    std::vector<double> numbers;
    for (std::int64_t i = 0; i < values.elements(); ++i) {
        const double x = values.number(i);
        if (std::isnan(x)) return invalid_argument("Nan in summary histogram for: " + ctx.node().name);
        if (std::isinf(x)) return invalid_argument("Infinity in summary histogram for: " + ctx.node().name);
        numbers.push_back(x);
    }
    Message value, summary;
    value.add_bytes(value_tag, tag.strings()[0]);
    value.add_bytes(value_histogram, histogram_of(numbers));
    summary.add_bytes(summary_value, value.bytes());
    ctx.set_output(0, Tensor::scalar(summary.bytes()));
    return {};
}

Status merge_summary(KernelContext& ctx) {
    std::string merged;
    std::set<std::string, std::less<>> tags;
    for (std::size_t i = 0; i < ctx.inputs(); ++i)
        for (const std::string& summary : ctx.input(i).strings()) {
            FieldReader fields(summary);
            while (const auto field = fields.next()) {
                if (field->first != summary_value) continue;
                FieldReader parts(field->second);
                while (const auto part = parts.next())
                    if (part->first == value_tag && !tags.emplace(part->second).second)
                        return invalid_argument(fmt::format("Duplicate tag {} found in summary inputs", part->second));
                if (parts.is_broken()) return invalid_argument("Could not parse one of the summary inputs");
            }
            if (fields.is_broken()) return invalid_argument("Could not parse one of the summary inputs");
            merged += summary; // messages of one type joined are one message with the fields of all
        }
    ctx.set_output(0, Tensor::scalar(std::move(merged)));
    return {};
}

} // namespace

void add_summary_ops(OpRecords& ops) {
    using example::floats;
    using example::strings;
    using namespace std::string_literals;
    const std::string one = "\x0A\x08\x0A\x01"s + "a\x15\x00\x00\x80\x3F"s,
                      two = "\x0A\x08\x0A\x01"s + "b\x15\x00\x00\x00\x40"s;
    ops.push_back(
        OpBuilder("ScalarSummary")
            .input("tags: string")
            .input("values: T")
            .output("summary: string")
            .attr("T: realnumbertype")
            .summary("Numbers for TensorBoard.")
            .shape(scalar_shape)
            .kernel(scalar_summary)
            .example({{strings({}, {"a"}), floats({}, {1.0F})}, {}, {strings({}, {one})}})
            .example({{strings({2}, {"a", "b"}), example::ints({2}, {1, 2})}, {}, {strings({}, {one + two})}}));
    ops.push_back(
        OpBuilder("HistogramSummary")
            .input("tag: string")
            .input("values: T")
            .output("summary: string")
            .attr("T: realnumbertype = DT_FLOAT")
            .summary("How numbers are distributed, for TensorBoard.")
            .shape(scalar_shape)
            .kernel(histogram_summary)
            .example(
                {{strings({}, {"a"}), example::ints({}, {0})},
                 {},
                 {strings(
                     {},
                     {"\x0A\x42\x0A\x01\x61\x2A\x3D\x19\x00\x00\x00\x00\x00\x00\xF0\x3F\x32\x18\x00\x00\x00\x00\x00\x00\x00\x00\x11\xEA\x2D\x81\x99\x97\x71\x3D\xFF\xFF\xFF\xFF\xFF\xFF\xEF\x7F\x3A\x18\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xF0\x3F\x00\x00\x00\x00\x00\x00\x00\x00"s})}}));
    ops.push_back(OpBuilder("MergeSummary")
                      .input("inputs: N * string")
                      .output("summary: string")
                      .attr("N: int >= 1")
                      .summary("Several summaries in one.")
                      .shape(scalar_shape)
                      .kernel(merge_summary)
                      .example({{strings({}, {one}), strings({}, {two})}, {}, {strings({}, {one + two})}}));
}

} // namespace rnnscope::ops

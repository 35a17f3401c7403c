#include "core/base/suggest.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

namespace rnnscope {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row.back();
}

} // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    // Names of files can be megabytes of junk; nothing that long is a typing mistake.
    constexpr std::size_t longest_word = 100;
    if (word.empty() || word.size() > longest_word) return {};
    const std::string wanted = lower(word);
    const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
    std::size_t best = limit + 1;
    const std::string* found = nullptr;
    for (const std::string& candidate : candidates) {
        const std::string name = lower(candidate);
        // The last component alone is what people forget to qualify: "GRUCell" for "nn.rnn_cell.GRUCell".
        const std::size_t dot = name.rfind('.');
        std::size_t distance = edit_distance(wanted, name);
        if (dot != std::string::npos) distance = std::min(distance, edit_distance(wanted, name.substr(dot + 1)));
        if (distance < best) {
            best = distance;
            found = &candidate;
        }
    }
    return found ? *found : std::string{};
}

} // namespace rnnscope

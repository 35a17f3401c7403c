#include "core/base/linked_file.hpp"

#include <filesystem>

namespace rnnscope {

std::string linked_file(const std::string& path) {
    constexpr int most_links = 40; // as Linux follows
    std::filesystem::path file = path;
    for (int links = 0; links < most_links; ++links) {
        std::error_code failure;
        const std::filesystem::path target = std::filesystem::read_symlink(file, failure);
        if (failure) return file.string();
        file = file.parent_path() / target; // an absolute target stands alone
    }
    return path;
}

} // namespace rnnscope

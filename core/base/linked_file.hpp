#pragma once

#include <string>

namespace rnnscope {

/// The file that the path stands for: links are followed, also to a file that is not there yet. What is written beside
/// that and then renamed replaces the file, and the links go on pointing to it.
std::string linked_file(const std::string& path);

} // namespace rnnscope

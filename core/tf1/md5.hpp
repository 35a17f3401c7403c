#pragma once

#include <cstdint>
#include <string_view>

namespace rnnscope::tf1 {

/// int(hashlib.md5(text).hexdigest()[:8], 16): DropoutWrapper derives its seeds from it.
std::uint32_t md5_first_32_bits(std::string_view text);

} // namespace rnnscope::tf1

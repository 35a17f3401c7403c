#include "core/tensor/tensor.hpp"

namespace rnnscope {

std::string to_text(const Tensor&, const PrintOptions&) {
    return {};
}

} // namespace rnnscope

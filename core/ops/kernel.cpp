#include "core/ops/kernel.hpp"

namespace rnnscope::ops {

VariableStorage* ResourceContainer::find_variable(std::string_view name) {
    const auto it = variables_.find(name);
    return it == variables_.end() ? nullptr : it->second.get();
}

VariableStorage& ResourceContainer::variable(std::string_view name, const std::function<VariableStorage()>& make) {
    auto it = variables_.find(name);
    if (it == variables_.end())
        it = variables_.emplace(std::string(name), std::make_unique<VariableStorage>(make())).first;
    return *it->second;
}

void KernelContext::write(VariableStorage& storage, Tensor value) {
    storage.value = std::move(value);
    accesses_.push_back({&storage, VariableAccess::Kind::write, *storage.value});
}

void KernelContext::note_read(VariableStorage& storage) {
    accesses_.push_back({&storage, VariableAccess::Kind::read, storage.value.value_or(Tensor{})});
}

} // namespace rnnscope::ops

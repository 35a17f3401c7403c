#include "core/runtime/session.hpp"

#include "core/import/checkpoint_overlay.hpp"
#include "core/runtime/executor.hpp"
#include "core/runtime/plan_cache.hpp"

namespace rnnscope::runtime {

void RunObserver::on_block(std::shared_ptr<const EventBlock> block) {
    BlockEvent values;
    for (std::uint64_t i = 0; i < block->events(); ++i) {
        const BlockVisit& visit = block->visits()[i % block->visits().size()];
        block->read(i, values);
        Event event;
        event.node = visit.node;
        event.frame = block->frame();
        event.iteration = block->iteration(i);
        event.dead = visit.dead;
        event.inputs = values.inputs;
        event.outputs = values.outputs;
        event.accesses = values.accesses;
        on_event(event);
    }
}

class Run::Impl : public Executor {
  public:
    using Executor::Executor;
};

Run::Run(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Run::~Run() = default;

bool Run::done() const {
    return impl_->done();
}
void Run::step(RunObserver& observer) {
    impl_->step(observer);
}
void Run::advance(RunObserver& observer, std::uint64_t most) {
    impl_->advance(observer, most);
}
std::optional<Run::Next> Run::next() const {
    return impl_->next();
}
std::size_t Run::planned_nodes() const {
    return impl_->plan().nodes.size();
}
bool Run::is_planned(NodeId node) const {
    const std::vector<std::uint32_t>& by_node = impl_->plan().by_node;
    return node.index() < by_node.size() && by_node[node.index()] != Plan::none;
}
const std::optional<RunError>& Run::error() const {
    return impl_->error();
}
const std::vector<RunError>& Run::passed_over() const {
    return impl_->passed_over();
}
const std::vector<Tensor>& Run::results() const {
    return impl_->results();
}
std::size_t Run::live_frames() const {
    return impl_->live_frames();
}

Session::Session(const Graph& graph, SessionOptions options)
    : graph_(graph), options_(std::move(options)), rows_(std::make_unique<RowPool>()),
      scratch_(std::make_unique<RowPool>()), packs_(std::make_unique<PackCache>()),
      plans_(std::make_unique<PlanCache>()) {
    if (!options_.checkpoints) options_.checkpoints = std::make_shared<CheckpointOverlay>("");
}
Session::~Session() = default;

Result<std::unique_ptr<Run>> Session::start(RunRequest request) {
    auto plan = plans_->plan_for(graph_, request, options_.rounding);
    if (!plan) return plan.error();
    kernel_states_.resize(std::max(kernel_states_.size(), graph_.size()));
    auto impl = std::make_unique<Run::Impl>(
        Executor::Environment{graph_, resources_, kernel_states_, options_, *rows_, *scratch_, *packs_},
        *std::move(plan), std::move(request));
    return std::unique_ptr<Run>(new Run(std::move(impl)));
}

const ops::VariableStorage* Session::storage(const Variable& variable) const {
    const Node& node = graph_.node(variable.op);
    const auto* shared_name = node.attr<std::string>("shared_name");
    const std::string& name = shared_name != nullptr && !shared_name->empty() ? *shared_name : node.name;
    const auto found = resources_.variables().find(name);
    return found == resources_.variables().end() ? nullptr : found->second.get();
}

bool Session::is_initialized(const Variable& variable) const {
    const ops::VariableStorage* found = storage(variable);
    return found != nullptr && found->initialized();
}

} // namespace rnnscope::runtime

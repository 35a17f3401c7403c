#include "core/base/process_memory.hpp"
#include "core/ops/simd_kernels.hpp"
#include "tests/bench/model.hpp"

#include <benchmark/benchmark.h>

#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

/// Executing and recording models. Names are CASE/MODE: `visits` one node at a time, `rounds` loops in rounds, nothing
/// kept, `record` the same with everything kept in a Recording, `train` forward and backward through the loop with
/// nothing kept, `straight` the kernels of the cells called one after the other, and nothing else. Each runs once
/// before it is measured: weights are packed then, and memory is there.
namespace rnnscope {
namespace {

using bench::Case;
using bench::Model;
using bench::Silent;

/// Keeps what went from round to round and forgets it with the run.
struct Lean : Silent {
    std::vector<std::shared_ptr<const runtime::EventBlock>> blocks;
    void on_block(std::shared_ptr<const runtime::EventBlock> block) override { blocks.push_back(std::move(block)); }
    runtime::Keep keep() const override { return {runtime::Keep::What::states, 1}; }
};

void measure(benchmark::State& state, const std::function<void()>& once) {
    once();
    for (auto _ : state) once();
}

void visits(benchmark::State& state, const Case& wanted) {
    Model model(wanted);
    Silent silent;
    measure(state, [&] {
        const auto run = model.session().start(model.request());
        while (!(*run)->done()) (*run)->step(silent);
        benchmark::DoNotOptimize((*run)->results());
    });
}

void run_model(benchmark::State& state, Model& model) {
    Silent silent;
    measure(state, [&] {
        const auto run = model.session().start(model.request());
        (*run)->finish(silent);
        benchmark::DoNotOptimize((*run)->results());
    });
}

void rounds(benchmark::State& state, const Case& wanted) {
    Model model(wanted);
    run_model(state, model);
}
void train(benchmark::State& state, const Case& wanted) {
    Model model(wanted, true);
    run_model(state, model);
}

void lean(benchmark::State& state, const Case& wanted) {
    Model model(wanted);
    std::size_t bytes = 0;
    measure(state, [&] {
        Lean kept;
        const auto run = model.session().start(model.request());
        (*run)->finish(kept);
        benchmark::DoNotOptimize((*run)->results());
        bytes = 0;
        for (const auto& block : kept.blocks) bytes += block->bytes();
    });
    state.counters["bytes"] = static_cast<double>(bytes);
}

/// One recording for each run: made and thrown away with it.
void recorded(benchmark::State& state, const Case& wanted) {
    Model model(wanted);
    std::size_t bytes = 0, events = 0;
    measure(state, [&] {
        record::Recording recording(model.evaluator());
        bench::record(model, recording);
        bytes = recording.bytes();
        events = recording.event_count(RunId(0));
    });
    state.counters["bytes"] = static_cast<double>(bytes);
    state.counters["events"] = static_cast<double>(events);
}

/// Numbers that begin at a cache line, as those in rows do.
template <class T> struct LineAllocator {
    using value_type = T;
    static constexpr std::align_val_t line{64};
    LineAllocator() = default;
    template <class U> LineAllocator(const LineAllocator<U>&) {}
    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), line)); }
    void deallocate(T* at, std::size_t) { ::operator delete(at, line); }
    friend bool operator==(const LineAllocator&, const LineAllocator&) { return true; }
};
using Floats = std::vector<float, LineAllocator<float>>;

/// What the graph's kernels take, without graph, values and events: stacked GRUs, weights packed. What is fed is turned
/// to have time first, the outputs of the steps are collected and turned back.
class StraightGru {
  public:
    explicit StraightGru(const Case& model) : model_(model) {
        for (int layer = 0; layer < model.layers; ++layer) {
            const std::size_t in = inputs(layer) + hidden();
            layers_.push_back({pack(in, 2 * hidden()), pack(in, hidden()), Floats(rows() * hidden())});
        }
    }
    void run() {
        const std::size_t n = rows() * hidden();
        Floats joined(rows() * 2 * hidden()), gates(2 * n), r(n), u(n), c(n), kept(n), out(n);
        Floats step(rows() * inputs(0)), outputs(steps() * n);
        const Floats fed = turned(fed_, rows(), steps(), inputs(0));
        for (std::size_t t = 0; t < steps(); ++t) {
            std::memcpy(step.data(), &fed[t * step.size()], step.size() * sizeof(float));
            for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
                Layer& l = layers_[layer];
                const std::size_t in = inputs(layer), both = in + hidden();
                join(layer == 0 ? step : out, in, l.state, joined);
                k_.matmul(joined.data(), both, l.gates.panels(), gates.data(), 2 * hidden(), rows());
                k_.bias_add(gates.data(), bias_.data(), gates.data(), rows(), 2 * hidden());
                k_.sigmoid(gates.data(), gates.data(), 2 * n);
                for (std::size_t row = 0; row < rows(); ++row) {
                    std::memcpy(&r[row * hidden()], &gates[row * 2 * hidden()], hidden() * sizeof(float));
                    std::memcpy(&u[row * hidden()], &gates[(row * 2 + 1) * hidden()], hidden() * sizeof(float));
                }
                k_.mul(r.data(), l.state.data(), r.data(), n);
                join(layer == 0 ? step : out, in, r, joined);
                k_.matmul(joined.data(), both, l.candidate.panels(), c.data(), hidden(), rows());
                k_.bias_add(c.data(), bias_.data(), c.data(), rows(), hidden());
                k_.tanh(c.data(), c.data(), n);
                k_.mul(u.data(), l.state.data(), kept.data(), n);
                k_.scalar_sub(u.data(), 1.0F, u.data(), n);
                k_.mul(u.data(), c.data(), c.data(), n);
                k_.add(kept.data(), c.data(), l.state.data(), n);
                out = l.state;
            }
            std::memcpy(&outputs[t * n], out.data(), n * sizeof(float));
        }
        benchmark::DoNotOptimize(turned(outputs, steps(), rows(), hidden()).data());
    }

  private:
    struct Layer {
        ops::simd::PackedMatrix gates, candidate;
        Floats state;
    };
    std::size_t rows() const { return static_cast<std::size_t>(model_.batch); }
    std::size_t steps() const { return static_cast<std::size_t>(model_.steps); }
    std::size_t hidden() const { return static_cast<std::size_t>(model_.hidden); }
    std::size_t inputs(std::size_t layer) const {
        return layer == 0 ? static_cast<std::size_t>(model_.inputs) : hidden();
    }
    static ops::simd::PackedMatrix pack(std::size_t rows, std::size_t columns) {
        const Floats weights(rows * columns, 0.01F);
        return ops::simd::PackedMatrix::pack(weights.data(), rows, columns, false);
    }
    void join(const Floats& a, std::size_t columns, const Floats& b, Floats& to) const {
        const std::size_t both = columns + hidden();
        for (std::size_t row = 0; row < rows(); ++row) {
            std::memcpy(&to[row * both], &a[row * columns], columns * sizeof(float));
            std::memcpy(&to[row * both + columns], &b[row * hidden()], hidden() * sizeof(float));
        }
    }

    static Floats turned(const Floats& from, std::size_t first, std::size_t second, std::size_t columns) {
        Floats to(from.size());
        for (std::size_t i = 0; i < first; ++i)
            for (std::size_t j = 0; j < second; ++j)
                std::memcpy(&to[(j * first + i) * columns], &from[(i * second + j) * columns], columns * sizeof(float));
        return to;
    }

    Case model_;
    const ops::simd::Kernels& k_ = ops::simd::kernels();
    std::vector<Layer> layers_;
    Floats fed_ = Floats(rows() * steps() * inputs(0), 0.1F);
    Floats bias_ = Floats(2 * static_cast<std::size_t>(model_.hidden), 0.1F);
};

void straight(benchmark::State& state, const Case& wanted) {
    StraightGru model(wanted);
    measure(state, [&] { model.run(); });
}

} // namespace
} // namespace rnnscope

int main(int argc, char** argv) {
    rnnscope::keep_freed_memory(); // as the program does
    benchmark::Initialize(&argc, argv);
    for (const rnnscope::bench::Case& model : rnnscope::bench::cases) {
        const std::string name = model.name;
        benchmark::RegisterBenchmark((name + "/visits").c_str(), rnnscope::visits, model)
            ->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark((name + "/rounds").c_str(), rnnscope::rounds, model)
            ->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark((name + "/train").c_str(), rnnscope::train, model)->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark((name + "/lean").c_str(), rnnscope::lean, model)->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark((name + "/record").c_str(), rnnscope::recorded, model)
            ->Unit(benchmark::kMicrosecond);
        if (std::string_view(model.cell) == "GRUCell")
            benchmark::RegisterBenchmark((name + "/straight").c_str(), rnnscope::straight, model)
                ->Unit(benchmark::kMicrosecond);
    }
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}

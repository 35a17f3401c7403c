// Runs frozen graphs whose tensors TensorFlow itself has written down, and compares every tensor that can be fetched.

#include "core/import/graph_file.hpp"
#include "core/ops/op_def.hpp"
#include "tests/core/runtime/golden_run.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace rnnscope::runtime {
namespace {

using nlohmann::json;
using namespace rnnscope::testing;
namespace fs = std::filesystem;

fs::path cases_folder() {
    return fs::path(RNNSCOPE_SHARED_DIR) / "data" / "golden" / "dl4j-tf-golden";
}

std::vector<std::string> golden_cases() {
    std::vector<std::string> cases;
    if (!fs::exists(cases_folder())) return cases;
    for (const auto& entry : fs::recursive_directory_iterator(cases_folder()))
        if (entry.path().filename() == "frozen_model.pb")
            cases.push_back(entry.path().parent_path().lexically_relative(cases_folder()).string());
    std::ranges::sort(cases);
    return cases;
}

/// What a tensor's file says: shape (a scalar is written as [] or [0] with one value) and values with 8 decimals.
struct Golden {
    std::string tensor; ///< "a:0"
    std::vector<std::int64_t> shape;
    std::vector<double> values;
};

Golden golden_of(std::string tensor, const json& entry) {
    Golden golden{std::move(tensor), entry.at("shape").get<std::vector<std::int64_t>>(), {}};
    flatten(entry.at("values"), golden.values);
    if (golden.shape == std::vector<std::int64_t>{0} && golden.values.size() == 1) golden.shape.clear();
    return golden;
}

/// "a/b.prediction" is a/b:0, "a/b.6.prediction" is a/b:6.
std::string tensor_of_file(std::string name, const std::string& ending) {
    name.resize(name.size() - ending.size());
    int index = 0;
    if (const std::size_t dot = name.rfind('.'); dot != std::string::npos) {
        const auto [end, problem] = std::from_chars(name.data() + dot + 1, name.data() + name.size(), index);
        if (problem == std::errc{} && end == name.data() + name.size()) name.resize(dot);
    }
    return name + ":" + std::to_string(index);
}

Tensor as_tensor(DType dtype, const Golden& golden) {
    const Shape shape(golden.shape);
    std::vector<float> floats;
    for (const double x : golden.values) floats.push_back(static_cast<float>(x));
    if (dtype == DType::float32) return Tensor::of<float>(shape, floats);
    if (dtype == DType::float64) return Tensor::of<double>(shape, golden.values);
    std::vector<std::int32_t> ints;
    for (const double x : golden.values) ints.push_back(static_cast<std::int32_t>(x));
    EXPECT_EQ(dtype, DType::int32) << "no case has inputs of this type";
    return Tensor::of<std::int32_t>(shape, ints);
}

class Dl4jGolden : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        const fs::path folder = cases_folder() / GetParam();
        load(graph_, folder / "frozen_model.pb");
        if (const fs::path text = folder / "frozen_graph.pbtxt"; fs::exists(text)) {
            Graph same;
            load(same, text);
            EXPECT_EQ(to_graphdef_json(same), to_graphdef_json(graph_)) << "the text form is another graph";
        }
        EXPECT_EQ(ops_without_kernel(graph_), std::set<std::string>{});
        const json values = json::parse(read_text(folder / "values.json"));
        for (const auto& [name, entry] : values.at("tensors").items()) inner_.push_back(golden_of(name, entry));
        for (const auto& [name, entry] : values.at("files").items()) read_file_entry(name, entry);
    }

    static void load(Graph& graph, const fs::path& path) {
        const LoadedGraph loaded = load_graph_file(path.string());
        ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const GraphFile>>(loaded))
            << to_text(std::get<Diagnostics>(loaded));
        const Diagnostics problems = import_graph(graph, *std::get<std::shared_ptr<const GraphFile>>(loaded));
        ASSERT_TRUE(problems.empty()) << to_text(problems);
    }

    void read_file_entry(const std::string& name, const json& entry) {
        if (name.ends_with(".prediction")) {
            outputs_.push_back(golden_of(tensor_of_file(name, ".prediction"), entry));
        } else if (name.ends_with(".placeholder")) {
            const Golden fed = golden_of(tensor_of_file(name, ".placeholder"), entry);
            const auto output = graph_.find_tensor(fed.tensor);
            ASSERT_TRUE(output.ok()) << fed.tensor;
            feeds_.push_back({*output, as_tensor(graph_.info(*output).dtype, fed)});
        }
    }

    Result<Tensor> fetch(Output output) {
        SessionOptions options;
        options.rounding = rounding_;
        Session session(graph_, options);
        RunRequest request;
        request.fetches = {output};
        for (const RunRequest::Feed& feed : feeds_) {
            if (feed.output == output) return feed.value;
            request.feeds.push_back(feed);
        }
        auto run = session.start(std::move(request));
        if (!run) return run.error();
        Watcher watcher(graph_);
        (*run)->finish(watcher);
        if (const auto& error = (*run)->error()) return Error{error->error_class, error->message};
        return (*run)->results()[0];
    }

    void compare(const Golden& golden) {
        const auto output = graph_.find_tensor(golden.tensor);
        ASSERT_TRUE(output.ok()) << golden.tensor << " is not in the graph";
        const auto value = fetch(*output);
        ASSERT_TRUE(value.ok()) << golden.tensor << ": " << value.error().message;
        if (value->dtype() == DType::resource) { // a handle, of which the file has the bytes that TensorFlow gave it
            ++handles_;
            return;
        }
        ASSERT_EQ(to_text(value->shape()), to_text(Shape(golden.shape))) << golden.tensor;
        for (std::size_t i = 0; i < golden.values.size(); ++i)
            ASSERT_NEAR(value->number(static_cast<std::int64_t>(i)), golden.values[i],
                        std::max(2e-6, 1e-6 * std::abs(golden.values[i])))
                << golden.tensor << ", element " << i;
        ++compared_;
    }

    Graph graph_;
    std::vector<Golden> inner_, outputs_;
    std::vector<RunRequest::Feed> feeds_;
    ops::Rounding rounding_ = ops::Rounding::fast;
    int compared_ = 0, handles_ = 0;
};

TEST_P(Dl4jGolden, EveryTensorIsTensorFlows) {
    for (const Golden& golden : outputs_) compare(golden);
    EXPECT_GT(compared_, 0) << "every case has outputs";
    for (const Golden& golden : inner_) compare(golden);
    EXPECT_EQ(compared_ + handles_, static_cast<int>(outputs_.size() + inner_.size()));
    std::cout << compared_ << " tensors compared, " << handles_ << " are handles\n";
}

TEST_P(Dl4jGolden, OutputsAreTensorFlowsWithItsRounding) {
    rounding_ = ops::Rounding::tf1_15;
    for (const Golden& golden : outputs_) compare(golden);
    EXPECT_GT(compared_, 0) << "every case has outputs";
}

INSTANTIATE_TEST_SUITE_P(Cases, Dl4jGolden, ::testing::ValuesIn(golden_cases()), [](const auto& test) {
    std::string name = test.param;
    std::ranges::replace_if(
        name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Dl4jGolden);

TEST(Dl4jGoldenCases, AreThere) {
    if (!fs::exists(cases_folder())) GTEST_SKIP() << "the folder shared with TensorFlow's values is not here";
    EXPECT_GE(golden_cases().size(), 40U);
}

} // namespace
} // namespace rnnscope::runtime

#include "tests/ui/harness.hpp"
#include "ui/widgets/graph_canvas_paint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace rnnscope::ui {
namespace {

/// A canvas of its own beside the shell's, with a scope, a chain inside it and a node outside.
class CanvasTest : public testing::Test {
  protected:
    void SetUp() override {
        const NodeId x = add("x", "Placeholder", {});
        NodeId last = x;
        for (int i = 0; i < 6; ++i) last = add("cell/step_" + std::to_string(i), "Tanh", {last});
        out_ = add("out", "Softmax", {last});
        harness_.settle();
        settle();
    }

    NodeId add(std::string name, std::string op, const std::vector<NodeId>& inputs) {
        Node node;
        node.name = std::move(name);
        node.op = std::move(op);
        for (const NodeId input : inputs) node.inputs.push_back({input, 0});
        node.outputs.resize(1);
        return graph_.append(std::move(node));
    }

    view::SceneInput input() const {
        view::SceneInput in;
        in.graph = &graph_;
        in.nodes = graph_.size();
        in.failure = failure_;
        return in;
    }

    const view::Scene& scene() { return view_.scene(input()); }

    void frame() {
        ImGui::NewFrame();
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize({b_.x + 80, b_.y + 70});
        ImGui::Begin("canvas", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
        canvas_.draw(scene(), harness_.shell().look(), a_, b_, {}, requests_);
        ImGui::End();
        ImGui::Render();
    }
    void settle() {
        for (int i = 0; i < 40; ++i) frame();
    }
    void click(ImVec2 at) {
        compat::set_mouse(at);
        frame();
        frame();
        compat::set_mouse_button(0, true);
        frame();
        compat::set_mouse_button(0, false);
        frame();
    }
    ImVec2 middle(std::uint32_t box) const {
        const ImVec2 p = canvas_.low_corner(box), q = canvas_.high_corner(box);
        return {(p.x + q.x) / 2, (p.y + q.y) / 2};
    }

    Harness harness_;
    Graph graph_;
    NodeId out_;
    std::optional<view::SceneFailure> failure_;
    view::GraphView view_;
    GraphCanvas canvas_;
    std::vector<GraphRequest> requests_;
    ImVec2 a_{20, 30}, b_{920, 630};
};

TEST_F(CanvasTest, AClickOnAnOpAsksToSelectIt) {
    click(middle(scene().box_of(out_)));
    ASSERT_EQ(requests_.size(), 1u);
    EXPECT_EQ(requests_[0].kind, GraphRequest::Kind::select_node);
    EXPECT_EQ(requests_[0].node, out_);
    requests_.clear();
    click({b_.x - 2, a_.y + 2});
    ASSERT_EQ(requests_.size(), 1u);
    EXPECT_EQ(requests_[0].kind, GraphRequest::Kind::clear_selection);
}

TEST_F(CanvasTest, TheTriangleOpensAndTheHeaderStaysUnderThePointer) {
    const std::uint32_t cell = scene().box_of_scope("cell");
    ASSERT_NE(cell, view::no_box);
    const ImVec2 before = canvas_.low_corner(cell);
    click({before.x + 12, before.y + 14});
    ASSERT_EQ(requests_.size(), 1u);
    ASSERT_EQ(requests_[0].kind, GraphRequest::Kind::toggle_scope);
    EXPECT_EQ(requests_[0].path, "cell");
    const float closed = canvas_.high_corner(cell).y - before.y;
    view_.toggle(requests_[0].path);
    for (int i = 0; i < 40; ++i) {
        frame();
        const ImVec2 now = canvas_.low_corner(scene().box_of_scope("cell"));
        ASSERT_NEAR(now.x, before.x, 1) << "frame " << i;
        ASSERT_NEAR(now.y, before.y, 1) << "frame " << i;
    }
    const std::uint32_t open = scene().box_of_scope("cell");
    EXPECT_GT(canvas_.high_corner(open).y - canvas_.low_corner(open).y, closed);
}

TEST_F(CanvasTest, TheWheelZoomsAtThePointer) {
    const std::uint32_t box = scene().box_of(out_);
    const ImVec2 pointer{300, 200}, before = canvas_.low_corner(box);
    const float zoom = canvas_.zoom();
    compat::set_mouse(pointer);
    frame();
    ImGui::GetIO().MouseWheel = 2;
    frame();
    frame();
    const float factor = canvas_.zoom() / zoom;
    EXPECT_GT(factor, 1.2f);
    const ImVec2 after = canvas_.low_corner(box);
    EXPECT_NEAR(after.x, pointer.x + (before.x - pointer.x) * factor, 0.5f);
    EXPECT_NEAR(after.y, pointer.y + (before.y - pointer.y) * factor, 0.5f);
}

TEST_F(CanvasTest, BackAndForwardGoWhereTheViewWas) {
    EXPECT_FALSE(canvas_.can_go_back());
    canvas_.zoom_by(2);
    settle();
    const ImVec2 before = canvas_.low_corner(0);
    canvas_.fit();
    settle();
    const ImVec2 fitted = canvas_.low_corner(0);
    ASSERT_GT(std::hypot(fitted.x - before.x, fitted.y - before.y), 10);
    ASSERT_TRUE(canvas_.can_go_back());
    canvas_.back();
    settle();
    EXPECT_NEAR(canvas_.low_corner(0).x, before.x, 1);
    EXPECT_NEAR(canvas_.low_corner(0).y, before.y, 1);
    ASSERT_TRUE(canvas_.can_go_forward());
    canvas_.forward();
    settle();
    EXPECT_NEAR(canvas_.low_corner(0).x, fitted.x, 1);
    EXPECT_FALSE(canvas_.can_go_forward());
}

/// They are placed with their edges, over which others and the boxes may come.
TEST_F(CanvasTest, LabelsOfEdgesAreDrawnWhicheverWayTheirEdgesAre) {
    const NodeId sum = add("sum", "AddN", {graph_.find("cell/step_3"), graph_.find("cell/step_4")});
    const auto shows_count = [&] {
        ImVec2 at;
        return harness_.find_text(std::string("\xD7") + "2", at, {a_, b_}); // "×2" in Latin-1
    };
    canvas_.zoom_by(1.5f); // then there is room for it
    settle();
    ASSERT_TRUE(shows_count());
    struct Case {
        const char* what;
        std::uint32_t hovered;
        bool failed;
    };
    const std::uint32_t cell = scene().box_of_scope("cell"), end = scene().box_of(sum);
    for (const Case& c : {Case{"lit at its begin", cell, false},
                          {"lit at its end", end, false},
                          {"on the failing path", view::no_box, true},
                          {"on the failing path, and lit", end, true}}) {
        failure_.reset();
        if (c.failed) failure_ = view::SceneFailure{graph_.find("cell/step_3"), {}, {sum}, "failed", {}, {}, {}};
        if (c.failed) {
            ASSERT_FALSE(scene().failing_path.empty());
        }
        compat::set_mouse(c.hovered == view::no_box ? ImVec2{-1, -1} : middle(c.hovered));
        settle();
        EXPECT_EQ(canvas_.hovered().empty(), c.hovered == view::no_box) << c.what;
        EXPECT_TRUE(shows_count()) << c.what;
    }
}

TEST_F(CanvasTest, FitShowsEverything) {
    view_.expand_all(input());
    canvas_.zoom_by(3);
    settle();
    EXPECT_LT(canvas_.low_corner(0).y, a_.y);
    canvas_.fit();
    settle();
    for (std::uint32_t i = 0; i < scene().boxes.size(); ++i) {
        EXPECT_GE(canvas_.low_corner(i).x, a_.x - 1) << scene().boxes[i].path;
        EXPECT_GE(canvas_.low_corner(i).y, a_.y - 1) << scene().boxes[i].path;
        EXPECT_LE(canvas_.high_corner(i).x, b_.x + 1) << scene().boxes[i].path;
        EXPECT_LE(canvas_.high_corner(i).y, b_.y + 1) << scene().boxes[i].path;
    }
}

/// How many rectangles are filled that the whole canvas lies in.
int whole_fills(ImVec2 a, ImVec2 b) {
    int triangles = 0;
    const ImDrawData& data = *ImGui::GetDrawData();
    for (int n = 0; n < data.CmdListsCount; ++n) {
        const ImDrawList& list = *data.CmdLists[n];
        for (int i = 0; i + 2 < list.IdxBuffer.Size; i += 3) {
            ImVec2 low{1e9f, 1e9f}, high{-1e9f, -1e9f};
            for (int corner = i; corner < i + 3; ++corner) {
                const ImVec2 at = list.VtxBuffer[list.IdxBuffer[corner]].pos;
                low = {std::min(low.x, at.x), std::min(low.y, at.y)};
                high = {std::max(high.x, at.x), std::max(high.y, at.y)};
            }
            triangles += low.x < a.x && low.y < a.y && high.x > b.x && high.y > b.y ? 1 : 0;
        }
    }
    return triangles / 2;
}

TEST_F(CanvasTest, ScopesBehindAScopeThatFillsTheViewAreNotFilled) {
    constexpr int chains = 9, steps = 9;
    std::vector<NodeId> ends(chains, out_);
    NodeId middle;
    for (int i = 0; i < chains * steps; ++i) {
        NodeId& end = ends[static_cast<std::size_t>(i % chains)];
        end = add("a/b/c/d/step_" + std::to_string(i), "Tanh", {end});
        if (i == chains * steps / 2) middle = end;
    }
    for (const char* scope : {"a", "a/b", "a/b/c"}) add(std::string(scope) + "/beside", "NoOp", {});
    view_.expand_all(input());
    settle();
    const int before = whole_fills(a_, b_);
    canvas_.show(middle, true);
    settle();
    canvas_.zoom_by(100);
    settle();
    const std::uint32_t scope = scene().boxes[scene().box_of(middle)].parent;
    ASSERT_EQ(scene().boxes[scope].path, "a/b/c/d");
    ASSERT_LT(canvas_.low_corner(scope).y, a_.y);
    ASSERT_GT(canvas_.high_corner(scope).x, b_.x);
    EXPECT_EQ(whole_fills(a_, b_), before + 1);
}

/// Names that are as wide as their boxes: whole pixels of their letters must not make them too wide.
TEST_F(CanvasTest, ANameThatHasRoomInItsBoxIsWhole) {
    const std::array names{"random_standard_normal", "strided_slice_of_stack", "mean_of_squares"};
    for (const char* name : names) (void)add(name, "Identity", {out_});
    for (const int percent : {100, 150, 200}) {
        harness_.shell().settings().font_percent = percent;
        harness_.shell().prepare(1);
        const float scale = static_cast<float>(percent) / 100;
        b_ = {20 + 900 * scale, 30 + 900 * scale};
        for (int zoom = 100; zoom >= 66; --zoom) {
            canvas_.show(graph_.find(names[1]), true);
            settle();
            canvas_.zoom_by(static_cast<float>(zoom) / 100 / canvas_.zoom());
            settle();
            for (const char* name : names)
                EXPECT_TRUE(harness_.shows(name)) << name << " at " << zoom << " and " << percent << " %";
        }
    }
}

/// Chains that begin and end beside each other, in canvases of the graph's own shape: there is a box in each corner.
TEST_F(CanvasTest, OnceEverythingIsShownTheLegendCoversNoBox) {
    for (int chain = 0; chain < 12; ++chain) {
        const std::string name = "chain_" + std::to_string(chain) + "_of_many";
        NodeId last = add(name, "Placeholder", {});
        for (int i = 0; i < 8; ++i) last = add(name + "_" + std::to_string(i), "Tanh", {last});
        if (chain < 4) continue;
        b_ = {a_.x + scene().root().width * 0.8f, a_.y + scene().root().height * 0.8f};
        canvas_.fit();
        settle();
        ImVec2 legend;
        ASSERT_TRUE(harness_.find_text("data", legend)) << chain; // at the upper left of its plate
        for (std::uint32_t i = 1; i < scene().boxes.size(); ++i) {
            const ImVec2 p = canvas_.low_corner(i), q = canvas_.high_corner(i);
            EXPECT_FALSE(p.x < legend.x + 128 && q.x > legend.x - 40 && p.y < legend.y + 26 && q.y > legend.y - 10)
                << "chain " << chain << ", " << scene().boxes[i].path;
        }
    }
}

TEST_F(CanvasTest, ASmallCanvasHasLegendsButNoMinimap) {
    NodeId last = out_;
    for (int i = 0; i < 60; ++i) last = add("long_" + std::to_string(i), "Tanh", {last});
    b_ = {a_.x + 900, a_.y + 600};
    canvas_.show(last, true);
    settle();
    EXPECT_TRUE(canvas_.shows_minimap());
    b_.y = a_.y + 400;
    settle();
    EXPECT_FALSE(canvas_.shows_minimap()) << "it is too low";
    EXPECT_TRUE(harness_.shows("data")) << "the legend stays";
    b_ = {a_.x + 560, a_.y + 600};
    settle();
    EXPECT_FALSE(canvas_.shows_minimap()) << "it is too narrow";
    b_ = {a_.x + 900, a_.y + 600};
    settle();
    EXPECT_TRUE(canvas_.shows_minimap());
}

TEST(GraphNames, ALongNameIsCutWhereAPartOfItBegins) {
    const auto letters = [](std::string_view text) {
        return static_cast<float>(
            std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    };
    struct Case {
        const char* name;
        float room;
        bool from_left;
        const char* shown;
    };
    for (const Case& c : {
             Case{"multi_rnn_cell/gru_cell", 20, true, "…_rnn_cell/gru_cell"},
             {"multi_rnn_cell/gru_cell", 19, true, "…_rnn_cell/gru_cell"},
             {"multi_rnn_cell/gru_cell", 18, true, "…rnn_cell/gru_cell"},
             {"multi_rnn_cell/gru_cell", 17, true, "…_cell/gru_cell"},
             {"multi_rnn_cell/gru_cell", 12, true, "…/gru_cell"},
             {"multi_rnn_cell/gru_cell", 9, true, "…gru_cell"},
             {"attention/BiasAddGrad", 12, true, "…BiasAddGrad"},
             {"attention/BiasAddGrad", 11, true, "…iasAddGrad"}, // nothing begins in the rest
             {"a/very_long_name_of_one", 12, true, "…name_of_one"},
             {"a/very_long_name_of_one", 11, true, "…ame_of_one"}, // "_of_one" alone says less
             {"gradients/and/x", 14, true, "…/and/x"},
             {"decoder/attention/x", 13, true, "…/attention/x"},
             {"decoder/attention/x", 12, true, "…attention/x"},
             {"decoder/attention/x", 11, true, "…ttention/x"},
             {"größe/länge_3", 10, true, "…/länge_3"},
             {"BiasAddGrad", 6, false, "BiasA…"},
             {"länge", 3, false, "lä…"},
             {"name", 1, true, "…"},
         })
        EXPECT_EQ(shorten_name(c.name, c.room, c.from_left, letters), c.shown) << c.name << ' ' << c.room;
}

} // namespace
} // namespace rnnscope::ui

#include "ui/shell/dock.hpp"

#include "tests/ui/harness.hpp"
#include "ui/shell/ui_commands.hpp"
#include "ui/shell/workspaces.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace rnnscope;
using namespace rnnscope::ui;

namespace {

using Kind = Dock::Kind;
using Measure = Dock::Measure;

const Rect window{{0, 0}, {1600, 1000}};

std::vector<std::string> panels_of(Dock dock) {
    std::vector<std::string> names;
    for (const DockPlace& place : arrange(dock, window, 1).places)
        names.insert(names.end(), place.panels.begin(), place.panels.end());
    std::ranges::sort(names);
    return names;
}

Rect rect_of(Dock& dock, std::string_view panel, const Rect& rect = window, float scale = 1) {
    for (const DockPlace& place : arrange(dock, rect, scale).places)
        if (std::ranges::find(place.panels, panel) != place.panels.end()) return place.rect;
    ADD_FAILURE() << panel << " is nowhere";
    return {};
}

/// Places fill the window but for the lines of one pixel, and none covers another.
void expect_tiles(const DockDrawing& drawing, const Rect& rect) {
    float area = 0;
    for (const DockPlace& place : drawing.places) {
        EXPECT_FALSE(place.panels.empty());
        EXPECT_LT(place.front, place.panels.size());
        EXPECT_GT(place.rect.width(), 0);
        EXPECT_GT(place.rect.height(), 0);
        area += place.rect.width() * place.rect.height();
    }
    for (std::size_t i = 0; i < drawing.places.size(); ++i)
        for (std::size_t j = i + 1; j < drawing.places.size(); ++j) {
            const Rect &p = drawing.places[i].rect, &q = drawing.places[j].rect;
            EXPECT_FALSE(p.a.x < q.b.x && q.a.x < p.b.x && p.a.y < q.b.y && q.a.y < p.b.y) << i << " covers " << j;
        }
    for (const DockLine& line : drawing.lines) area += line.vertical ? line.line.height() : line.line.width();
    EXPECT_EQ(area, rect.width() * rect.height());
}

} // namespace

TEST(Dock, EveryWorkspaceFillsEverySize) {
    for (const WorkspaceDef& workspace : all_workspaces())
        for (const ImVec2 size : {ImVec2(1600, 936), {640, 336}, {1024, 700}, {3840, 2096}})
            for (const float scale : {1.0f, 2.0f}) {
                SCOPED_TRACE(std::string(workspace.name) + " " + std::to_string(size.x));
                Dock dock = workspace.dock();
                const Rect rect{{0, 0}, size};
                expect_tiles(arrange(dock, rect, scale), rect);
                const DockFold fold{"inspector", "problems", true};
                expect_tiles(arrange(dock, rect, scale, &fold), rect);
                EXPECT_TRUE(tidy(dock, panel_names())) << "it names only panels that exist";
                EXPECT_EQ(dock, workspace.dock());
            }
}

TEST(Dock, APartMeasuredInPixelsKeepsThemWhenTheWindowGrows) {
    Dock dock = Dock::split(Kind::columns, Measure::first, 430, Dock::place({"a"}),
                            Dock::split(Kind::columns, Measure::second, 399, Dock::place({"b"}), Dock::place({"c"})));
    for (const float width : {1600.0f, 2400.0f}) {
        const Rect rect{{0, 0}, {width, 900}};
        EXPECT_EQ(rect_of(dock, "a", rect).width(), 430);
        EXPECT_EQ(rect_of(dock, "c", rect).width(), 398) << "its line takes one pixel";
    }
    EXPECT_EQ(rect_of(dock, "a", {{0, 0}, {3200, 900}}, 2).width(), 860) << "pixels of the look";
}

TEST(Dock, ALineStaysWhereItIsDragged) {
    for (const Measure measure : {Measure::first, Measure::second, Measure::share}) {
        Dock dock = Dock::split(Kind::columns, measure, measure == Measure::share ? 0.5f : 500, Dock::place({"a"}),
                                Dock::place({"b"}));
        const float wanted = measure == Measure::second ? 1200 : 400;
        dock.size = size_at(dock, wanted, 1600, 1);
        EXPECT_NEAR(rect_of(dock, "a").width(), wanted, 1);
        dock.size = size_at(dock, -50, 1600, 1);
        EXPECT_GE(rect_of(dock, "a").width(), 119) << "no part vanishes by dragging";
    }
}

TEST(Dock, AFoldedPanelIsATabOfAnother) {
    Dock dock = find_workspace("debug")->dock();
    const DockFold fold{"inspector", "problems", true};
    const DockDrawing drawing = arrange(dock, window, 1, &fold);
    EXPECT_EQ(drawing.places.size(), arrange(dock, window, 1).places.size() - 1);
    const auto has = [](const DockPlace& place) {
        return std::ranges::find(place.panels, "inspector") != place.panels.end();
    };
    const auto place = std::ranges::find_if(drawing.places, has);
    ASSERT_NE(place, drawing.places.end());
    EXPECT_EQ(place->panels[place->front], "inspector");
    EXPECT_NE(std::ranges::find(place->panels, "problems"), place->panels.end());
}

TEST(Dock, ADroppedPanelIsWhereItWasDropped) {
    for (const DropZone zone : {DropZone::left, DropZone::right, DropZone::top, DropZone::bottom}) {
        Dock dock = find_workspace("debug")->dock();
        const Rect before = rect_of(dock, "graph");
        ASSERT_TRUE(move_panel(dock, "preflight", "graph", zone));
        const Rect wanted = zone_rect(before, zone), got = rect_of(dock, "preflight");
        EXPECT_NEAR(got.a.x, wanted.a.x, 1.5f);
        EXPECT_NEAR(got.b.x, wanted.b.x, 1.5f);
        EXPECT_NEAR(got.a.y, wanted.a.y, 1.5f);
        EXPECT_NEAR(got.b.y, wanted.b.y, 1.5f);
    }
    Dock dock = find_workspace("debug")->dock();
    ASSERT_TRUE(move_panel(dock, "source", "timeline", DropZone::tabs));
    EXPECT_TRUE(is_in_front(dock, "source"));
    EXPECT_FALSE(is_in_front(dock, "timeline"));
    EXPECT_TRUE(holds(dock, "timeline"));
    EXPECT_FALSE(move_panel(dock, "graph", "graph", DropZone::left)) << "a panel alone has nowhere to go in its place";
    EXPECT_FALSE(move_panel(dock, "nothing", "graph", DropZone::left));
}

TEST(Dock, TheLastPanelStays) {
    Dock dock = find_workspace("debug")->dock();
    std::size_t removed = 0;
    for (const std::string_view panel : panel_names()) removed += remove_panel(dock, panel);
    EXPECT_EQ(panels_of(dock).size(), 1u);
    EXPECT_GT(removed, 4u);
    bring_to_front(dock, "source");
    EXPECT_TRUE(is_in_front(dock, "source"));
}

/// Whatever is done, no panel is lost or doubled and the window stays filled.
TEST(Dock, AnyRowOfChangesKeepsEveryPanelOnce) {
    std::mt19937 random(7);
    const auto any = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
    for (int round = 0; round < 50; ++round) {
        Dock dock = all_workspaces()[any(all_workspaces().size())].dock();
        std::vector<std::string> names = panels_of(dock);
        for (int change = 0; change < 40; ++change) {
            const std::string panel = names[any(names.size())], target = names[any(names.size())];
            (void)move_panel(dock, panel, target, static_cast<DropZone>(any(5)));
            ASSERT_EQ(panels_of(dock), names);
            expect_tiles(arrange(dock, window, 1), window);
            if (any(4) == 0 && remove_panel(dock, panel)) {
                ASSERT_FALSE(holds(dock, panel));
                bring_to_front(dock, panel);
                ASSERT_EQ(panels_of(dock), names);
            }
        }
        Settings settings;
        settings.docks["debug"] = dock;
        ASSERT_EQ(read_settings(write_settings(settings)), settings) << "it is kept as it is";
    }
}

TEST(Dock, WhatWasKeptIsLookedThrough) {
    const auto read = [](const std::string& text) {
        Dock dock = read_settings(R"({"docks": {"debug": )" + text + "}}").docks["debug"];
        return tidy(dock, panel_names()) ? panels_of(dock) : std::vector<std::string>{};
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(read(R"({"columns": [["graph"], ["unknown"]], "first": 300})"), Names{"graph"});
    EXPECT_EQ(read(R"({"columns": [["graph", "source"], ["graph"]]})"), (Names{"graph", "source"}));
    EXPECT_EQ(read(R"(["unknown"])"), Names{});
    EXPECT_EQ(read(R"({"rows": [["graph"]]})"), Names{});
    EXPECT_EQ(read(R"({"rows": 3})"), Names{});
    EXPECT_EQ(read(R"([1, null, "graph"])"), Names{"graph"});
    std::string deep = R"(["graph"])";
    for (int i = 0; i < 100; ++i) deep = R"({"rows": [)" + deep + R"(, ["source"]]})";
    EXPECT_EQ(read(deep), Names{});
}

TEST(Workspaces, EachHasACommandAndDrawsEveryPanelThatItNames) {
    for (const WorkspaceDef& workspace : all_workspaces()) {
        Harness h;
        ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
        h.press(compat::function_key(5));
        const std::string command = "workspace." + std::string(workspace.name);
        ASSERT_TRUE(find_ui_command(command)) << command;
        ASSERT_TRUE(h.shell().execute({command, "", "key"}));
        h.settle();
        EXPECT_EQ(h.shell().settings().workspace, workspace.name);
        for (const std::string& panel : panels_of(h.shell().dock())) {
            ASSERT_TRUE(h.shell().execute({"panel.show", panel, "key"}));
            h.settle();
            EXPECT_TRUE(is_in_front(h.shell().dock(), panel));
            EXPECT_TRUE(h.shows(std::string(find_panel(panel)->title))) << panel;
            EXPECT_EQ(h.shell().focused_panel(), panel) << "it has the keyboard";
        }
    }
}

TEST(Workspaces, TheMenuOfATabSaysEverythingOnce) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.settle();
    const Rect graph = h.shell().panel_rects().find("graph")->second;
    ASSERT_TRUE(h.click_text("Graph", {graph.a, graph.b}, 1));
    ImVec2 first, again;
    ASSERT_TRUE(h.find_text("Maximize", first));
    EXPECT_FALSE(h.find_text("Maximize", again, {{first.x - 100, first.y + 10}, {1600, 1000}}));
}

TEST(Workspaces, EveryPanelCanBeShownClosedAndMaximized) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    for (const PanelDef& panel : all_panels()) {
        const std::string name(panel.name);
        EXPECT_TRUE(panel.beside.empty() || find_panel(panel.beside)) << name;
        ASSERT_TRUE(h.shell().execute({"panel.close", name, "key"}));
        EXPECT_FALSE(holds(h.shell().dock(), name));
        ASSERT_TRUE(h.shell().execute({"panel.show", name, "key"}));
        ASSERT_TRUE(h.shell().execute({"panel.maximize", name, "key"}));
        h.settle();
        EXPECT_TRUE(h.shows(std::string(panel.title)));
        ASSERT_TRUE(h.shell().execute({"panel.maximize", name, "key"}));
        h.settle();
    }
    ASSERT_TRUE(h.shell().execute({"ui.reset-layout", "", "key"}));
    EXPECT_EQ(h.shell().dock(), find_workspace("debug")->dock());
    EXPECT_FALSE(h.shell().execute({"panel.show", "nothing", "terminal"}));
}

TEST(Workspaces, ATabIsDraggedToWhereThePointerDropsIt) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.settle();
    ImVec2 tab;
    ASSERT_TRUE(h.find_text("Preflight", tab));
    const Rect graph = rect_of(h.shell().dock(), "graph", {{0, 40}, {1600, 976}});
    const ImVec2 drop{graph.b.x - 20, (graph.a.y + graph.b.y) / 2};
    compat::set_mouse(tab);
    h.frame();
    h.frame();
    compat::set_mouse_button(0, true);
    h.frame();
    for (int i = 1; i <= 4; ++i) {
        compat::set_mouse({tab.x + (drop.x - tab.x) * static_cast<float>(i) / 4,
                           tab.y + (drop.y - tab.y) * static_cast<float>(i) / 4});
        h.frame();
    }
    compat::set_mouse_button(0, false);
    h.frame();
    h.settle();
    const Rect moved = rect_of(h.shell().dock(), "preflight", {{0, 40}, {1600, 976}});
    EXPECT_NEAR(moved.a.x, (graph.a.x + graph.b.x) / 2, 2);
    EXPECT_NEAR(moved.b.x, graph.b.x, 2);
}

TEST(Workspaces, TheKeyboardGoesRoundThePanels) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.settle();
    std::vector<std::string> seen;
    for (int i = 0; i < 6; ++i) {
        h.press(compat::function_key(6), true);
        seen.push_back(h.shell().focused_panel());
    }
    std::ranges::sort(seen);
    EXPECT_EQ(seen, (std::vector<std::string>{"graph", "inspector", "problems", "source", "timeline", "variables"}));
}

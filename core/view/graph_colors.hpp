#pragma once

#include "core/debug/value_health.hpp"
#include "core/view/graph_scene.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

/// What the fills of the graph's boxes say. `state`: nothing, the marks of the variables speak.
enum class ColorBy : std::uint8_t { state, op, device, health, executions };
std::span<const ColorBy> all_color_by();
std::string_view name_of(ColorBy by); ///< as it is typed: "health"
std::string_view describe(ColorBy by);
std::optional<ColorBy> color_by(std::string_view name);

/// A row of the legend: what one colour stands for.
struct ColorClass {
    /// A number of a hue, a step of the scale, or what is striking about a value (debug::ValueHealth). Nothing where
    /// the class has no colour of its own.
    std::optional<std::uint8_t> tone;
    std::string label; ///< "MatMul", "other types", "10 to 99 times"
    std::string mark;  ///< beside the colour, in the legend and on the boxes: one letter, or ""
    std::size_t nodes = 0;
    StateMark state = StateMark::none; ///< of ColorBy::state
};
constexpr std::uint8_t no_class = 255;
constexpr std::size_t color_hues = 7;  ///< so many op types or devices are told apart; the rest is one class
constexpr std::size_t color_scale = 5; ///< steps of how often an op ran: once, 2 to 9, 10 to 99, ...

/// A colour for every node at a position.
struct NodeColors {
    ColorBy by = ColorBy::state;
    std::string title; ///< "Times run, run 3"
    std::vector<ColorClass> classes;
    std::vector<std::uint8_t> class_of;  ///< by NodeId: index of a class, or no_class
    std::vector<std::uint64_t> executed; ///< by NodeId; only with ColorBy::executions
    std::uint64_t version = 0;           ///< another one: something is different
};
/// Legend, then the nodes that have a class.
std::string to_text(const NodeColors& colors, const Graph& graph);

/// Keeps the classes of all nodes at the debugger's position. What costs is done once for a position, a step of few
/// events costs little, and values are read within a budget.
class GraphColors {
  public:
    /// Of the first `nodes` nodes of the debugger's graph. Cheap when nothing changed.
    const NodeColors& get(const debug::Debugger& debugger, std::size_t nodes, ColorBy by);
    /// Otherwise there are values that were not read yet, and `get` has more to say when it is called again.
    bool is_complete() const { return todo_.empty(); }

  private:
    struct Key {
        std::weak_ptr<const debug::Evaluation> evaluation;
        GraphId graph;
        std::size_t nodes = 0;
        ColorBy by = ColorBy::state;
        record::Position position;
        SessionId session;
        bool poison = false;
    };
    /// Where the newest value of a node is.
    struct Newest {
        RunId run; ///< invalid: it has none
        std::uint32_t event = 0;
        friend bool operator==(const Newest&, const Newest&) = default;
    };
    static Key key_of(const debug::Debugger& debugger, std::size_t nodes, ColorBy by);
    void color_states(const debug::Debugger& debugger);
    void color_names(const Graph& graph);
    void color_executions(const debug::Debugger& debugger);
    void count(const record::Recording& recording, RunId run, std::uint32_t from, std::uint32_t to, int sign);
    void list_executions();
    void color_healths(const debug::Debugger& debugger);
    void see_run(const record::Recording& recording, RunId run, std::uint32_t end, bool only_unseen);
    void step_in_run(const record::Recording& recording, std::uint32_t now);
    void read_values(const debug::Debugger& debugger);
    void list_healths();

    NodeColors colors_;
    std::optional<Key> key_;
    RunId run_;             ///< that counts and newest values are of; invalid: of all before number `at_`
    std::uint32_t at_ = 0;  ///< events of it; runs
    bool is_built_ = false; ///< for run_ and at_
    std::vector<Newest> newest_;
    std::vector<debug::ValueHealth> health_;
    std::vector<std::uint32_t> todo_; ///< nodes whose newest value is to be read
};

/// The colours of a scene's boxes: of an op its own; of a scope the worst health inside, else the most frequent class.
struct BoxColor {
    std::uint8_t of = no_class;        ///< index of a class
    bool mixed = false;                ///< there are other classes inside
    std::uint64_t executed = 0;        ///< the most often that anything in it ran
    std::uint32_t first = 0, last = 0; ///< its shares, in SceneColors::shares
};
struct SceneColors {
    struct Share {
        std::uint8_t of = no_class;
        std::uint32_t nodes = 0;
    };
    NodeColors const* nodes = nullptr;
    std::vector<BoxColor> boxes;
    std::vector<Share> shares; ///< in order of classes
};
SceneColors scene_colors(const Scene& scene, const NodeColors& colors);

} // namespace rnnscope::view

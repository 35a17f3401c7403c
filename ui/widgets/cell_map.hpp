#pragma once

#include "core/view/cell_maps.hpp"
#include "ui/theme/look.hpp"

#include <cstdint>
#include <vector>

namespace rnnscope::ui {

/// The colour of a value on a map's scale.
Color cell_color(const Look& look, view::CellScale scale, double value, double middle, double range);

/// A map reduced to what a place on the screen can show, kept until the map or the place changes.
class CellPicture {
  public:
    /// Draws it into [a, b): the columns of `maps` from left to right, the first unit on top.
    void draw(ImDrawList& list, const Look& look, ImVec2 a, ImVec2 b, const view::CellMaps& maps,
              const view::CellMap& map);

  private:
    struct Key {
        std::size_t generation = 0, rows = 0, columns = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };
    void build(const view::CellMaps& maps, const view::CellMap& map);

    Key key_;
    std::vector<std::uint8_t> tones_; ///< by row, then by column: a step of the scale, or one of the special ones
    std::vector<std::uint8_t> marks_; ///< likewise: view::CellMap::Flag
};

} // namespace rnnscope::ui

#include "tests/ui/harness.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rnnscope::ui {

namespace {

/// A glyph as it lies in a vertex buffer: where, and which one (by its place in the atlas).
struct Quad {
    ImVec2 a, b, uv;
};

std::vector<Quad> quads_of(const ImDrawData& data) {
    std::vector<Quad> out;
    for (int l = 0; l < data.CmdListsCount; ++l) {
        const ImDrawList& list = *data.CmdLists[l];
        for (int v = 0; v + 3 < list.VtxBuffer.Size; ++v) {
            const ImDrawVert &p = list.VtxBuffer[v], &q = list.VtxBuffer[v + 2];
            const bool is_quad = p.pos.y == list.VtxBuffer[v + 1].pos.y && q.pos.x == list.VtxBuffer[v + 1].pos.x &&
                                 p.uv.x < q.uv.x && p.uv.y < q.uv.y;
            if (is_quad) out.push_back({p.pos, q.pos, p.uv});
        }
    }
    return out;
}

} // namespace

std::vector<Harness::Glyph> Harness::glyphs(const Region& region) const {
    const ImDrawData& data = *ImGui::GetDrawData();
    const ImVec2 white = ImGui::GetIO().Fonts->TexUvWhitePixel;
    std::vector<Glyph> out;
    for (int l = 0; l < data.CmdListsCount; ++l) {
        const ImDrawList& list = *data.CmdLists[l];
        for (const ImDrawCmd& cmd : list.CmdBuffer)
            for (unsigned i = 0; i + 5 < cmd.ElemCount; i += 3) {
                const ImDrawIdx* index = list.IdxBuffer.Data + cmd.IdxOffset + i;
                const ImDrawVert* vertices = list.VtxBuffer.Data + cmd.VtxOffset;
                const ImDrawVert &p = vertices[index[0]], &corner = vertices[index[1]], &q = vertices[index[2]];
                const bool is_glyph = p.pos.y == corner.pos.y && q.pos.x == corner.pos.x && p.uv.x < q.uv.x &&
                                      p.uv.y < q.uv.y && p.uv.x != white.x;
                if (!is_glyph) continue;
                const Glyph seen{
                    {std::max({p.pos.x, cmd.ClipRect.x, region.a.x}), std::max({p.pos.y, cmd.ClipRect.y, region.a.y})},
                    {std::min({q.pos.x, cmd.ClipRect.z, region.b.x}), std::min({q.pos.y, cmd.ClipRect.w, region.b.y})}};
                if (seen.b.x - seen.a.x > 1 && seen.b.y - seen.a.y > 1) out.push_back(seen);
            }
    }
    return out;
}

bool Harness::find_text(const std::string& text, ImVec2& at, const Region& region) const {
    const std::vector<Quad> quads = quads_of(*ImGui::GetDrawData());
    for (int role = 0; role < static_cast<int>(TextRole::count_); ++role) {
        const ImFont* font = shell_.look().font(static_cast<TextRole>(role));
        std::vector<const ImFontGlyph*> wanted;
        for (const char c : text)
            if (c != ' ') wanted.push_back(font->FindGlyph(static_cast<ImWchar>(static_cast<unsigned char>(c))));
        for (std::size_t start = 0; start + wanted.size() <= quads.size(); ++start) {
            bool same = true;
            for (std::size_t i = 0; i < wanted.size() && same; ++i)
                same = quads[start + i].uv.x == wanted[i]->U0 && quads[start + i].uv.y == wanted[i]->V0 &&
                       std::fabs(quads[start + i].a.y - quads[start].a.y) < 30;
            const ImVec2 first = quads[start].a;
            const bool inside =
                first.x >= region.a.x && first.y >= region.a.y && first.x < region.b.x && first.y < region.b.y;
            if (!same || !inside) continue;
            at = {(quads[start].a.x + quads[start + wanted.size() - 1].b.x) / 2,
                  (quads[start].a.y + quads[start].b.y) / 2};
            return true;
        }
    }
    return false;
}

} // namespace rnnscope::ui

#pragma once

#include "ui/panels/panel.hpp"

#include <string>
#include <vector>

namespace rnnscope::ui {

/// Ctrl+O: folders and files of the machine.
class FileBrowser {
  public:
    void open(const std::string& directory);
    bool is_open() const { return open_; }
    /// Asks for file.open when a file was chosen; `directory` gets where it lies.
    void draw(const PanelContext& ctx, std::string& directory);

  private:
    struct Entry {
        std::string name;
        bool is_directory = false;
        std::uintmax_t size = 0;
    };
    void read(const std::string& directory);
    void choose(const PanelContext& ctx, const Entry& entry, std::string& directory);

    bool open_ = false, focus_ = false;
    std::string directory_, typed_, problem_;
    std::vector<Entry> entries_;
    std::size_t chosen_ = 0;
};

} // namespace rnnscope::ui

#pragma once

#include "ui/panels/panel.hpp"

#include <string>
#include <vector>

namespace rnnscope::ui {

/// Ctrl+O: folders and files of the machine. What is typed is a part of a name, or a path whose last part is one.
class FileBrowser {
  public:
    void open(const std::string& directory);
    bool is_open() const { return open_; }
    /// Asks for file.open when a file was chosen; `directory` gets where it lies.
    void draw(const PanelContext& ctx, std::string& directory);

  private:
    struct Entry {
        std::string name;
        bool is_directory = false, can_be_opened = false;
        std::uintmax_t size = 0;
    };
    void read(const std::string& directory);
    std::string follow_typed();
    std::vector<const Entry*> matches(const std::string& part) const;
    void complete(const std::vector<const Entry*>& shown, const std::string& part);
    void set_typed(std::string text);
    std::string nothing_found(const std::string& part) const;
    void choose(const PanelContext& ctx, const Entry& entry, std::string& directory);

    bool open_ = false, focus_ = false;
    bool all_files_ = false; ///< else folders and what can be opened
    bool renewed_ = false;   ///< what is typed was changed by the program
    int field_ = 0;          ///< counts the fields that were
    int unselect_ = 0;       ///< frames in which its text is not to be selected
    std::string home_;       ///< where what is typed begins
    std::string directory_;  ///< whose entries these are
    std::string typed_, searched_, problem_;
    std::vector<Entry> entries_;
    std::size_t chosen_ = 0;
};

} // namespace rnnscope::ui

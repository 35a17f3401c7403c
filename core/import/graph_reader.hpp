#pragma once

#include "core/import/graph_file.hpp"
#include "core/import/wire.hpp"

#include <string>
#include <string_view>

namespace rnnscope {

/// Fills a GraphFile from the binary form of one of the three messages. The other two forms are brought into this one
/// first (`has_offsets` false: the bytes are not the file's, so their places mean nothing).
class GraphReader {
  public:
    GraphReader(GraphFile& file, Diagnostics& problems, bool has_offsets)
        : file_(file), problems_(problems), has_offsets_(has_offsets) {}

    /// `offset`: where in the file the message begins.
    void read(std::string_view message, std::size_t offset = 0);

  private:
    void read_graph(std::string_view message, std::size_t offset);
    void read_library(std::string_view message, std::size_t offset);
    void read_meta_graph(std::string_view message, std::size_t offset);
    void read_saved_model(std::string_view message, std::size_t offset);

    void add_node(const WireReader::Field& field);
    bool fits(const NodeDefData& node, std::size_t own_size, std::size_t offset);
    void add_function(const WireReader::Field& field);
    void add_collection(const WireReader::Field& field);
    void add_signature(const WireReader::Field& field);
    void read_meta_info(const WireReader::Field& field);
    void read_saver(const WireReader::Field& field);

    /// A whole message of one field, or null after a report.
    template <class Message> bool parse(const WireReader::Field& field, Message& message, std::string_view what);
    void report(std::size_t offset, std::string message, std::string remedy = "");
    void check_end(const WireReader& reader, std::string_view what);
    void note_unknown(std::string_view message, std::uint32_t field);

    GraphFile& file_;
    Diagnostics& problems_;
    bool has_offsets_;
    bool noted_unknown_ = false;
    bool is_full_ = false;         ///< the constants take too much; nothing more is read
    std::size_t bytes_beyond_ = 0; ///< of constants that the file describes by fewer bytes
};

} // namespace rnnscope

#pragma once

#include <memory>

namespace rnnscope {

/// While one lives, protobuf does not write what it thinks of a damaged message to the standard error: the reader says
/// it, with its place.
class QuietProtobuf {
  public:
    QuietProtobuf();
    ~QuietProtobuf();
    QuietProtobuf(const QuietProtobuf&) = delete;
    QuietProtobuf& operator=(const QuietProtobuf&) = delete;

  private:
    struct Silencer;
    std::unique_ptr<Silencer> silencer_;
};

} // namespace rnnscope

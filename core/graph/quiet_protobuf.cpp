#include "core/graph/quiet_protobuf.hpp"

#include <google/protobuf/stubs/common.h>
#if GOOGLE_PROTOBUF_VERSION < 4022000 // later ones log through abseil, which is silent until it is set up
#include <google/protobuf/stubs/logging.h>
#endif

namespace rnnscope {

struct QuietProtobuf::Silencer {
#if GOOGLE_PROTOBUF_VERSION < 4022000
    google::protobuf::LogSilencer silencer;
#endif
};

QuietProtobuf::QuietProtobuf() : silencer_(std::make_unique<Silencer>()) {}
QuietProtobuf::~QuietProtobuf() = default;

} // namespace rnnscope

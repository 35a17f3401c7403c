#include "core/import/graph_file.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

/// How much memory one graph file takes while it is read. usage: graph_memory FILE
/// Prints: bytes of the file, bytes by which the peak grew, nodes read (-1: the file was refused).
namespace {

/// Peak resident memory of this program in bytes. Not getrusage's, which begins with that of who started it.
long long peak_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    std::error_code failure;
    const auto size = argc == 2 ? std::filesystem::file_size(argv[1], failure) : 0;
    if (argc != 2 || failure) {
        std::fprintf(stderr, "usage: graph_memory FILE\n");
        return EXIT_FAILURE;
    }
    const long long before = peak_bytes();
    const rnnscope::LoadedGraph loaded = rnnscope::load_graph_file(argv[1]);
    const auto* file = std::get_if<std::shared_ptr<const rnnscope::GraphFile>>(&loaded);
    std::printf("%llu %lld %lld\n", static_cast<unsigned long long>(size), peak_bytes() - before,
                file != nullptr ? static_cast<long long>((*file)->nodes.size()) : -1LL);
    return EXIT_SUCCESS;
}

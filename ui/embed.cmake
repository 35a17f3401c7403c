# Puts files into the program: rnnscope_embed(TARGET target NAME fonts FILES key=path ...) adds to `target` a source that
# defines `std::span<const rnnscope::ui::EmbeddedFile> rnnscope::ui::embedded_<NAME>()`, in the order given.
function(rnnscope_embed)
    cmake_parse_arguments(embed "" "TARGET;NAME" "FILES" ${ARGN})
    set(assembly "    .section .rodata\n")
    set(declarations "")
    set(rows "")
    set(paths "")
    set(count 0)
    foreach(file ${embed_FILES})
        string(FIND "${file}" "=" split)
        string(SUBSTRING "${file}" 0 ${split} key)
        math(EXPR split "${split} + 1")
        string(SUBSTRING "${file}" ${split} -1 path)
        set(symbol "rnnscope_embedded_${embed_NAME}_${count}")
        string(APPEND assembly "    .balign 16\n    .global ${symbol}\n${symbol}:\n    .incbin \"${path}\"\n    .global ${symbol}_end\n${symbol}_end:\n    .byte 0\n")
        string(APPEND declarations "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
        string(APPEND rows "        {\"${key}\", std::string_view(${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol}))},\n")
        list(APPEND paths "${path}")
        math(EXPR count "${count} + 1")
    endforeach()
    string(APPEND assembly "    .section .note.GNU-stack,\"\",@progbits\n")
    set(s ${CMAKE_CURRENT_BINARY_DIR}/embedded_${embed_NAME}.S)
    set(cpp ${CMAKE_CURRENT_BINARY_DIR}/embedded_${embed_NAME}.cpp)
    file(CONFIGURE OUTPUT ${s} CONTENT "${assembly}" @ONLY)
    file(CONFIGURE OUTPUT ${cpp} CONTENT "#include \"ui/theme/embedded.hpp\"\n\n#include <array>\n#include <cstddef>\n\n${declarations}
namespace rnnscope::ui {
std::span<const EmbeddedFile> embedded_${embed_NAME}() {
    static const std::array<EmbeddedFile, ${count}> files{{
${rows}    }};
    return files;
}
} // namespace rnnscope::ui\n" @ONLY)
    set_source_files_properties(${s} PROPERTIES OBJECT_DEPENDS "${paths}" SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${embed_TARGET} PRIVATE ${s} ${cpp})
endfunction()

# Text files into a library: moescope_embed_text(ROOM FOLDER FUNCTION FILE...) gives moescope_ROOM a function
#   std::span<const EmbeddedText> moescope::FUNCTION();     // path from the project's root, text
# declared in FOLDER/FUNCTION.h, which must define `struct EmbeddedText { std::string_view path, text; };`. A changed file is embedded again by the next build.
function(moescope_embed_text ROOM FOLDER FUNCTION)
  set(OUTPUT ${CMAKE_BINARY_DIR}/embedded/${FUNCTION}.cpp)
  set(ENTRIES "")
  foreach(FILE ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${FILE})
    file(READ "${FILE}" TEXT)
    file(RELATIVE_PATH NAME ${CMAKE_SOURCE_DIR} ${FILE})
    string(APPEND ENTRIES "    {\"${NAME}\", R\"~embedded~(${TEXT})~embedded~\"},\n")
  endforeach()
  set(CONTENT "// Generated from the files named below.\n#include \"${FOLDER}/${FUNCTION}.h\"\n\nnamespace moescope {\nnamespace {\n")
  string(APPEND CONTENT "constexpr EmbeddedText kTexts[] = {\n${ENTRIES}};\n}\n")
  string(APPEND CONTENT "std::span<const EmbeddedText> ${FUNCTION}() { return kTexts; }\n}  // namespace moescope\n")
  set(OLD "")
  if(EXISTS ${OUTPUT})
    file(READ ${OUTPUT} OLD)
  endif()
  if(NOT "${OLD}" STREQUAL "${CONTENT}")  # an unchanged file keeps its time, and nothing is compiled again
    file(WRITE ${OUTPUT} "${CONTENT}")
  endif()
  target_sources(moescope_${ROOM} PRIVATE ${OUTPUT})
endfunction()

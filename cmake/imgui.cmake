# Dear ImGui as Debian builds it: a static library, so what it needs must follow it on the linker's line.
pkg_check_modules(FREETYPE REQUIRED IMPORTED_TARGET freetype2)
find_path(IMGUI_INCLUDE_DIR imgui.h PATH_SUFFIXES imgui REQUIRED)
find_library(IMGUI_LIBRARY NAMES libimgui.a imgui REQUIRED)
find_library(STB_LIBRARY stb REQUIRED)
add_library(imgui::imgui STATIC IMPORTED)
set_target_properties(imgui::imgui PROPERTIES
  IMPORTED_LOCATION ${IMGUI_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${IMGUI_INCLUDE_DIR}
  INTERFACE_LINK_LIBRARIES "PkgConfig::FREETYPE;${STB_LIBRARY}")

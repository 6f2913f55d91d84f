// Asks each library for its version.
#include "app/commands/library_versions.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui.h>
#include <png.h>
#include <sqlite3.h>
#include <zlib.h>

#include <cstdio>
#include <oneapi/dnnl/dnnl.hpp>

// needs FILE, which <cstdio> brings
#include <jpeglib.h>

#include "figure/cairo_files.h"

namespace moescope {

namespace {

template <class... Numbers>
std::string dotted(Numbers... numbers) {
  std::string text;
  ((text += (text.empty() ? "" : ".") + std::to_string(numbers)), ...);
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> library_versions() {
  const dnnl_version_t* onednn = dnnl::version();
  int glfw_major = 0, glfw_minor = 0, glfw_revision = 0;
  glfwGetVersion(&glfw_major, &glfw_minor, &glfw_revision);
  return {{"oneDNN", dotted(onednn->major, onednn->minor, onednn->patch)},
          {"SQLite", sqlite3_libversion()},
          {"Cairo", figure::cairo_version()},
          {"giflib", figure::gif_version()},
          {"Dear ImGui", ImGui::GetVersion()},
          {"GLFW", dotted(glfw_major, glfw_minor, glfw_revision)},
          {"libpng", png_get_libpng_ver(nullptr)},
          {"libjpeg", dotted(LIBJPEG_TURBO_VERSION_NUMBER / 1000000, LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000,
                             LIBJPEG_TURBO_VERSION_NUMBER % 1000)},
          {"zlib", zlibVersion()},
          {"compiler", __VERSION__}};
}

}  // namespace moescope

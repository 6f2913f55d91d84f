// Values coloured on the graphics side.
#include "widgets/gl/heat_map.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "compute/records/error.h"

namespace moescope::gl {

std::array<uint8_t, 256 * 3> read_color_map(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    throw UserError("cannot read the colour map " + path + ": install moescope again or start it from its folder");
  std::array<uint8_t, 256 * 3> bytes{};
  size_t count = 0;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    int r = -1, g = -1, b = -1;
    words >> r >> g >> b;
    if (!words || std::min({r, g, b}) < 0 || std::max({r, g, b}) > 255 || count == 256)
      throw UserError(path + " line " + std::to_string(number) + ": expected 256 lines of three numbers from 0 to 255");
    bytes[3 * count] = static_cast<uint8_t>(r);
    bytes[3 * count + 1] = static_cast<uint8_t>(g);
    bytes[3 * count + 2] = static_cast<uint8_t>(b);
    ++count;
  }
  if (count != 256) throw UserError(path + ": expected 256 colours, found " + std::to_string(count));
  return bytes;
}

HeatMapPainter::HeatMapPainter(const HeatMapFiles& files)
    : program_(files.vertex_shader, files.fragment_shader),
      colors_(Texture::from_bytes(256, 1, 3, read_color_map(files.color_map).data())) {
  glGenFramebuffers(1, &framebuffer_);
  glGenVertexArrays(1, &vertex_array_);
}

HeatMapPainter::~HeatMapPainter() {
  glDeleteFramebuffers(1, &framebuffer_);
  glDeleteVertexArrays(1, &vertex_array_);
}

void HeatMapPainter::paint(const ui::HeatValues& heat, Texture& picture) {
  const int width = static_cast<int>(heat.width), height = static_cast<int>(heat.height);
  const Texture* values = from_device_.texture_of(heat);
  if (!values) values_.upload_floats(width, height, heat.values.data());
  picture.reserve_rgba(width, height);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, picture.name(), 0);
  glViewport(0, 0, width, height);
  glDisable(GL_SCISSOR_TEST);
  glDisable(GL_BLEND);
  program_.use();
  glActiveTexture(GL_TEXTURE1);
  glBindTexture(GL_TEXTURE_2D, colors_.name());
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, (values ? *values : values_).name());
  glUniform1i(program_.uniform("values"), 0);
  glUniform1i(program_.uniform("colors"), 1);
  glUniform2f(program_.uniform("range"), heat.low, heat.high);
  glBindVertexArray(vertex_array_);
  glDrawArrays(GL_TRIANGLES, 0, 3);
  glBindVertexArray(0);
  glBindFramebuffer(GL_FRAMEBUFFER, 0);
}

}  // namespace moescope::gl

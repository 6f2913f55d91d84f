// PNG and JPEG files of every kind, written for tests with the libraries' own encoders.
#pragma once

#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>
#include <png.h>

#include <cstdint>
#include <string>
#include <vector>

namespace moescope {

struct PngKind {
  int color_type = PNG_COLOR_TYPE_RGB;
  int bits = 8;
  bool interlaced = false;
  std::vector<png_color> palette = {};
  std::vector<uint8_t> palette_alpha = {};
};

/// `rows` holds the packed rows as PNG wants them.
inline void encode_png(const std::string& path, uint32_t height, uint32_t width, const std::vector<uint8_t>& rows,
                       const PngKind& kind) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, file);
  png_set_IHDR(png, info, width, height, kind.bits, kind.color_type,
               kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!kind.palette.empty()) png_set_PLTE(png, info, kind.palette.data(), static_cast<int>(kind.palette.size()));
  if (!kind.palette_alpha.empty()) {
    png_set_tRNS(png, info, kind.palette_alpha.data(), static_cast<int>(kind.palette_alpha.size()), nullptr);
  }
  png_write_info(png, info);
  std::vector<uint8_t> copy = rows;
  std::vector<uint8_t*> at;
  for (uint32_t y = 0; y < height; ++y) at.push_back(copy.data() + copy.size() / height * y);
  png_write_image(png, at.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  std::fclose(file);
}

/// (height, width, components) bytes; components 1 grey, 3 RGB, 4 CMYK as Adobe writes it. `app1`: data of an APP1
/// marker.
inline void encode_jpeg(const std::string& path, uint32_t height, uint32_t width, int components,
                        const std::vector<uint8_t>& pixels, const std::vector<uint8_t>& app1 = {},
                        bool progressive = false) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg_stdio_dest(&jpeg, file);
  jpeg.image_height = height;
  jpeg.image_width = width;
  jpeg.input_components = components;
  jpeg.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 98, TRUE);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  if (!app1.empty()) jpeg_write_marker(&jpeg, JPEG_APP0 + 1, app1.data(), static_cast<unsigned>(app1.size()));
  std::vector<uint8_t> copy = pixels;
  while (jpeg.next_scanline < height) {
    JSAMPROW row = copy.data() + static_cast<size_t>(jpeg.next_scanline) * width * static_cast<size_t>(components);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::fclose(file);
}

}  // namespace moescope

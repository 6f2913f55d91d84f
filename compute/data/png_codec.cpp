// PNG through libpng, from memory. Errors jump back to the calls below that opened with setjmp, and those hold only
// plain data; the objects belong to their caller.
#include <png.h>

#include <cerrno>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <memory>

#include "compute/core/error.h"
#include "compute/data/codecs.h"

namespace moescope {
namespace {

struct Failure {
  std::jmp_buf jump;
  char message[160] = "";
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* failure = static_cast<Failure*>(png_get_error_ptr(png));
  std::snprintf(failure->message, sizeof failure->message, "%s", message);
  std::longjmp(failure->jump, 1);
}

void on_warning(png_structp, png_const_charp) {}  // damaged ancillary chunks do not touch the pixels

class PngReader {
 public:
  explicit PngReader(Bytes file) : file_(file) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure_, on_error, on_warning);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw BackendError("libpng: png_create_read_struct failed");
    }
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  const char* failure() const { return failure_.message; }

  /// False on failure, as read_rows().
  bool read_header() {
    if (setjmp(failure_.jump)) return false;
    png_set_read_fn(png_, this, read_bytes);
    png_set_user_limits(png_, 0x7fffffff, 0x7fffffff);  // check_image_size() has the say, with a better sentence
    png_set_chunk_malloc_max(png_, 8 << 20);
    png_set_chunk_cache_max(png_, 128);
    png_read_info(png_, info_);
    return true;
  }
  int64_t height() const { return png_get_image_height(png_, info_); }
  int64_t width() const { return png_get_image_width(png_, info_); }
  bool colour() const { return (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) != 0; }  // palettes too
  bool alpha() const {
    return (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png_, info_, PNG_INFO_tRNS);
  }

  /// Everything to 8-bit grey or RGB, with a last channel of alpha when alpha().
  bool set_transforms() {
    if (setjmp(failure_.jump)) return false;
    png_set_expand(png_);  // palettes, grey below 8 bits, tRNS
    png_set_scale_16(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }
  int64_t row_bytes() const { return static_cast<int64_t>(png_get_rowbytes(png_, info_)); }

  bool read_rows(uint8_t** rows) {
    if (setjmp(failure_.jump)) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

 private:
  static void read_bytes(png_structp png, png_bytep out, png_size_t bytes) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (self->file_.size() - self->at_ < bytes) png_error(png, "it ends early");
    std::memcpy(out, self->file_.data() + self->at_, bytes);
    self->at_ += bytes;
  }

  Bytes file_;
  size_t at_ = 0;
  Failure failure_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

ImageHeader read_header(PngReader& reader, const std::string& path) {
  if (!reader.read_header()) fail_damaged(path, reader.failure());
  check_image_size(path, reader.height(), reader.width());
  return {reader.height(), reader.width(), reader.colour() ? 3 : 1};
}

/// (n, channels + alpha) to (n, channels), over white.
std::vector<uint8_t> over_white(const std::vector<uint8_t>& in, int64_t channels) {
  std::vector<uint8_t> out;
  const auto stride = static_cast<size_t>(channels + 1);
  out.reserve(in.size() / stride * static_cast<size_t>(channels));
  for (size_t i = 0; i + stride <= in.size(); i += stride) {
    const int alpha = in[i + stride - 1];
    for (size_t c = 0; c + 1 < stride; ++c) {
      out.push_back(static_cast<uint8_t>((in[i + c] * alpha + 255 * (255 - alpha) + 127) / 255));
    }
  }
  return out;
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// Plain data only in this frame. False on failure.
bool write_rows(png_structp png, png_infop info, Failure& failure, std::FILE* file, const ImagePixels& image) {
  if (setjmp(failure.jump)) return false;
  png_init_io(png, file);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
               image.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int64_t y = 0; y < image.height; ++y) {
    png_write_row(png, image.values.data() + y * image.width * image.channels);
  }
  png_write_end(png, info);
  return true;
}

}  // namespace

ImageHeader png_header(Bytes file, const std::string& path) {
  PngReader reader(file);
  return read_header(reader, path);
}

ImagePixels decode_png(Bytes file, const std::string& path) {
  PngReader reader(file);
  const ImageHeader header = read_header(reader, path);
  const bool alpha = reader.alpha();
  if (!reader.set_transforms()) fail_damaged(path, reader.failure());
  const int64_t stride = header.width * (header.channels + (alpha ? 1 : 0));
  if (reader.row_bytes() != stride) throw BackendError("libpng: rows of an unexpected size in " + path);
  std::vector<uint8_t> pixels(static_cast<size_t>(header.height * stride));
  std::vector<uint8_t*> rows;
  for (int64_t y = 0; y < header.height; ++y) rows.push_back(pixels.data() + y * stride);
  if (!reader.read_rows(rows.data())) fail_damaged(path, reader.failure());
  if (alpha) pixels = over_white(pixels, header.channels);
  return {header.height, header.width, header.channels, std::move(pixels)};
}

void write_png(const std::string& path, const ImagePixels& image) {
  check_shape((image.channels == 1 || image.channels == 3) && image.height > 0 && image.width > 0 &&
                  static_cast<int64_t>(image.values.size()) == image.height * image.width * image.channels,
              [&] { return "write_png: " + path + ": expected a non-empty image of 1 or 3 channels"; });
  std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "wb"));
  if (!file) throw DataError("cannot write " + path + ": " + std::strerror(errno) + "; choose another place");
  Failure failure;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &failure, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  const bool written = info && write_rows(png, info, failure, file.get(), image);
  png_destroy_write_struct(&png, &info);
  if (!written || std::fflush(file.get()) != 0) {
    throw DataError("writing " + path + " failed (" + failure.message + "): check the space on its disk");
  }
}

}  // namespace moescope

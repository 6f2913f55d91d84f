// GIF89a by giflib's writing side.
#include "figure/gif.h"

#include <gif_lib.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "compute/records/error.h"
#include "figure/gif_palette.h"

namespace moescope::figure {
namespace {

[[noreturn]] void fail(int code) {
  const char* why = GifErrorString(code);
  throw UserError(std::string("the GIF could not be written (") + (why != nullptr ? why : "unknown error") +
                  "); make it smaller");
}

int append(GifFileType* file, const GifByteType* data, int length) {
  static_cast<std::string*>(file->UserData)->append(reinterpret_cast<const char*>(data), static_cast<size_t>(length));
  return length;
}

struct FreeMap {
  void operator()(ColorMapObject* map) const { GifFreeMapObject(map); }
};

/// An open file in memory; finish() closes it.
class GifFile {
 public:
  explicit GifFile(std::string& bytes) {
    int error = 0;
    file_ = EGifOpen(&bytes, append, &error);
    if (file_ == nullptr) fail(error);
  }
  ~GifFile() {
    int ignored = 0;
    if (file_ != nullptr) EGifCloseFile(file_, &ignored);
  }
  GifFile(const GifFile&) = delete;
  GifFile& operator=(const GifFile&) = delete;

  GifFileType* get() const { return file_; }
  void check(int status) const {
    if (status != GIF_OK) fail(file_->Error);
  }
  void finish() {
    int error = 0;
    if (EGifCloseFile(std::exchange(file_, nullptr), &error) != GIF_OK) fail(error);
  }

 private:
  GifFileType* file_ = nullptr;
};

void put_screen(const GifFile& file, int64_t width, int64_t height, const GifPalette& palette) {
  const int size = 1 << std::max(1, GifBitSize(static_cast<int>(palette.colors().size())));
  const std::unique_ptr<ColorMapObject, FreeMap> map(GifMakeMapObject(size, nullptr));
  if (!map) fail(E_GIF_ERR_NOT_ENOUGH_MEM);
  for (size_t i = 0; i < palette.colors().size(); ++i) {
    const Rgb& color = palette.colors()[i];
    map->Colors[i] = {color[0], color[1], color[2]};
  }
  EGifSetGifVersion(file.get(), true);
  file.check(EGifPutScreenDesc(file.get(), static_cast<int>(width), static_cast<int>(height), 8, 0, map.get()));
}

/// Netscape's extension: 0 means without end.
void put_repeat(const GifFile& file) {
  const unsigned char forever[] = {1, 0, 0};
  file.check(EGifPutExtensionLeader(file.get(), APPLICATION_EXT_FUNC_CODE));
  file.check(EGifPutExtensionBlock(file.get(), 11, "NETSCAPE2.0"));
  file.check(EGifPutExtensionBlock(file.get(), sizeof forever, forever));
  file.check(EGifPutExtensionTrailer(file.get()));
}

void put_frame(const GifFile& file, const Pixels& pixels, const GifPalette& palette, double secs) {
  GraphicsControlBlock control{};
  control.DisposalMode = DISPOSE_DO_NOT;
  control.DelayTime = std::clamp(static_cast<int>(std::lround(secs * 100)), 2, 65535);
  control.TransparentColor = NO_TRANSPARENT_COLOR;
  GifByteType block[4];
  const size_t size = EGifGCBToExtension(&control, block);
  file.check(EGifPutExtension(file.get(), GRAPHICS_EXT_FUNC_CODE, static_cast<int>(size), block));
  const auto width = static_cast<int>(pixels.width), height = static_cast<int>(pixels.height);
  file.check(EGifPutImageDesc(file.get(), 0, 0, width, height, false, nullptr));
  std::vector<uint8_t> indices = palette.indices(pixels);
  for (int row = 0; row < height; ++row) {
    file.check(EGifPutLine(file.get(), indices.data() + static_cast<ptrdiff_t>(row) * width, width));
  }
}

}  // namespace

std::string as_gif(size_t num_frames, const std::function<Pixels(size_t)>& frame, double frame_secs) {
  if (num_frames == 0) throw UserError("a movie needs a frame");
  GifPalette palette;
  int64_t width = 0, height = 0;
  for (size_t i = 0; i < num_frames; ++i) {
    const Pixels pixels = frame(i);
    if (i == 0) width = pixels.width, height = pixels.height;
    if (pixels.width != width || pixels.height != height) throw UserError("the frames of a movie differ in size");
    palette.count(pixels);
  }
  // The format's own limit.
  if (width < 1 || height < 1 || width > 65535 || height > 65535) fail(E_GIF_ERR_DATA_TOO_BIG);
  palette.choose();
  std::string bytes;
  GifFile file(bytes);
  put_screen(file, width, height, palette);
  put_repeat(file);
  for (size_t i = 0; i < num_frames; ++i) put_frame(file, frame(i), palette, frame_secs);
  file.finish();
  return bytes;
}

std::string gif_version() {
  return std::to_string(GIFLIB_MAJOR) + "." + std::to_string(GIFLIB_MINOR) + "." + std::to_string(GIFLIB_RELEASE);
}

}  // namespace moescope::figure

// JPEG through libjpeg-turbo, from memory. As in png_codec.cpp, errors jump only over frames of plain data.
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE
#include <cstring>

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>

#include "compute/core/error.h"
#include "compute/data/codecs.h"
#include "compute/data/exif_orientation.h"

namespace moescope {
namespace {

constexpr int kMaxScans = 500;  // a progressive file of thousands of empty scans would take hours

/// Warnings that leave the pixels as they should be; any other one means that data was lost or made up.
bool is_harmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM ||
         code == JWRN_BOGUS_PROGRESSION;
}

class JpegReader {
 public:
  explicit JpegReader(Bytes file) : file_(file) {
    std::memset(&jpeg_, 0, sizeof jpeg_);
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    errors_.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = on_progress;
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  const char* failure() const { return message_; }

  /// False on failure, as the others.
  bool read_header() {
    if (setjmp(jump_)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, file_.data(), static_cast<unsigned long>(file_.size()));
    jpeg_save_markers(&jpeg_, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }
  int64_t height() const { return jpeg_.image_height; }
  int64_t width() const { return jpeg_.image_width; }
  int64_t channels() const { return jpeg_.num_components == 1 ? 1 : 3; }
  bool cmyk() const { return jpeg_.num_components == 4; }
  bool inverted() const { return jpeg_.saw_Adobe_marker != 0; }  // Adobe writes CMYK upside down
  int orientation() const {
    for (auto* marker = jpeg_.marker_list; marker; marker = marker->next) {
      if (marker->marker == JPEG_APP0 + 1) return exif_orientation({marker->data, marker->data_length});
    }
    return 1;
  }

  /// Decoding at 1/2, 1/4 or 1/8 costs a fraction and keeps what a smaller image can show.
  bool start(int64_t enough_side) {
    if (setjmp(jump_)) return false;
    jpeg_.out_color_space = cmyk() ? JCS_CMYK : channels() == 1 ? JCS_GRAYSCALE : JCS_RGB;
    const int64_t side = std::min(height(), width());
    for (unsigned denominator : {2u, 4u, 8u}) {
      if (enough_side > 0 && side / denominator >= enough_side) jpeg_.scale_denom = denominator;
    }
    jpeg_start_decompress(&jpeg_);
    return true;
  }
  int64_t output_height() const { return jpeg_.output_height; }
  int64_t output_width() const { return jpeg_.output_width; }
  int64_t output_channels() const { return jpeg_.output_components; }

  bool read_rows(uint8_t* out) {
    if (setjmp(jump_)) return false;
    while (jpeg_.output_scanline < jpeg_.output_height) {
      uint8_t* row = out + static_cast<size_t>(jpeg_.output_scanline) * jpeg_.output_width *
                               static_cast<size_t>(jpeg_.output_components);
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

 private:
  static JpegReader* self(j_common_ptr jpeg) { return static_cast<JpegReader*>(jpeg->client_data); }
  [[noreturn]] static void on_error(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, self(jpeg)->message_);
    std::longjmp(self(jpeg)->jump_, 1);
  }
  static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && !is_harmless(jpeg->err->msg_code)) on_error(jpeg);
  }
  static void on_progress(j_common_ptr jpeg) {
    JpegReader* reader = self(jpeg);
    if (!jpeg->is_decompressor || reader->jpeg_.input_scan_number <= kMaxScans) return;
    std::snprintf(reader->message_, sizeof reader->message_, "more than %d scans", kMaxScans);
    std::longjmp(reader->jump_, 1);
  }

  Bytes file_;
  jpeg_decompress_struct jpeg_;
  jpeg_error_mgr errors_;
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_;
  char message_[JMSG_LENGTH_MAX] = "";
};

ImageHeader read_header(JpegReader& reader, const std::string& path) {
  if (!reader.read_header()) fail_damaged(path, reader.failure());
  check_image_size(path, reader.height(), reader.width());
  return {reader.height(), reader.width(), reader.channels()};
}

/// (n, 4) to (n, 3) without a colour profile: each ink takes its share of light.
std::vector<uint8_t> cmyk_to_rgb(const std::vector<uint8_t>& in, bool inverted) {
  std::vector<uint8_t> out;
  out.reserve(in.size() / 4 * 3);
  for (size_t i = 0; i + 4 <= in.size(); i += 4) {
    for (size_t c = 0; c < 3; ++c) {
      const int ink = inverted ? in[i + c] : 255 - in[i + c], black = inverted ? in[i + 3] : 255 - in[i + 3];
      out.push_back(static_cast<uint8_t>((ink * black + 127) / 255));
    }
  }
  return out;
}

}  // namespace

ImageHeader jpeg_header(Bytes file, const std::string& path) {
  JpegReader reader(file);
  ImageHeader header = read_header(reader, path);
  if (reader.orientation() >= 5) std::swap(header.height, header.width);
  return header;
}

ImagePixels decode_jpeg(Bytes file, const std::string& path, int64_t enough_side) {
  JpegReader reader(file);
  const ImageHeader header = read_header(reader, path);
  const int orientation = reader.orientation();
  if (!reader.start(enough_side)) fail_damaged(path, reader.failure());
  ImagePixels image{reader.output_height(), reader.output_width(), header.channels, {}};
  image.values.resize(static_cast<size_t>(image.height * image.width * reader.output_channels()));
  if (!reader.read_rows(image.values.data())) fail_damaged(path, reader.failure());
  if (reader.cmyk()) image.values = cmyk_to_rgb(image.values, reader.inverted());
  return orientation == 1 ? std::move(image) : turn_upright(image, orientation);
}

}  // namespace moescope

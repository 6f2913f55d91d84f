// TensorBoard's event files: scalars out and in. Records of length-prefixed messages with masked CRC-32C (TFRecord,
// tensorflow:tensorflow/core/lib/io/record_writer.cc), each an Event of four fields (tensorboard:event.proto,
// summary.proto), which is small enough to write and read without a protobuf library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sessions/run_reader.h"
#include "sessions/run_writer.h"

namespace moescope {

/// Every metric of a run as scalars in one new file, events.out.tfevents.SECONDS.moescope-run-N, in `folder`, which is
/// made when missing. TensorBoard's scalars are 32 bits wide, so values are rounded to that; NaN and infinities stay.
/// Wall times are the run's start plus the seconds since. Returns the file. Throws StoreError when there is no such
/// run, UserError when it cannot be written.
std::filesystem::path export_tensorboard(const RunReader& reader, int64_t run_id, const std::filesystem::path& folder);

struct TensorboardImport {
  int64_t run_id = 0, num_values = 0;
  int64_t num_left_out = 0;  // values that are no scalars: images, histograms, texts
};

/// A new run from all event files in a folder (or one file): a metric for each tag with scalars. Every record's sums
/// are checked. Throws UserError naming the file and the byte when one is damaged or cut short, and when there are no
/// scalars.
TensorboardImport import_tensorboard(const SessionStore& store, const std::filesystem::path& from,
                                     const std::string& name);

/// CRC-32C (Castagnoli), as iSCSI's: of "123456789" it is e3069283.
uint32_t crc32c(std::span<const std::byte> bytes);

/// One scalar of an event file.
struct TensorboardScalar {
  std::string tag;
  int64_t step = 0;
  double wall_time = 0;  // seconds since 1970
  double value = 0;
};
/// Reads one file's bytes; `where` is what errors call it. Counts what it leaves out.
std::vector<TensorboardScalar> read_tensorboard(std::span<const std::byte> bytes, const std::string& where,
                                                int64_t& num_left_out);

}  // namespace moescope

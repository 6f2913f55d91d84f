// CIFAR's records: one label byte (CIFAR-100: coarse, then fine), then 1,024 bytes each of red, green and blue.
#include "compute/data/cifar.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "compute/data/fashion_mnist.h"

namespace moescope {
namespace {

constexpr int64_t kSide = 32, kPlane = kSide * kSide, kImageBytes = 3 * kPlane;

/// What tells the two apart.
struct CifarKind {
  const char* name;
  const char* folder;      // as the archive unpacks
  const char* first_file;  // by which the folder is known
  const char* names_file;
  int64_t label_bytes, num_classes;
  int64_t train_records, test_records;  // of each file
  std::vector<std::string> train_files, test_files;
};

std::filesystem::path find_folder(const DataConfig& config, const CifarKind& kind) {
  if (config.path.empty()) {
    throw DataError(std::string("data.path is empty: set it to the folder of ") + kind.name +
                    "'s binary version (the one that holds " + kind.first_file + ")");
  }
  const std::filesystem::path folder = config.path;
  std::error_code ignored;
  for (const auto& candidate : {folder, folder / kind.folder}) {
    if (std::filesystem::exists(candidate / kind.first_file, ignored)) return candidate;
  }
  throw DataError(std::string(kind.name) + " is not in " + folder.string() + " (no " + kind.first_file +
                  " there): set data.path to the unpacked folder of its binary version");
}

/// Appends the records of one file, turned from colour planes to (row, column, colour).
/// Returns how many.
int64_t read_records(const std::filesystem::path& path, const CifarKind& kind, ResidentSplit& out) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    throw DataError("cannot open " + path.string() + ": " + std::strerror(errno) + "; unpack " + kind.name +
                    "'s archive again");
  }
  const auto bytes = static_cast<int64_t>(file.tellg()), record_bytes = kind.label_bytes + kImageBytes;
  if (bytes <= 0 || bytes % record_bytes != 0) {
    throw DataError(path.string() + ": its " + std::to_string(bytes) + " bytes are no whole number of records of " +
                    std::to_string(record_bytes) + ", so it is cut off or not " + kind.name +
                    "; unpack the archive again");
  }
  file.seekg(0);
  std::vector<uint8_t> record(static_cast<size_t>(record_bytes));
  const int64_t count = bytes / record_bytes;
  out.pixels.reserve(out.pixels.size() + static_cast<size_t>(count * kImageBytes));
  for (int64_t i = 0; i < count; ++i) {
    if (!file.read(reinterpret_cast<char*>(record.data()), record_bytes)) {
      throw DataError(path.string() + ": reading stopped in record " + std::to_string(i) + "; check the disk");
    }
    const uint8_t label = record[static_cast<size_t>(kind.label_bytes - 1)];
    if (label >= kind.num_classes) {
      throw DataError(path.string() + ": record " + std::to_string(i) + " has label " + std::to_string(label) +
                      " where 0 to " + std::to_string(kind.num_classes - 1) + " was expected, so it is not " +
                      kind.name + "; unpack the archive again");
    }
    out.labels.push_back(label);
    const uint8_t* planes = record.data() + kind.label_bytes;
    for (int64_t p = 0; p < kPlane; ++p) {
      for (int64_t colour = 0; colour < 3; ++colour) out.pixels.push_back(planes[colour * kPlane + p]);
    }
  }
  return count;
}

/// The archive's own list of names, one a line; numbers, and a warning, when it is not there.
void read_class_names(const std::filesystem::path& path, int64_t num_classes, DatasetInfo& info) {
  std::vector<std::string>& names = info.class_names;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (static_cast<int64_t>(names.size()) == num_classes) return;
  info.warnings.push_back(path.string() + " does not list " + std::to_string(num_classes) +
                          " names: the classes are shown by number");
  names.clear();
  for (int64_t i = 0; i < num_classes; ++i) names.push_back("class " + std::to_string(i));
}

std::shared_ptr<const Dataset> open_cifar(const DataConfig& config, const CifarKind& kind, std::vector<float> mean,
                                          std::vector<float> std) {
  const std::filesystem::path folder = find_folder(config, kind);
  ResidentSplit train, test;
  DatasetInfo info;
  const auto read_all = [&](const std::vector<std::string>& files, int64_t expected, ResidentSplit& out) {
    for (const std::string& name : files) {
      const int64_t count = read_records(folder / name, kind, out);
      if (count >= expected) continue;
      info.warnings.push_back((folder / name).string() + " holds " + std::to_string(count) + " images where " +
                              kind.name + " has " + std::to_string(expected) +
                              "; if it was cut off, unpack the archive again");
    }
  };
  read_all(kind.train_files, kind.train_records, train);
  read_all(kind.test_files, kind.test_records, test);
  info.name = kind.name;
  info.height = info.width = kSide;
  info.channels = 3;
  read_class_names(folder / kind.names_file, kind.num_classes, info);
  info.mean = std::move(mean);
  info.std = std::move(std);
  refuse_other_size(config, info);
  return std::make_shared<ResidentDataset>(std::move(info), std::move(train), std::move(test), config);
}

}  // namespace

std::shared_ptr<const Dataset> open_cifar10(const DataConfig& config) {
  const CifarKind kind{
      "CIFAR-10",
      "cifar-10-batches-bin",
      "test_batch.bin",
      "batches.meta.txt",
      1,
      10,
      10000,
      10000,
      {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
      {"test_batch.bin"}};
  return open_cifar(config, kind, {0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f});
}

std::shared_ptr<const Dataset> open_cifar100(const DataConfig& config) {
  const CifarKind kind{"CIFAR-100", "cifar-100-binary", "test.bin",  "fine_label_names.txt", 2, 100, 50000,
                       10000,       {"train.bin"},      {"test.bin"}};
  return open_cifar(config, kind, {0.5071f, 0.4865f, 0.4409f}, {0.2673f, 0.2564f, 0.2762f});
}

}  // namespace moescope

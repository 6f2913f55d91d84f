// Listing, checking and splitting at opening; decoding when asked for.
#include "compute/data/image_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "compute/data/content_hash.h"
#include "compute/data/image_file.h"
#include "compute/data/pixel_statistics.h"

namespace moescope {
namespace {

namespace fs = std::filesystem;

struct ImageEntry {
  std::string path, name;  // name: "CLASS/file.png"
  int32_t label;
};

std::vector<fs::path> list(const fs::path& folder, bool folders) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().front() == '.') continue;
    std::error_code ignored;
    if (folders ? it->is_directory(ignored) : it->is_regular_file(ignored) && has_image_extension(it->path())) {
      found.push_back(it->path());
    }
  }
  if (error) throw DataError("cannot list " + folder.string() + ": " + error.message() + "; check its permissions");
  std::sort(found.begin(), found.end());
  return found;
}

/// A file's first and last kilobyte and its size.
void add_to_hash(const ImageEntry& entry, ContentHash& hash) {
  std::ifstream file(entry.path, std::ios::binary | std::ios::ate);
  const auto bytes = static_cast<int64_t>(file.tellg());
  hash.add(entry.name);
  hash.add(int64_t{entry.label});
  hash.add(bytes);
  std::array<char, 1024> part;
  const int64_t length = std::clamp<int64_t>(bytes, 0, part.size());  // it may have gone since it was listed
  for (int64_t begin : {int64_t{0}, bytes - length}) {
    file.seekg(begin);
    file.read(part.data(), length);
    hash.add(part.data(), static_cast<size_t>(file.gcount()));
  }
}

uint64_t name_hash(const ImageEntry& entry) {
  ContentHash hash;
  hash.add(entry.name);
  return hash.value();
}

class ImageFolder final : public Dataset {
 public:
  explicit ImageFolder(const DataConfig& config) : side_(config.image_size > 0 ? config.image_size : kFolderSide) {
    if (config.path.empty()) throw DataError("data.path is empty: set it to the folder with one sub-folder a class");
    const fs::path folder = config.path;
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) {
      throw DataError("there is no folder " + folder.string() +
                      ": set data.path to the folder with one sub-folder a class");
    }
    info_.name = folder.filename().empty() ? folder.parent_path().filename() : folder.filename();
    const bool has_splits = fs::is_directory(folder / "train", ignored) && fs::is_directory(folder / "test", ignored);
    name_classes(has_splits ? folder / "train" : folder);
    if (has_splits) {
      read_split(folder / "train", entries_[0]);
      read_split(folder / "test", entries_[1]);
    } else {
      read_split(folder, entries_[0]);
      split_off_test();
    }
    finish(config, folder);
  }

  int32_t label(Split split, int64_t i) const override { return entry(split, i).label; }
  std::string image_name(Split split, int64_t i) const override { return entry(split, i).name; }

  const uint8_t* pixels(Split split, int64_t i, std::vector<uint8_t>& scratch) const override {
    scratch = fit_to(read_image_file(entry(split, i).path, side_), side_, side_, info_.channels).values;
    return scratch.data();
  }

 private:
  const ImageEntry& entry(Split split, int64_t i) const {
    return entries_[static_cast<size_t>(split)][static_cast<size_t>(i)];
  }

  void name_classes(const fs::path& folder) {
    for (const fs::path& path : list(folder, true)) info_.class_names.push_back(path.filename());
    if (info_.class_names.size() < 2) {
      throw DataError(
          folder.string() + " has " + std::to_string(info_.class_names.size()) +
          " sub-folders where at least two classes are needed: put each class' images in a folder of its own");
    }
  }

  void read_split(const fs::path& folder, std::vector<ImageEntry>& out) {
    for (const fs::path& class_folder : list(folder, true)) {
      const std::string name = class_folder.filename();
      const auto known = std::lower_bound(info_.class_names.begin(), info_.class_names.end(), name);
      if (known == info_.class_names.end() || *known != name) {
        throw DataError(class_folder.string() + " is a class without training images: add " + name +
                        " to the train folder or remove it here");
      }
      const auto label = static_cast<int32_t>(known - info_.class_names.begin());
      const size_t before = out.size();
      for (const fs::path& path : list(class_folder, false))
        read_entry({path, name + "/" + path.filename().string(), label}, out);
      if (out.size() == before) {
        throw DataError(class_folder.string() + " holds no readable PNG or JPEG file" +
                        (info_.warnings.empty() ? "" : " (" + info_.warnings.back() + ")") +
                        ": add some or remove the folder");
      }
    }
  }

  void read_entry(ImageEntry entry, std::vector<ImageEntry>& out) {
    try {
      const ImageHeader header = read_image_header(entry.path);
      info_.channels = std::max(info_.channels, header.channels);
      out.push_back(std::move(entry));
    } catch (const DataError& error) { info_.warnings.push_back(std::string("left out: ") + error.what()); }
  }

  /// Of each class the tenth with the lowest hashes, rounded, at least one where two are there.
  void split_off_test() {
    std::vector<ImageEntry> all = std::move(entries_[0]);
    entries_[0].clear();
    for (size_t begin = 0; begin < all.size();) {
      size_t end = begin;
      while (end < all.size() && all[end].label == all[begin].label) ++end;
      std::vector<std::pair<uint64_t, size_t>> by_hash;
      for (size_t i = begin; i < end; ++i) by_hash.emplace_back(name_hash(all[i]), i);
      std::sort(by_hash.begin(), by_hash.end());
      const size_t count = end - begin, num_test = count < 2 ? 0 : std::max<size_t>(1, (count + 5) / 10);
      std::vector<bool> is_test(count);
      for (size_t n = 0; n < num_test; ++n) is_test[by_hash[n].second - begin] = true;
      for (size_t i = begin; i < end; ++i) entries_[is_test[i - begin] ? 1 : 0].push_back(std::move(all[i]));
      begin = end;
    }
  }

  void finish(const DataConfig& config, const fs::path& folder) {
    // Files are listed by class: a limit takes them in an order by hash instead, so that every class keeps its share.
    const int64_t limits[2] = {config.train_limit, config.test_limit};
    ContentHash hash;
    hash.add(side_);
    for (size_t s = 0; s < 2; ++s) {
      std::vector<ImageEntry>& part = entries_[s];
      std::sort(part.begin(), part.end(), [](const ImageEntry& a, const ImageEntry& b) {
        return std::pair(name_hash(a), a.name) < std::pair(name_hash(b), b.name);
      });
      if (limits[s] > 0 && limits[s] < static_cast<int64_t>(part.size()))
        part.erase(part.begin() + limits[s], part.end());
      if (part.empty()) {
        throw DataError(folder.string() + " has no image for the " + split_name(static_cast<Split>(s)) +
                        " split: add images, at least two a class");
      }
      for (const ImageEntry& entry : part) add_to_hash(entry, hash);
    }
    info_.num_train = static_cast<int64_t>(entries_[0].size());
    info_.num_test = static_cast<int64_t>(entries_[1].size());
    info_.height = info_.width = side_;
    info_.content_hash = hash.hex();
    measure_pixels(*this, info_.mean, info_.std);
  }

  int64_t side_;
  std::array<std::vector<ImageEntry>, 2> entries_;  // by Split
};

}  // namespace

std::shared_ptr<const Dataset> open_image_folder(const DataConfig& config) {
  return std::make_shared<ImageFolder>(config);
}

}  // namespace moescope

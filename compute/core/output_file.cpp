// Looks at what stands in a file's place, and moves the new one there.
#include "compute/records/output_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "compute/records/error.h"

namespace moescope {

namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr size_t kLook = 512;

[[noreturn]] void cannot_write(const fs::path& path, const std::string& why) {
  throw UserError(path.string() + " cannot be written (" + why + "); give another place with --to");
}

const char* words_of(FileKind kind) {
  switch (kind) {
    case FileKind::text: return "text";
    case FileKind::png: return "a PNG picture";
    case FileKind::gif: return "a GIF picture";
    case FileKind::pdf: return "a PDF document";
    case FileKind::weights: return "weights as safetensors";
    case FileKind::store: return "a session store";
    case FileKind::other: return "something else";
  }
  return "";
}

/// Links are followed: what they point to is replaced.
fs::path place_of(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::is_symlink(path, error) ? fs::canonical(path, error) : path;
  return error ? path : real;
}

bool is_regular_or_missing(const fs::path& place) {
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  return !fs::exists(status) || fs::is_regular_file(status);
}

/// A name that nobody has, for a moment.
fs::path new_beside(const fs::path& place) {
  constexpr int kMostTries = 1000;
  for (int i = 0;; ++i) {
    fs::path fresh = place;
    fresh += ".part" + (i == 0 ? "" : std::to_string(i));
    if (std::FILE* file = std::fopen(fresh.c_str(), "wbx")) {
      std::fclose(file);
      return fresh;
    }
    if (errno != EEXIST || i == kMostTries) cannot_write(place, std::strerror(errno));
  }
}

}  // namespace

FileKind kind_of(std::string_view bytes) {
  constexpr std::array kBeginnings = {
      std::pair{"SQLite format 3\0"sv, FileKind::store},
      std::pair{"\x89PNG"sv, FileKind::png},
      std::pair{"GIF8"sv, FileKind::gif},
      std::pair{"%PDF"sv, FileKind::pdf},
  };
  for (const auto& [beginning, kind] : kBeginnings)
    if (bytes.starts_with(beginning)) return kind;
  // The length of the header in eight bytes, then the header, which is JSON.
  if (bytes.size() > 8 && bytes.substr(4, 5) == "\0\0\0\0{"sv) return FileKind::weights;
  const auto is_control = [](char c) {
    return (c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f') || c == '\x7f';
  };
  bytes = bytes.substr(0, kLook);
  return std::any_of(bytes.begin(), bytes.end(), is_control) ? FileKind::other : FileKind::text;
}

void require_place(const fs::path& path, FileKind kind) {
  const fs::path place = place_of(path);
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (path.empty()) throw UserError("the name of the file to write is empty; name one");
  if (fs::is_directory(status)) throw UserError(path.string() + " is a folder; name a file in it");
  if (!fs::is_regular_file(status)) return;
  errno = 0;
  std::fstream file(place, std::ios::in | std::ios::out | std::ios::binary);  // both: read-only is no place either
  if (!file) cannot_write(path, std::strerror(errno));
  std::string begin(kLook, '\0');
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<size_t>(file.gcount()));
  const FileKind there = kind_of(begin);
  if (there == FileKind::store)
    throw UserError(path.string() + " is a session store and would be lost; name another file");
  if (!begin.empty() && there != kind)
    throw UserError(path.string() + " holds " + words_of(there) + " and would be replaced by " + words_of(kind) +
                    "; name another file, or remove it first");
}

OutputFile::OutputFile(const fs::path& path, FileKind kind) : place_(place_of(path)) {
  require_place(path, kind);
  begun_ = is_regular_or_missing(place_) ? new_beside(place_) : place_;
  errno = 0;
  stream_.open(begun_, std::ios::binary | std::ios::trunc);
  if (!stream_) cannot_write(place_, std::strerror(errno));
}

OutputFile::~OutputFile() {
  stream_.close();
  std::error_code ignored;
  if (!begun_.empty() && begun_ != place_) fs::remove(begun_, ignored);
}

void OutputFile::keep() {
  stream_.close();
  if (!stream_) cannot_write(place_, "is the disk full?");
  if (begun_ == place_) return;
  std::error_code error;
  if (const fs::file_status old = fs::status(place_, error); fs::exists(old))
    fs::permissions(begun_, old.permissions(), error);
  fs::rename(begun_, place_, error);
  if (error) cannot_write(place_, error.message());
  begun_.clear();
}

void write_file(const fs::path& path, std::string_view bytes) {
  OutputFile file(path, kind_of(bytes));
  file.stream() << bytes;
  file.keep();
}

void make_folder(const fs::path& folder, std::string_view remedy) {
  if (folder.empty()) return;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw UserError("the folder " + folder.string() + " cannot be made (" + error.message() + "); " +
                    std::string(remedy));
}

}  // namespace moescope

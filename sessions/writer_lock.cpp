// An open-file-description lock on a file beside the store that says who holds it.
#include "sessions/writer_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

#include "sessions/clock.h"
#include "sessions/store_error.h"

namespace moescope {
namespace {

std::filesystem::path lock_path(const std::filesystem::path& store) { return store.string() + "-writer"; }

/// A descriptor that closes itself.
struct Descriptor {
  int value = -1;
  ~Descriptor() {
    if (value >= 0) close(value);
  }
  int release() { return std::exchange(value, -1); }
};

WriterInfo read_info(int descriptor) {
  std::array<char, 512> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  WriterInfo info;
  if (size > 0)
    std::istringstream(std::string(text.data(), static_cast<size_t>(size))) >> info.pid >> info.host >> info.since;
  return info;
}

void write_info(int descriptor, const std::filesystem::path& store) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {'?'};
  const std::string text = std::to_string(getpid()) + " " + host.data() + " " + utc_now() + "\n";
  const bool written = ftruncate(descriptor, 0) == 0 &&
                       pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  const int error = errno;
  // A full disk may leave the name out; the lock holds all the same, and says "a moescope" instead.
  if (!written && error != ENOSPC && error != EDQUOT && error != EFBIG) {
    throw StoreError(StoreProblem::denied, store,
                     std::string("its writer's lock cannot be written (") + std::strerror(error) + ")");
  }
}

/// The whole file. Such a lock belongs to the open file, not to the process: two stores opened in one process see each
/// other, and asking who holds it takes nothing.
struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// False when the file was replaced between open and lock: its last holder removes it.
bool still_named(int descriptor, const std::filesystem::path& path) {
  struct stat opened {
  }, named{};
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

std::string describe(const WriterInfo& writer) {
  if (writer.pid == 0) return "a moescope that has just started";
  return "moescope (process " + std::to_string(writer.pid) + " on " + writer.host + ") since " + writer.since;
}

WriterLock::WriterLock(const std::filesystem::path& store) : path_(lock_path(store)) {
  while (true) {
    Descriptor file{open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
    if (file.value < 0) {
      throw StoreError(errno == ENOSPC ? StoreProblem::full : StoreProblem::denied, store,
                       "cannot be written to: " + path_.string() + ": " + std::strerror(errno) +
                           "; check the permissions of its folder");
    }
    struct flock lock = whole_file(F_WRLCK);
    if (fcntl(file.value, F_OFD_SETLK, &lock) != 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EACCES) {
        throw StoreError(
            StoreProblem::locked, store,
            describe(read_info(file.value)) +
                " is writing to it; it can be read meanwhile, to write close that program or name another store");
      }
      throw StoreError(StoreProblem::denied, store,
                       std::string("its file system cannot lock files (") + std::strerror(errno) +
                           "); keep the store on a local disk");
    }
    if (!still_named(file.value, path_)) continue;
    write_info(file.value, store);
    descriptor_ = file.release();
    return;
  }
}

WriterLock::WriterLock(WriterLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

WriterLock::~WriterLock() {
  if (descriptor_ < 0) return;
  unlink(path_.c_str());  // while still held; whoever has opened it meanwhile notices by still_named
  close(descriptor_);
}

std::optional<WriterInfo> WriterLock::holder(const std::filesystem::path& store) {
  const Descriptor file{open(lock_path(store).c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0) return std::nullopt;
  struct flock lock = whole_file(F_RDLCK);
  if (fcntl(file.value, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
  return read_info(file.value);
}

}  // namespace moescope

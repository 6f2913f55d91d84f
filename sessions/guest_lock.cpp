// A shared open-file-description lock on a file beside the store.
#include "sessions/guest_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "sessions/store_error.h"
#include "sessions/writer_lock.h"

namespace moescope {
namespace {

/// The file stays: removing it under a guest that has just opened it would hide that one.
std::string lock_path(const std::filesystem::path& store) { return store.string() + "-guests"; }

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

GuestLock::GuestLock(const std::filesystem::path& store) {
  if (const auto holder = WriterLock::holder(store); holder && holder->pid != getppid() && holder->pid != getpid()) {
    throw StoreError(StoreProblem::locked, store,
                     describe(*holder) + " is writing to it and has not started this program; close that one");
  }
  descriptor_ = open(lock_path(store).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  struct flock lock = whole_file(F_RDLCK);
  if (descriptor_ >= 0 && fcntl(descriptor_, F_OFD_SETLK, &lock) == 0) return;
  const int error = errno;
  if (descriptor_ >= 0) close(descriptor_);
  throw StoreError(StoreProblem::denied, store,
                   "cannot be written to: " + lock_path(store) + ": " + std::strerror(error) +
                       "; check the permissions of its folder");
}

GuestLock::GuestLock(GuestLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

GuestLock::~GuestLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool GuestLock::any(const std::filesystem::path& store) {
  const int descriptor = open(lock_path(store).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  struct flock lock = whole_file(F_WRLCK);  // asked about, not taken: any shared lock is in its way
  const bool asked = fcntl(descriptor, F_OFD_GETLK, &lock) == 0;
  close(descriptor);
  return asked && lock.l_type != F_UNLCK;
}

}  // namespace moescope

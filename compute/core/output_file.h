// A file that a person named: written beside its place and moved there when it is whole, so that a failure leaves what
// stood there, and never in the place of a session store or of a file of another kind.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace moescope {

/// What a file holds, as its first bytes tell it. `other` is anything binary that is not named here.
enum class FileKind { text, png, gif, pdf, weights, store, other };

/// bytes: the first ones, 512 are enough. Text has no control characters but line breaks and tabs.
FileKind kind_of(std::string_view bytes);

/// Throws UserError when a file of that kind cannot be put at `path`: a folder, a session store (also one of another
/// name), a file of another kind, a file that is read-only. For commands that compute long before they write.
void require_place(const std::filesystem::path& path, FileKind kind);

class OutputFile {
 public:
  /// Begins a file of its own beside `path`; a pipe or a device, which has no place to move to, is written directly.
  /// Throws UserError as require_place, and when nothing can be written there.
  OutputFile(const std::filesystem::path& path, FileKind kind);
  /// Removes what was begun and not kept.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::ostream& stream() { return stream_; }
  /// Puts it in its place. Throws UserError when the disk has refused a part of it.
  void keep();

 private:
  std::filesystem::path place_, begun_;
  std::ofstream stream_;
};

/// All of it in one call; its kind is that of the bytes.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Makes the folder, and those it is in, when missing; an empty path is the present one. Throws UserError that ends
/// with the remedy.
void make_folder(const std::filesystem::path& folder, std::string_view remedy = "give another place with --to");

}  // namespace moescope

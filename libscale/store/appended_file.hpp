#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "libscale/base/descriptor.hpp"
#include "libscale/base/result.hpp"

namespace kscale::store {

/// Lines that are only ever added to a file, by any number of processes at once.
///
/// What was added stays, whole and in order, however the process ends and whoever else adds to it. Each writing is done
/// by a short-lived process, which ends the line also where this one is killed. Should that be killed too, or the power
/// go, the last line may be torn: it has no line break then, and whoever next opens the file or adds to it cuts it off.
/// A file that was renamed or removed meanwhile, as logrotate does, is begun anew. Safe in a directory that others can
/// write to: what has the name must be a regular file of ours, else `refused`, and a symlink is never followed.
class AppendedFile {
 public:
  struct Shape {
    std::string header;           ///< how each new file begins: a line with its line break, or nothing
    std::uint64_t max_bytes = 0;  ///< beyond this, another file is begun; 0: never
    int keep = 5;                 ///< how many full files stay beside it, at least 1: FILE.1, the newest, to FILE.5
    /// Whether a file that is there already may be added to. Told how it begins, up to `k_beginning` bytes, which may
    /// end within its first line. Nothing is cut off or added before. Empty: any file may.
    std::function<Status(std::string_view beginning)> accepts;
  };

  static constexpr std::size_t k_beginning = 4096;

  /// Opens the file, or makes it with mode 0644 as far as the umask lets it. Fails as `Shape::accepts` does.
  static Result<AppendedFile> open(std::filesystem::path path, Shape shape);

  /// Adds some whole lines, the last with its line break too. After a failure, such as a full disk, none of them is
  /// there. `busy` where another process keeps the file locked for long.
  ///
  /// A file that would grow beyond `max_bytes` becomes FILE.1 before, FILE.1 becomes FILE.2 and so on; the last is
  /// dropped. A kill in between leaves all of them, with a name between them free.
  Status append(std::string_view lines);

 private:
  AppendedFile(std::filesystem::path path, Shape shape) : m_path(std::move(path)), m_shape(std::move(shape)) {}

  Result<std::uint64_t> lock();
  Result<bool> try_lock();
  Result<std::uint64_t> mended_size(off_t size);
  Status check_beginning();
  Status rotate() const;

  std::filesystem::path m_path;
  Shape m_shape;
  Descriptor m_file;
  bool m_accepted = false;
};

}  // namespace kscale::store

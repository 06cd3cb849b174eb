#pragma once

#include <filesystem>

namespace kscale {

/// A small disk of its own under a directory, seen by this process alone, that can be full or read-only.
class StateDisk {
 public:
  /// Makes the directory, and mounts the disk there. Where this process has no right to that, it is an ordinary
  /// directory; `is_real` is then false, and nothing can befall it.
  explicit StateDisk(std::filesystem::path directory);
  StateDisk(const StateDisk&) = delete;
  StateDisk& operator=(const StateDisk&) = delete;
  ~StateDisk();

  bool is_real() const { return m_is_real; }
  /// To the last byte.
  void fill();
  /// Gives the room back.
  void empty();
  /// For whatever is opened from now on, as when the kernel finds a fault in a file system.
  void make_read_only();
  void make_writable();

 private:
  std::filesystem::path ballast() const { return m_directory / "ballast"; }

  std::filesystem::path m_directory;
  bool m_is_real = false;
};

}  // namespace kscale

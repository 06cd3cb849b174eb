#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "libscale/base/descriptor.hpp"
#include "libscale/base/result.hpp"

namespace kscale::store {

/// The right to act on a deployment; at most one holder at a time on this machine.
///
/// The kernel takes it back when the process ends, however it ends. The file stays, and means nothing by itself.
class Lock {
 public:
  /// Takes the lock without waiting for its holder. `who` is the name that others are told, such as "kscale-auto".
  /// `locked` where it is held, be it by this process: "another kscale (kscale-auto, pid 123) is acting on this
  /// deployment". `refused` where the file is a symlink or belongs to another user. On a disk that is read-only now a
  /// file that is there already is locked all the same; others are then told who held it before.
  static Result<Lock> take(const std::filesystem::path& path, std::string_view who);

  /// Who holds it now, such as "kscale-auto, pid 123"; empty when nobody does. "somebody" where that cannot be read.
  static std::string holder(const std::filesystem::path& path);

  Lock(Lock&&) noexcept = default;
  Lock& operator=(Lock&&) noexcept = default;
  ~Lock() = default;

 private:
  explicit Lock(Descriptor file) : m_file(std::move(file)) {}

  Descriptor m_file;
};

}  // namespace kscale::store

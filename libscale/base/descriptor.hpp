#pragma once

#include <string_view>

namespace kscale {

/// An open file descriptor; closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  /// Takes over `fd`, as open(2) gave it: negative where it failed.
  explicit Descriptor(int fd) : m_fd(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  bool is_open() const { return m_fd >= 0; }
  int get() const { return m_fd; }

 private:
  int m_fd = -1;
};

/// Writes the whole text, however many calls that takes. False where one failed; errno says why, and a part may be
/// written.
bool write_all(const Descriptor& file, std::string_view text);

}  // namespace kscale

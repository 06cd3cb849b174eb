#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libscale/monitor/key.hpp"

namespace kscale::cli {

/// Turns what a terminal sends into keys. What is no key that a tool could want, such as UTF-8, is passed over.
/// Sources: ECMA-48, section 5.4 (control sequences); xterm's control sequences, "PC-Style Function Keys".
class KeyDecoder {
 public:
  /// The keys that are whole with these bytes. A sequence may be split at any byte.
  std::vector<monitor::Key> feed(std::string_view bytes);

  /// Whether what came last is the Escape key, or the beginning of a sequence: only time can tell.
  bool is_waiting() const { return !m_begun.empty(); }
  /// Nothing followed in time: the Escape key, if it was that.
  std::vector<monitor::Key> give_up();

 private:
  std::string m_begun;  ///< of a sequence
};

/// The keys of a terminal that is in raw mode.
class Keyboard {
 public:
  /// `fd` must outlive the keyboard.
  explicit Keyboard(int fd) : m_fd(fd) {}

  /// The keys that were pressed. Waits for nothing, but for some milliseconds after an Escape.
  std::vector<monitor::Key> read();
  /// Whether the terminal is gone.
  bool is_closed() const { return m_closed; }

 private:
  bool fill(int milliseconds, std::vector<monitor::Key>& keys);

  int m_fd;
  bool m_closed = false;
  KeyDecoder m_decoder;
};

}  // namespace kscale::cli

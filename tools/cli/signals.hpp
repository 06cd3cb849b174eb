#pragma once

#include <optional>

namespace kscale::cli {

/// Catches SIGINT, SIGTERM and SIGHUP and turns them into descriptors that waits can watch; SIGPIPE is ignored
/// meanwhile. There is one in a process.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  /// Readable from the first SIGINT or SIGTERM on.
  int stop_fd() const { return m_stop_fd; }
  /// Readable after any of the signals, until `take_reload` is asked.
  int any_fd() const { return m_any_fd; }

  /// The signal that asked to stop, the first of them.
  std::optional<int> stop_signal() const;
  /// Whether SIGHUP came since the last time this was asked.
  bool take_reload();

 private:
  int m_stop_fd;
  int m_any_fd;
};

}  // namespace kscale::cli

#pragma once

namespace kscale::cli {

/// Catches what tells of a change of the terminal: another size (SIGWINCH), to be suspended by Ctrl-Z (SIGTSTP), to go
/// on (SIGCONT). For tools that paint; there is one in a process.
class TerminalSignals {
 public:
  TerminalSignals();
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;
  ~TerminalSignals();

  /// Readable after any of them, until `take` is asked.
  int fd() const { return m_fd; }

  struct Change {
    bool any = false;        ///< paint again
    bool suspend = false;    ///< give the terminal back, and stop
    bool continued = false;  ///< after a stop: take the terminal again
  };
  /// What came since the last time this was asked.
  Change take();

 private:
  int m_fd;
};

}  // namespace kscale::cli

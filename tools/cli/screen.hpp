#pragma once

#include <optional>
#include <string>

#include <termios.h>

#include "libscale/base/environment.hpp"
#include "libscale/monitor/frame.hpp"
#include "libscale/monitor/glyphs.hpp"
#include "tools/cli/painting.hpp"
#include "tools/cli/terminal_signals.hpp"

namespace kscale::cli {

/// Whether frames can be painted: stdin and stdout are a terminal, and it is no dumb one.
bool can_paint(const EnvironmentLookup& environment);

/// Without colours where NO_COLOR is set.
Palette palette_for(const EnvironmentLookup& environment);

/// What the locale of the process's environment writes.
monitor::Charset charset_of_locale();

/// What the terminal says, else what COLUMNS and LINES say, else 24 rows of 80 columns.
monitor::Size size_of_terminal(int fd, const EnvironmentLookup& environment);

/// The terminal while frames are painted on it: its other screen, without cursor and echo, each key at once. It is
/// given back however the screen ends. Ctrl-C and Ctrl-Z still send their signals; Ctrl-\, which could not be undone,
/// does not.
class Screen {
 public:
  /// Takes over the terminal that stdin and stdout are. There is one screen in a process.
  explicit Screen(EnvironmentLookup environment);
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  monitor::Size size() const { return size_of_terminal(1, m_environment); }

  /// Readable after the terminal has changed, until `settle` is asked.
  int changes_fd() const { return m_signals.fd(); }
  /// Does what a change asks for: after Ctrl-Z the terminal is given back, and the call returns when the process goes
  /// on. Gives whether there was any, so that all is to be painted again.
  bool settle();

  /// Paints the frame over the one before, in one write.
  void paint(const monitor::Frame& frame);

 private:
  void enter();
  void leave();

  EnvironmentLookup m_environment;
  Palette m_palette;
  TerminalSignals m_signals;
  std::optional<termios> m_before;  ///< as the terminal was
};

}  // namespace kscale::cli

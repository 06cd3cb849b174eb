#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "libscale/base/clock.hpp"

namespace kscale::cli {

/// What is being done, told on stderr. On a terminal it is one line that is painted again with the time that it takes;
/// elsewhere each step is a line of its own.
class Progress {
 public:
  enum class Style { none, lines, terminal };

  /// The style that fits: none when quiet, `terminal` where stderr is one.
  static Style fitting(bool quiet);

  /// `clock` must outlive the progress.
  Progress(std::string tool, Style style, Clock& clock) : m_tool(std::move(tool)), m_style(style), m_clock(&clock) {}

  void step(std::string_view text);
  /// Paints the line again, with the time gone by.
  void tick();
  /// Takes the line off the terminal, before something else is written.
  void clear();

 private:
  std::string m_tool;
  Style m_style;
  Clock* m_clock;
  std::string m_text;
  Instant m_since{};
};

/// A clock whose waits tick a progress. Both lent must outlive it.
class TickingClock final : public Clock {
 public:
  TickingClock(Clock& clock, Progress& progress) : m_clock(clock), m_progress(progress) {}

  Now now() override { return m_clock.now(); }
  Waited wait(std::chrono::nanoseconds span) override;
  void wait_to_the_end(std::chrono::nanoseconds span) override { m_clock.wait_to_the_end(span); }

 private:
  Clock& m_clock;
  Progress& m_progress;
};

}  // namespace kscale::cli

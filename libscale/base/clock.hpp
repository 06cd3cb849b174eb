#pragma once

#include <chrono>

namespace kscale {

/// The clock that spans are measured on: it never jumps, and goes on while the machine sleeps.
/// Its epoch is the boot of the machine, so two processes of one boot can compare their instants.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): the name that std::chrono asks for
};

using Instant = BootClock::time_point;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// One reading of both clocks. A check takes it once and hands it down.
struct Now {
  Instant instant;
  WallTime wall;  ///< UTC; for what is stored or shown, never for spans within one run
};

enum class Waited {
  whole,        ///< the span passed
  interrupted,  ///< a signal ended the wait early
};

/// Time as the library sees it. Tests move it by hand.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  virtual Now now() = 0;

  /// Waits for `span`, or until a signal asks for attention. A signal that came before the call ends it at once.
  virtual Waited wait(std::chrono::nanoseconds span) = 0;

  /// Waits for all of `span`, whatever signals come: for steps that undo others.
  virtual void wait_to_the_end(std::chrono::nanoseconds span) = 0;
};

}  // namespace kscale

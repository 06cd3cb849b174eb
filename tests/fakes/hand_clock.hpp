#pragma once

#include <chrono>
#include <optional>

#include "libscale/base/clock.hpp"

namespace kscale::fakes {

/// A clock that only a test moves, and that waits by going forward.
class HandClock : public Clock {
 public:
  Now now() override { return m_now; }

  Waited wait(std::chrono::nanoseconds span) override {
    if (m_waits_left && (*m_waits_left)-- <= 0) {
      return Waited::interrupted;
    }
    forward(span);
    return Waited::whole;
  }

  void wait_to_the_end(std::chrono::nanoseconds span) override { forward(span); }

  void forward(std::chrono::nanoseconds span) {
    m_now.instant += span;
    m_now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(span);
  }

  /// Somebody sets the wall clock.
  void step_wall(std::chrono::milliseconds by) { m_now.wall += by; }

  /// From the wait after so many on, each wait ends at once, as after a signal.
  void interrupt_after(int waits) { m_waits_left = waits; }
  void no_interrupt() { m_waits_left.reset(); }

 private:
  Now m_now{.instant = Instant(std::chrono::hours(1)), .wall = WallTime(std::chrono::milliseconds(1'795'472'071'755))};
  std::optional<int> m_waits_left;
};

}  // namespace kscale::fakes

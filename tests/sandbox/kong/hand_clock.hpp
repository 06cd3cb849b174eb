#pragma once

#include "libscale/base/clock.hpp"

namespace kscale::sandbox {

/// A clock that only a test moves.
class HandClock : public Clock {
 public:
  Now now() override { return m_now; }
  Waited wait(std::chrono::nanoseconds span) override {
    forward(span);
    return Waited::whole;
  }
  void forward(std::chrono::nanoseconds span) {
    m_now.instant += span;
    m_now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(span);
  }

 private:
  Now m_now{.instant = Instant(std::chrono::hours(1)), .wall = WallTime(std::chrono::milliseconds(1'795'472'071'755))};
};

}  // namespace kscale::sandbox

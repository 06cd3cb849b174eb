#pragma once

#include "libscale/base/clock.hpp"

namespace kscale::control {

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  /// `wake_fd`, when not negative, is a descriptor that becomes readable when a signal asks for attention; it is
  /// watched, never read, and must outlive the clock.
  explicit SystemClock(int wake_fd = -1) : m_wake_fd(wake_fd) {}

  Now now() override;
  Waited wait(std::chrono::nanoseconds span) override;
  void wait_to_the_end(std::chrono::nanoseconds span) override;

 private:
  int m_wake_fd;
};

}  // namespace kscale::control

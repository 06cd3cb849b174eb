#include "libscale/control/system_clock.hpp"

#include <cerrno>
#include <ctime>

#include <poll.h>

namespace kscale::control {

namespace {

Instant boot_time() {
  // CLOCK_BOOTTIME and not CLOCK_MONOTONIC: a cooldown goes on while the machine sleeps.
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return Instant{std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec}};
}

/// Waits until `span` has passed, or until `fd` is readable. A negative descriptor never is.
Waited wait_for(std::chrono::nanoseconds span, int fd) {
  const Instant end = boot_time() + span;
  pollfd wake{.fd = fd, .events = POLLIN, .revents = 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - boot_time());
    const int ready = poll(&wake, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready > 0) {
      return Waited::interrupted;
    }
    if (ready == 0 && boot_time() >= end) {
      return Waited::whole;
    }
    if (ready < 0 && errno != EINTR) {
      return Waited::interrupted;
    }
  }
}

}  // namespace

Now SystemClock::now() {
  return {boot_time(), std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now())};
}

Waited SystemClock::wait(std::chrono::nanoseconds span) {
  return wait_for(span, m_wake_fd);
}

void SystemClock::wait_to_the_end(std::chrono::nanoseconds span) {
  constexpr int k_none = -1;
  static_cast<void>(wait_for(span, k_none));
}

}  // namespace kscale::control

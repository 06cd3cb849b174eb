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

}  // namespace

Now SystemClock::now() {
  return {boot_time(), std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now())};
}

Waited SystemClock::wait(std::chrono::nanoseconds span) {
  const Instant end = boot_time() + span;
  pollfd wake{.fd = m_wake_fd, .events = POLLIN, .revents = 0};  // poll passes over a negative descriptor
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

}  // namespace kscale::control

#include "libscale/control/loop.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace kscale::control {

namespace {

using namespace std::chrono_literals;

/// A check that takes longer than the interval is followed by a pause all the same.
constexpr auto k_shortest_pause = 1s;

/// Waits until `end`, or until there is a wish. What it was, if any.
std::optional<LoopEnd> idle_until(Instant end, Clock& clock, Clock& idle, const Wishes& wishes) {
  while (true) {
    if (const auto wish = wish_of(wishes)) {
      return wish;
    }
    const auto left = end - clock.now().instant;
    if (left <= 0ns) {
      return std::nullopt;
    }
    idle.wait(left);
  }
}

}  // namespace

std::optional<LoopEnd> wish_of(const Wishes& wishes) {
  if (wishes.stop()) {
    return LoopEnd::stopped;
  }
  return wishes.reload() ? std::optional(LoopEnd::reload) : std::nullopt;
}

Result<LoopEnd> run_loop(Autoscaler& autoscaler, Clock& clock, Clock& idle, std::chrono::seconds interval,
                         const OnCheck& on_check, const Wishes& wishes, const Log& log, FirstFailure first_failure) {
  std::string told;
  for (bool first = true;; first = false) {
    const auto begin = clock.now().instant;
    const auto report = autoscaler.check();
    if (!report && report.error().code == Errc::interrupted) {
      return LoopEnd::stopped;
    }
    on_check(report, clock.now().instant - begin);
    if (report) {
      told.clear();
    } else if (first && first_failure == FirstFailure::ends && report.error().code != Errc::locked) {
      return tl::unexpected(report.error());
    } else if (std::exchange(told, report.error().what) != report.error().what) {
      const bool is_waiting = report.error().code == Errc::locked;  // kscale-deploy is at work, which is no fault
      log.say(is_waiting ? Level::notice : Level::error, "{}; trying again every {}s", report.error().what,
              interval.count());
    }
    const auto next = std::max(begin + interval, clock.now().instant + k_shortest_pause);
    if (const auto end = idle_until(next, clock, idle, wishes)) {
      return *end;
    }
  }
}

}  // namespace kscale::control

#include "libscale/store/state.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "libscale/store/files.hpp"

namespace kscale::store {

namespace {

/// Longer ago than this is no longer told apart, so that spans fit their type.
constexpr std::chrono::hours k_longest{24 * 365 * 100};

}  // namespace

Stamp stamp_of(const Now& now, std::string boot_id) {
  return {now.instant, now.wall, std::move(boot_id)};
}

Instant on_this_boot(const Stamp& stamp, const Now& now, std::string_view boot_id) {
  const Instant earliest = now.instant - k_longest;
  if (!stamp.boot_id.empty() && stamp.boot_id == boot_id) {
    return std::clamp(stamp.instant, earliest, now.instant);
  }
  if (stamp.wall >= now.wall) {
    return now.instant;
  }
  // Unsigned, as a damaged stamp may lie further back than the signed type can tell.
  const std::uint64_t ago = static_cast<std::uint64_t>(now.wall.time_since_epoch().count()) -
                            static_cast<std::uint64_t>(stamp.wall.time_since_epoch().count());
  constexpr std::chrono::milliseconds k_most = k_longest;
  return now.instant - std::chrono::milliseconds(std::min(ago, static_cast<std::uint64_t>(k_most.count())));
}

void take_over(State& state, const Now& now, const std::string& boot_id) {
  const auto renew = [&](Stamp& stamp) {
    if (boot_id.empty() || stamp.boot_id != boot_id) {
      const auto instant = on_this_boot(stamp, now, boot_id);
      const auto ago = std::chrono::duration_cast<WallTime::duration>(now.instant - instant);
      stamp = {instant, now.wall - ago, boot_id};
    }
  };
  for (auto* const stamp : {&state.last_up, &state.last_down, &state.last_failure}) {
    if (*stamp) {
      renew(**stamp);
    }
  }
  if (state.pause) {
    renew(state.pause->since);
  }
}

std::string boot_id() {
  std::string text = read_file("/proc/sys/kernel/random/boot_id", 100).value_or("");
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

bool is_paused(const State& state, const Now& now, std::string_view boot_id) {
  const auto& pause = state.pause;
  return pause && (!pause->length || now.instant < on_this_boot(pause->since, now, boot_id) + *pause->length);
}

}  // namespace kscale::store

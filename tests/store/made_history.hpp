#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "libscale/store/history.hpp"

// What histories in tests hold.
namespace kscale::store {

inline constexpr WallTime k_now{std::chrono::milliseconds(1'700'000'000'900)};
/// The begin of a minute.
inline constexpr WallTime k_t0{std::chrono::seconds(1'699'999'200)};
inline constexpr TimeRange k_always{k_t0 - std::chrono::hours(24 * 365), k_t0 + std::chrono::hours(24 * 365)};

inline ScalingEvent event(int n) {
  return {.at = k_now + std::chrono::seconds(n),
          .from = n,
          .to = n + 1,
          .reason = "cpu 91% > 80%",
          .cpu = Percent{91},
          .actor = "kscale-auto"};
}

inline FleetSample sample(WallTime at, int instances = 2, double cpu = 50) {
  FleetSample sample{.at = at, .cpu = Percent{cpu}};
  for (int n = 1; n <= instances; ++n) {
    sample.instances.push_back({.number = n, .cpu = Percent{cpu}, .memory_used = Bytes{1U << 20U}});
  }
  return sample;
}

inline AlertRecord alert(int n, std::optional<WallTime> resolved_at = {}) {
  return {.rule = "high-cpu",
          .subject = "shop-" + std::to_string(n),
          .severity = "warning",
          .summary = "cpu 91% > 80%",
          .since = k_t0 + std::chrono::minutes(n) - std::chrono::seconds(30),
          .fired_at = k_t0 + std::chrono::minutes(n),
          .resolved_at = resolved_at};
}

/// A history with something in each table, and its journal where it was not closed.
inline void fill(History& history) {
  for (int n = 0; n < 60; ++n) {
    CHECK(history.add(sample(k_t0 + n * std::chrono::seconds(10), 5)));
    CHECK(history.add(event(n)));
    CHECK(history.put(alert(n, n % 2 == 0 ? std::optional(k_t0 + std::chrono::hours(24)) : std::nullopt)));
  }
}

}  // namespace kscale::store

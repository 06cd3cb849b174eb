#include "libscale/policy/decide.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kscale::policy {

namespace {

using std::chrono::seconds;

Decision hold(const Situation& now, Cause cause, std::string why) {
  return {.action = Action::hold,
          .from = now.instances,
          .to = now.instances,
          .reason = "hold: " + std::move(why),
          .cause = cause};
}

/// What is left of a span that began at `since`, rounded up, so that "0s left" is never said of a wait.
seconds left_of(seconds span, std::optional<Instant> since, Instant now) {
  return since ? std::max(std::chrono::ceil<seconds>(*since + span - now), seconds{0}) : seconds{0};
}

/// A figure with at most one decimal, so that one just above its threshold does not read as equal to it.
double tenths(double value) {
  return std::round(value * 10) / 10;
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// Thresholds for more instances that are crossed.
struct Pressure {
  std::optional<Cause> first;
  std::vector<std::string> words;  ///< one for each

  void add(Cause cause, std::string text) {
    first = first.value_or(cause);
    words.push_back(std::move(text));
  }
};

Pressure pressure_of(const Rules& rules, const Load& load) {
  Pressure crossed;
  if (load.cpu && load.cpu->at_least > rules.scale_up) {
    crossed.add(Cause::cpu, fmt::format("cpu {:g}% > {:g}%", tenths(load.cpu->at_least.value), rules.scale_up.value));
  }
  if (load.memory && load.memory->at_least > rules.scale_up) {
    crossed.add(Cause::memory,
                fmt::format("memory {:g}% > {:g}%", tenths(load.memory->at_least.value), rules.scale_up.value));
  }
  if (load.request_rate && *load.request_rate > rules.rate_up) {
    crossed.add(Cause::request_rate,
                fmt::format("request rate {:g}/s > {:g}/s", tenths(load.request_rate->value), rules.rate_up.value));
  }
  if (load.response_time && *load.response_time > rules.response_time_up) {
    crossed.add(Cause::response_time, fmt::format("response time {:g}ms > {:g}ms", tenths(load.response_time->count()),
                                                  rules.response_time_up.count()));
  }
  return crossed;
}

/// Which of the metrics that a scale-down needs are not known for the whole fleet.
std::vector<std::string> unknowns(const Load& load) {
  std::vector<std::string> missing;
  const auto note = [&missing](const std::optional<Average>& average, std::string_view name) {
    if (!average) {
      missing.push_back(fmt::format("{} unknown", name));
    } else if (!average->complete) {
      missing.push_back(fmt::format("{} not known of every instance", name));
    }
  };
  note(load.cpu, "cpu");
  note(load.memory, "memory");
  if (!load.request_rate) {
    missing.emplace_back("request rate unknown");
  }
  return missing;
}

bool idle(const Rules& rules, const Load& load) {
  return load.cpu->at_least <= rules.scale_down && load.memory->at_least <= rules.scale_down &&
         *load.request_rate <= rules.rate_down;
}

Decision scale_up(const Rules& rules, const Situation& now, const Pressure& crossed, Instant instant) {
  auto why = joined(crossed.words);
  if (now.instances >= rules.max_instances) {
    return hold(now, Cause::at_max, fmt::format("at max {}, though {}", rules.max_instances, why));
  }
  if (const auto left = left_of(rules.cooldown, now.last_up, instant); left > seconds{0}) {
    return hold(now, Cause::cooldown, fmt::format("cooldown, {}s left, though {}", left.count(), why));
  }
  return {.action = Action::up,
          .from = now.instances,
          .to = now.instances + 1,
          .reason = std::move(why),
          .cause = *crossed.first};
}

Decision scale_down(const Rules& rules, const Situation& now, Instant instant) {
  if (now.instances <= rules.min_instances) {
    return hold(now, Cause::at_min, fmt::format("idle, at min {}", rules.min_instances));
  }
  const auto left =
      std::max(left_of(rules.cooldown, now.last_up, instant), left_of(rules.cooldown, now.last_down, instant));
  if (left > seconds{0}) {
    return hold(now, Cause::cooldown, fmt::format("idle, cooldown, {}s left", left.count()));
  }
  return {.action = Action::down,
          .from = now.instances,
          .to = now.instances - 1,
          .reason = fmt::format("cpu {:g}% <= {:g}%, memory {:g}% <= {:g}%, request rate {:g}/s <= {:g}/s",
                                tenths(now.load.cpu->at_least.value), rules.scale_down.value,
                                tenths(now.load.memory->at_least.value), rules.scale_down.value,
                                tenths(now.load.request_rate->value), rules.rate_down.value),
          .cause = Cause::idle};
}

}  // namespace

std::string_view name_of(Action action) {
  switch (action) {
    case Action::hold:
      return "hold";
    case Action::up:
      return "up";
    case Action::down:
      return "down";
    case Action::repair_up:
      return "repair_up";
    case Action::repair_down:
      return "repair_down";
  }
  return "hold";
}

std::string_view name_of(Cause cause) {
  switch (cause) {
    case Cause::cpu:
      return "cpu";
    case Cause::memory:
      return "memory";
    case Cause::request_rate:
      return "request_rate";
    case Cause::response_time:
      return "response_time";
    case Cause::idle:
      return "idle";
    case Cause::below_min:
      return "below_min";
    case Cause::above_max:
      return "above_max";
    case Cause::steady:
      return "steady";
    case Cause::at_min:
      return "at_min";
    case Cause::at_max:
      return "at_max";
    case Cause::cooldown:
      return "cooldown";
    case Cause::backing_off:
      return "backing_off";
    case Cause::warming_up:
      return "warming_up";
    case Cause::not_serving:
      return "not_serving";
    case Cause::unknown_load:
      return "unknown_load";
    case Cause::paused:
      return "paused";
  }
  return "steady";
}

Decision decide(const Rules& rules, const Situation& situation, Instant now) {
  if (situation.paused) {
    const auto left = situation.paused_until ? std::chrono::ceil<seconds>(*situation.paused_until - now) : seconds{0};
    return hold(situation, Cause::paused,
                situation.paused_until ? fmt::format("paused, {}s left", left.count()) : "paused");
  }
  const int count = situation.instances;
  if (count > rules.max_instances) {
    return {.action = Action::repair_down,
            .from = count,
            .to = rules.max_instances,
            .reason = fmt::format("{} running, max is {}", count, rules.max_instances),
            .cause = Cause::above_max};
  }
  const auto crossed = pressure_of(rules, situation.load);
  const bool short_of_min = count < rules.min_instances;
  if ((short_of_min || crossed.first) && situation.blocked_until && now < *situation.blocked_until) {
    const auto left = std::chrono::ceil<seconds>(*situation.blocked_until - now);
    return hold(situation, Cause::backing_off, fmt::format("adding instances failed, next try in {}s", left.count()));
  }
  if (short_of_min) {
    return {.action = Action::repair_up,
            .from = count,
            .to = rules.min_instances,
            .reason = fmt::format("{} running, min is {}", count, rules.min_instances),
            .cause = Cause::below_min};
  }
  if (crossed.first) {
    return scale_up(rules, situation, crossed, now);
  }
  if (situation.warming_up > 0) {
    return hold(situation, Cause::warming_up, fmt::format("{} of {} warming up", situation.warming_up, count));
  }
  if (situation.not_serving > 0) {
    return hold(situation, Cause::not_serving, fmt::format("{} of {} not serving", situation.not_serving, count));
  }
  if (!situation.knows_health) {
    return hold(situation, Cause::unknown_load, "health by Kong's checks unknown");
  }
  if (const auto missing = unknowns(situation.load); !missing.empty()) {
    return hold(situation, Cause::unknown_load, joined(missing));
  }
  if (idle(rules, situation.load)) {
    return scale_down(rules, situation, now);
  }
  return hold(situation, Cause::steady, "load is between the thresholds");
}

}  // namespace kscale::policy

#include <cmath>

#include <catch2/catch.hpp>

#include "libscale/policy/backoff.hpp"
#include "libscale/policy/decide.hpp"

using namespace std::chrono_literals;
using namespace kscale;
using namespace kscale::policy;

namespace {

constexpr Instant k_start{1000s};

Load load(double cpu, double memory, double rate, double response_time = 20) {
  return {.cpu = Average{{cpu}, true},
          .memory = Average{{memory}, true},
          .request_rate = RequestsPerSecond{rate},
          .response_time = Milliseconds{response_time}};
}

Situation at(int instances, Load carried) {
  return {.instances = instances, .load = carried};
}

}  // namespace

TEST_CASE("decide adds one instance when any metric is above its threshold") {
  CHECK(decide({}, at(3, load(81, 10, 10)), k_start) == Decision{Action::up, 3, 4, "cpu 81% > 80%", Cause::cpu});
  CHECK(decide({}, at(3, load(10, 81, 10)), k_start) == Decision{Action::up, 3, 4, "memory 81% > 80%", Cause::memory});
  CHECK(decide({}, at(3, load(10, 10, 151)), k_start) ==
        Decision{Action::up, 3, 4, "request rate 151/s > 150/s", Cause::request_rate});
  CHECK(decide({}, at(3, load(10, 10, 10, 1500)), k_start) ==
        Decision{Action::up, 3, 4, "response time 1500ms > 1000ms", Cause::response_time});
}

TEST_CASE("decide never says that a figure is above itself") {
  CHECK(decide({}, at(3, load(80.3, 10, 10)), k_start).reason == "cpu 80.3% > 80%");
}

TEST_CASE("decide names every threshold that was crossed") {
  CHECK(decide({}, at(3, load(91, 10, 200)), k_start).reason == "cpu 91% > 80%, request rate 200/s > 150/s");
}

TEST_CASE("decide holds at exactly the threshold for more, and takes one away at exactly the one for less") {
  CHECK(decide({}, at(4, load(80, 80, 150, 1000)), k_start).action == Action::hold);
  CHECK(decide({}, at(4, load(30, 30, 50)), k_start) ==
        Decision{Action::down, 4, 3, "cpu 30% <= 30%, memory 30% <= 30%, request rate 50/s <= 50/s", Cause::idle});
}

TEST_CASE("decide takes one away only when all metrics agree") {
  CHECK(decide({}, at(4, load(31, 10, 10)), k_start).action == Action::hold);
  CHECK(decide({}, at(4, load(10, 31, 10)), k_start).action == Action::hold);
  CHECK(decide({}, at(4, load(10, 10, 51)), k_start).reason == "hold: load is between the thresholds");
}

TEST_CASE("decide takes none away while one does not serve, and adds all the same") {
  auto now = at(4, load(10, 10, 10));
  now.not_serving = 1;
  CHECK(decide({}, now, k_start).reason == "hold: 1 of 4 not serving");
  now.load.cpu = Average{{95}, false};
  CHECK(decide({}, now, k_start).action == Action::up);
}

TEST_CASE("decide changes nothing while paused, not even to mend") {
  auto now = at(1, load(95, 95, 500));
  now.paused = true;
  CHECK(decide({}, now, k_start).reason == "hold: paused");
  now.paused_until = k_start + 90s;
  CHECK(decide({}, now, k_start).reason == "hold: paused, 90s left");
}

TEST_CASE("decide lets up win over down") {
  CHECK(decide({}, at(4, load(10, 10, 10, 2000)), k_start).action == Action::up);
}

TEST_CASE("decide never scales down on a metric that is missing") {
  auto no_cpu = load(10, 10, 10);
  no_cpu.cpu.reset();
  CHECK(decide({}, at(5, no_cpu), k_start).reason == "hold: cpu unknown");
  auto no_memory = load(10, 10, 10);
  no_memory.memory->complete = false;
  CHECK(decide({}, at(5, no_memory), k_start).reason == "hold: memory not known of every instance");
  auto no_rate = load(10, 10, 10);
  no_rate.request_rate.reset();
  CHECK(decide({}, at(5, no_rate), k_start).reason == "hold: request rate unknown");
  CHECK(decide({}, at(5, {}), k_start).reason == "hold: cpu unknown, memory unknown, request rate unknown");
}

TEST_CASE("decide scales up on what it knows, though other metrics are missing") {
  CHECK(decide({}, at(3, {.request_rate = RequestsPerSecond{300}}), k_start).action == Action::up);
}

TEST_CASE("decide needs no response time to scale down: an idle service has none") {
  auto idle = load(10, 10, 0);
  idle.response_time.reset();
  CHECK(decide({}, at(4, idle), k_start).action == Action::down);
}

TEST_CASE("decide holds during the cooldown, however high the load") {
  auto now = at(3, load(200, 10, 10));
  now.last_up = k_start;
  const auto d = decide({.min_instances = 2, .max_instances = 10, .cooldown = 60s}, now, k_start + 59s);
  CHECK(d.to == 3);
  CHECK(d.reason == "hold: cooldown, 1s left, though cpu 200% > 80%");
  CHECK(decide({.cooldown = 60s}, now, k_start + 60s).action == Action::up);
}

TEST_CASE("decide scales up right after a scale-down, but not down right after a scale-up") {
  auto hot = at(4, load(90, 10, 10));
  hot.last_down = k_start;
  CHECK(decide({}, hot, k_start + 1s).action == Action::up);
  auto idle = at(4, load(10, 10, 10));
  idle.last_up = k_start;
  CHECK(decide({}, idle, k_start + 1s).reason == "hold: idle, cooldown, 299s left");
  idle.last_up.reset();
  idle.last_down = k_start;
  CHECK(decide({}, idle, k_start + 299s + 1ms).reason == "hold: idle, cooldown, 1s left");
  CHECK(decide({}, idle, k_start + 300s).action == Action::down);
}

TEST_CASE("decide repairs the bounds at once, without waiting for a cooldown") {
  auto few = at(1, {});
  few.last_up = few.last_down = k_start;
  CHECK(decide({}, few, k_start) == Decision{Action::repair_up, 1, 3, "1 running, min is 3", Cause::below_min});
  auto many = at(8, load(99, 99, 999));
  many.last_up = many.last_down = k_start;
  CHECK(decide({}, many, k_start) == Decision{Action::repair_down, 8, 6, "8 running, max is 6", Cause::above_max});
}

TEST_CASE("decide holds at the bounds") {
  CHECK(decide({}, at(6, load(95, 10, 10)), k_start).reason == "hold: at max 6, though cpu 95% > 80%");
  CHECK(decide({}, at(3, load(5, 5, 5)), k_start).reason == "hold: idle, at min 3");
}

TEST_CASE("decide waits with adding while earlier tries failed, and takes away all the same") {
  auto few = at(2, {});
  few.blocked_until = k_start + 25s;
  CHECK(decide({}, few, k_start).reason == "hold: adding instances failed, next try in 25s");
  CHECK(decide({}, few, k_start + 25s).action == Action::repair_up);
  auto many = at(7, {});
  many.blocked_until = k_start + 25s;
  CHECK(decide({}, many, k_start).action == Action::repair_down);
}

TEST_CASE("decide never scales down while an instance warms up") {
  auto now = at(5, load(10, 10, 10));
  now.warming_up = 1;
  CHECK(decide({}, now, k_start).reason == "hold: 1 of 5 warming up");
}

TEST_CASE("decide tells in one word what decided, without figures") {
  const auto cause = [](const Situation& now) { return name_of(decide({}, now, k_start + 1s).cause); };
  const auto hot = load(10, 81, 200);
  const auto idle = load(10, 10, 10);
  const auto with = [](Situation now, auto&& change) {
    change(now);
    return now;
  };
  CHECK(cause(at(3, hot)) == "memory");  // the first one that is crossed
  CHECK(cause(at(6, hot)) == "at_max");
  CHECK(cause(at(3, idle)) == "at_min");
  CHECK(cause(at(4, idle)) == "idle");
  CHECK(cause(at(4, load(50, 50, 100))) == "steady");
  CHECK(cause(at(4, {})) == "unknown_load");
  CHECK(cause(at(2, {})) == "below_min");
  CHECK(cause(at(7, {})) == "above_max");
  CHECK(cause(with(at(4, hot), [](auto& now) { now.last_up = k_start; })) == "cooldown");
  CHECK(cause(with(at(4, idle), [](auto& now) { now.last_up = k_start; })) == "cooldown");
  CHECK(cause(with(at(4, idle), [](auto& now) { now.warming_up = 1; })) == "warming_up");
  CHECK(cause(with(at(4, idle), [](auto& now) { now.not_serving = 1; })) == "not_serving");
  CHECK(cause(with(at(2, idle), [](auto& now) { now.blocked_until = k_start + 9s; })) == "backing_off");
  CHECK(cause(with(at(2, hot), [](auto& now) { now.paused = true; })) == "paused");
}

TEST_CASE("a start-up spike causes exactly one more instance") {
  // Three instances at 90 %; the new one burns 200 % for its first 30 s, then takes its share of the load.
  Situation now = at(3, load(90, 10, 10));
  int added = 0;
  for (auto t = k_start; t < k_start + 20min; t += 10s) {
    const bool warming = now.last_up && t < *now.last_up + 30s;
    const InstanceLoad warm{.cpu = Percent{270.0 / now.instances}, .memory = Percent{10}};
    std::vector<InstanceLoad> instances(3, warm);
    while (static_cast<int>(instances.size()) < now.instances) {
      instances.push_back(warming ? InstanceLoad{.warming_up = true, .cpu = Percent{200}, .memory = Percent{10}}
                                  : warm);
    }
    now.load.cpu = average_cpu(instances);
    now.warming_up = warming ? 1 : 0;
    const auto d = decide({.cooldown = 10s}, now, t);
    if (d.action == Action::up) {
      ++added;
      now.instances = d.to;
      now.last_up = t;
    }
    REQUIRE(d.to >= d.from);
  }
  CHECK(added == 1);
}

TEST_CASE("a load that swings around a threshold makes few actions an hour") {
  Situation now = at(4, {});
  int actions = 0;
  for (auto t = k_start; t < k_start + 1h; t += 30s) {
    const double angle = std::chrono::duration<double>(t - k_start).count() / 90 * 6.283;
    now.load = load(80 + 15 * std::sin(angle), 20, 60);
    const auto d = decide({}, now, t);
    if (d.action != Action::hold) {
      ++actions;
      now.instances = d.to;
      (d.to > d.from ? now.last_up : now.last_down) = t;
    }
  }
  CHECK(actions == 2);  // from 4 to the max of 6, and never back: the load is never idle
}

TEST_CASE("the back-off doubles from 30 seconds to 30 minutes") {
  CHECK(backoff_after(0) == 0s);
  CHECK(backoff_after(1) == 30s);
  CHECK(backoff_after(2) == 60s);
  CHECK(backoff_after(6) == 960s);
  CHECK(backoff_after(7) == 1800s);
  CHECK(backoff_after(1000000) == 1800s);
}

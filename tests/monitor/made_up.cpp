#include "tests/monitor/made_up.hpp"

#include <array>
#include <cmath>
#include <random>
#include <string>

#include <fmt/format.h>

namespace kscale::tests {

using namespace std::chrono_literals;
using monitor::Snapshot;

namespace {

/// Between 0 and 1, in waves that differ from instance to instance.
double wave(int number, int look) {
  const double t = look;
  return 0.5 + 0.32 * std::sin(t / 9 + number) + 0.18 * std::sin(t / 2.3 + number * 2.1);
}

void give_sample(operate::Overview& overview) {
  for (const auto& instance : overview.instances) {
    if (instance.state == docker::State::running) {
      overview.sample.instances.push_back({.number = instance.number,
                                           .name = instance.name,
                                           .health = instance.health,
                                           .warming_up = instance.warming_up,
                                           .serving = instance.serving,
                                           .uptime = instance.uptime,
                                           .cpu = instance.cpu,
                                           .memory = instance.memory,
                                           .memory_used = instance.memory_used,
                                           .received = instance.received,
                                           .sent = instance.sent});
    }
  }
}

alert::Alert alert_of(alert::Rule rule, std::string subject, alert::Severity severity, std::string summary,
                      std::chrono::seconds age, bool firing) {
  return {.finding = {.rule = rule, .subject = std::move(subject), .severity = severity, .summary = std::move(summary)},
          .since = k_made_up_at - age,
          .firing = firing,
          .fired_at = firing ? k_made_up_at - age / 2 : WallTime{}};
}

}  // namespace

Snapshot made_up(int instances) {
  Snapshot snapshot;
  auto& overview = snapshot.overview;
  overview.at = k_made_up_at;
  overview.deployment = "street-noshery-backend";
  overview.verdict = instances > 0 ? operate::Verdict::healthy : operate::Verdict::unhealthy;
  overview.kong.url = "http://localhost:8001";
  overview.kong.status = kong::NodeStatus{.total_requests = 48'211, .active_connections = 12};
  overview.kong.version = "3.4.2";
  for (int number = 1; number <= instances; ++number) {
    const double load = wave(number, 0);
    overview.instances.push_back({.number = number,
                                  .name = fmt::format("street-noshery-backend-{}", number),
                                  .state = docker::State::running,
                                  .health = docker::Health::healthy,
                                  .cpu = Percent{20 + 55 * load},
                                  .memory = Percent{30 + 8 * wave(number, 40)},
                                  .memory_used = Bytes{static_cast<std::uint64_t>(150e6 + 4e7 * wave(number, 40))},
                                  .received = BytesPerSecond{120e3 * load},
                                  .sent = BytesPerSecond{1.9e6 * load},
                                  .uptime = 11'000s - 431s * number,
                                  .serving = true,
                                  .host_port = 3019 + number,
                                  .image = "street-noshery-backend:latest"});
    overview.targets.push_back({.address = fmt::format("street-noshery-backend-{}:3000", number),
                                .weight = 100,
                                .health = "HEALTHY",
                                .instance = fmt::format("street-noshery-backend-{}", number)});
  }
  give_sample(overview);
  overview.sample.request_rate = RequestsPerSecond{184.25};
  overview.sample.error_rate = Percent{0.12};
  overview.sample.response_time = Milliseconds{23.4};
  overview.sample.response_time_p95 = Milliseconds{88};
  overview.sample.host_cpu = Percent{41};
  overview.sample.host_memory = Percent{63.2};
  overview.sample.host_disk = Percent{71};
  overview.autoscaler.holder = "kscale-auto, pid 4711";
  overview.autoscaler.last = {
      "2026-11-24T09:59:48Z hold instances=3 reason=\"hold: cpu 47%, within 30% and 80%\" cpu=47% memory=34% "
      "rate=184.2/s response=23ms",
      k_made_up_at - 12s, 12s};
  overview.autoscaler.cooldown_down_left = 95s;
  overview.drift.emplace();
  snapshot.events = {
      {.at = k_made_up_at - 3h - 120s, .from = 2, .to = 3, .reason = "cpu 91% > 80%", .actor = "kscale-auto"},
      {.at = k_made_up_at - 41min, .from = 3, .to = 4, .reason = "asked for by an operator", .actor = "kscale-deploy"},
      {.at = k_made_up_at - 205s,
       .from = 4,
       .to = 3,
       .reason = "cpu 22% < 30%, memory 31% < 40%",
       .actor = "kscale-auto"}};
  return snapshot;
}

Snapshot made_up_trouble() {
  auto snapshot = made_up(6);
  auto& overview = snapshot.overview;
  overview.verdict = operate::Verdict::degraded;
  auto& instances = overview.instances;
  instances[0].cpu = Percent{93.1};
  instances[1].health = docker::Health::unhealthy;
  instances[1].serving = false;
  instances[1].fault = "its HEALTHCHECK fails";
  instances[2].state = docker::State::exited;
  instances[2].health = docker::Health::none;
  instances[2].serving = false;
  instances[2].fault = "it ended with exit code 137";
  for (auto* const figure : {&instances[2].cpu, &instances[2].memory}) {
    figure->reset();
  }
  instances[2].memory_used.reset();
  instances[2].received.reset();
  instances[2].sent.reset();
  instances[2].uptime.reset();
  instances[3].warming_up = true;
  instances[3].uptime = 9s;
  instances[4].serving = false;
  overview.targets[4].weight = 0;
  overview.targets[1].health = "UNHEALTHY";
  overview.targets.push_back({.address = "172.18.0.99:3000", .weight = 100, .health = "DNS_ERROR"});
  overview.sample = {};
  give_sample(overview);
  overview.sample.request_rate = RequestsPerSecond{431.5};
  overview.sample.error_rate = Percent{7.4};
  overview.sample.response_time = Milliseconds{1240};
  overview.sample.response_time_p95 = Milliseconds{4100};
  overview.sample.host_cpu = Percent{96};
  overview.sample.host_memory = Percent{78};
  overview.autoscaler.paused = true;
  overview.autoscaler.pause_left = 754s;
  overview.autoscaler.cooldown_up_left = 60s;
  overview.drift = {"Kong has a target 172.18.0.99:3000, but no instance runs there"};
  overview.problems = {"stats of street-noshery-backend-6: no answer from unix:/var/run/docker.sock in 2s"};
  using alert::Rule;
  using alert::Severity;
  snapshot.alerts = {
      alert_of(Rule::errors, "", Severity::critical, "7.4% of the answers are 5xx, above 5%", 312s, true),
      alert_of(Rule::high_cpu, "street-noshery-backend-1", Severity::warning,
               "cpu of street-noshery-backend-1 is 93.1%, above 80%", 95s, true),
      alert_of(Rule::unhealthy_instance, "street-noshery-backend-2", Severity::critical,
               "street-noshery-backend-2 is unhealthy: its HEALTHCHECK fails", 40s, true),
      alert_of(Rule::slow_responses, "", Severity::warning, "responses take 1240 ms on average, above 1000 ms", 18s,
               false),
  };
  snapshot.notices = {"kscale-monitor, pid 812 records the history; this one only shows it"};
  snapshot.events.push_back({.at = k_made_up_at - 30s,
                             .from = 3,
                             .to = 6,
                             .reason = "cpu 96% > 80%",
                             .actor = "kscale-auto",
                             .outcome = "start street-noshery-backend-7: port is already allocated"});
  return snapshot;
}

Snapshot made_up_anyhow(std::uint32_t seed) {
  std::mt19937 random(seed);  // NOLINT(bugprone-random-generator-seed,cert-*): the same each time
  const auto below = [&random](std::uint32_t limit) { return static_cast<int>(random() % limit); };
  const auto text = [&](std::uint32_t longest) {
    constexpr std::array<std::string_view, 8> k_pieces{
        "a", "shop-", " ", "caf\xc3\xa9", "\xe6\xbc\xa2\xe5\xad\x97", "\x1b[2J", "\xff", "e\xcc\x81"};
    std::string made;
    for (int i = below(longest); i > 0; --i) {
      made += k_pieces.at(static_cast<std::size_t>(below(k_pieces.size())));
    }
    return made;
  };
  const auto percent = [&] { return below(4) == 0 ? std::nullopt : std::optional(Percent{below(4000) / 10.0}); };
  auto snapshot = below(3) == 0 ? made_up_trouble() : made_up(below(40));
  auto& overview = snapshot.overview;
  overview.deployment = text(20);
  overview.verdict = static_cast<operate::Verdict>(below(3));
  for (auto& instance : overview.instances) {
    instance.name = text(30);
    instance.state = static_cast<docker::State>(below(8));
    instance.cpu = percent();
    instance.memory = percent();
    instance.sent = BytesPerSecond{std::pow(10.0, below(16))};
    instance.uptime = std::chrono::seconds{below(4'000'000)};
    instance.fault = below(3) == 0 ? text(40) : std::string();
    instance.image = text(40);
  }
  if (below(3) == 0) {
    overview.docker_error = Error{Errc::unreachable, text(60)};
    overview.instances.clear();
  }
  if (below(3) == 0) {
    overview.kong.status.reset();
    overview.kong.error = Error{Errc::timed_out, text(60)};
    overview.targets_error = overview.kong.error;
    overview.targets.clear();
  }
  overview.autoscaler.last->decision = text(60);
  overview.problems = {text(60), text(10)};
  snapshot.notices = {text(60)};
  snapshot.events.back().reason = text(80);
  return snapshot;
}

monitor::Trends made_up_trends(const Snapshot& snapshot, int looks) {
  monitor::Trends trends(240);
  for (int look = looks; look >= 0; --look) {
    auto earlier = snapshot;
    auto& overview = earlier.overview;
    const double load = look == 0 ? 1 : 0.4 + 1.2 * wave(0, look);
    for (auto& instance : overview.instances) {
      if (instance.cpu) {
        instance.cpu->value *= look == 0 ? 1 : 0.35 + 1.3 * wave(instance.number, look);
      }
    }
    overview.sample.instances.clear();
    give_sample(overview);
    if (overview.sample.request_rate && overview.sample.response_time) {
      overview.sample.request_rate->value *= load;
      *overview.sample.response_time *= load;
    }
    trends.add(earlier);
  }
  return trends;
}

}  // namespace kscale::tests

#include "libscale/scrape/page.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "libscale/base/printable.hpp"
#include "libscale/control/silence.hpp"

namespace kscale::scrape {

namespace {

using policy::Action;
using policy::Cause;
using Label = prometheus::ClientMetric::Label;
using Labels = std::vector<Label>;
using Seconds = std::chrono::duration<double>;

/// The decisions that there are, counted from the first check on so that the first of each is seen as one more.
constexpr auto k_decisions = std::to_array<std::pair<Action, Cause>>({{Action::hold, Cause::steady},
                                                                      {Action::hold, Cause::at_min},
                                                                      {Action::hold, Cause::at_max},
                                                                      {Action::hold, Cause::cooldown},
                                                                      {Action::hold, Cause::backing_off},
                                                                      {Action::hold, Cause::warming_up},
                                                                      {Action::hold, Cause::not_serving},
                                                                      {Action::hold, Cause::unknown_load},
                                                                      {Action::hold, Cause::paused},
                                                                      {Action::up, Cause::cpu},
                                                                      {Action::up, Cause::memory},
                                                                      {Action::up, Cause::request_rate},
                                                                      {Action::up, Cause::response_time},
                                                                      {Action::down, Cause::idle},
                                                                      {Action::repair_up, Cause::below_min},
                                                                      {Action::repair_down, Cause::above_max}});

constexpr auto k_outcomes = std::to_array<std::string_view>({"done", "failed", "interrupted"});

std::string_view name_of_outcome(const Status& status) {
  if (status) {
    return "done";
  }
  return status.error().code == Errc::interrupted ? "interrupted" : "failed";
}

/// How long checks took, in seconds. One that scales waits for an instance to be ready, or for requests to end.
class Durations {
 public:
  void add(std::chrono::nanoseconds took) {
    const double seconds = Seconds(took).count();
    for (std::size_t i = 0; i < k_bounds.size(); ++i) {
      m_up_to[i] += seconds <= k_bounds[i] ? 1 : 0;
    }
    ++m_count;
    m_sum += seconds;
  }

  prometheus::ClientMetric::Histogram histogram() const {
    prometheus::ClientMetric::Histogram all{.sample_count = m_count, .sample_sum = m_sum, .bucket = {}};
    for (std::size_t i = 0; i < k_bounds.size(); ++i) {
      all.bucket.push_back({.cumulative_count = m_up_to[i], .upper_bound = k_bounds[i]});
    }
    return all;
  }

 private:
  static constexpr std::array<double, 11> k_bounds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};
  std::array<std::uint64_t, k_bounds.size()> m_up_to{};
  std::uint64_t m_count = 0;
  double m_sum = 0;
};

/// Somebody's action that the autoscaler waits for.
struct HeldOff {
  Instant since;
  Instant seen;  ///< when it was last seen to be so
};

/// All that the page is made of, but for the calls and the time.
struct State {
  Subject subject;
  std::optional<Look> look;    ///< absent: nothing is known
  std::optional<int> desired;  ///< likewise
  std::optional<Now> last;     ///< the end of the autoscaler's last check that did not fail
  std::optional<HeldOff> held_off;
  std::uint64_t failures = 0;
  Durations durations;
  std::map<std::pair<Action, Cause>, std::uint64_t> decisions;  ///< none before the first one
  std::map<std::pair<Action, std::string_view>, std::uint64_t> actions;
};

void forget(State& state) {
  state.look.reset();
  state.desired.reset();
}

/// Neither one that looks no more nor an action that hangs is excused.
bool are_held_off(const State& state, Instant now) {
  const auto& held_off = state.held_off;
  return held_off && now - held_off->since < control::k_longest_action &&
         now - held_off->seen <= control::longest_silence(state.subject.interval);
}

void take(State& state, Look look, std::chrono::nanoseconds took) {
  state.look = std::move(look);
  state.durations.add(took);
}

/// What is known at one reading.
struct Reading {
  State state;
  std::map<std::string, net::PeerCalls, std::less<>> peers;
  Now now;
};

/// The values of one metric.
class Series {
 public:
  Series(const Metric& metric, const std::string& deployment) : m_deployment(deployment) {
    m_family.name = metric.name;
    m_family.help = metric.help;
    m_family.type = metric.type == "counter"     ? prometheus::MetricType::Counter
                    : metric.type == "histogram" ? prometheus::MetricType::Histogram
                                                 : prometheus::MetricType::Gauge;
  }

  void add(double value, Labels labels = {}) {
    auto& one = next(std::move(labels));
    if (m_family.type == prometheus::MetricType::Counter) {
      one.counter.value = value;
    } else {
      one.gauge.value = value;
    }
  }
  void count(std::uint64_t so_many, Labels labels = {}) { add(static_cast<double>(so_many), std::move(labels)); }
  void add(const prometheus::ClientMetric::Histogram& histogram) { next({}).histogram = histogram; }

  /// A share: 1 is the whole.
  void add(const std::optional<Percent>& share, Labels labels = {}) {
    if (share) {
      constexpr double k_whole = 100;
      add(share->value / k_whole, std::move(labels));
    }
  }
  void add(const std::optional<Milliseconds>& span) {
    if (span) {
      add(Seconds(*span).count());
    }
  }
  template <class Unit, class Number>
  void add(const std::optional<Quantity<Unit, Number>>& quantity, Labels labels = {}) {
    if (quantity) {
      add(static_cast<double>(quantity->value), std::move(labels));
    }
  }

  prometheus::MetricFamily take() { return std::move(m_family); }

 private:
  prometheus::ClientMetric& next(Labels labels) {
    auto& one = m_family.metric.emplace_back();
    one.label = std::move(labels);
    one.label.insert(one.label.begin(), Label{"deployment", m_deployment});
    return one;
  }

  const std::string& m_deployment;
  prometheus::MetricFamily m_family;
};

/// A metric, and where its values come from.
struct Row {
  Metric metric;
  std::function<void(const Reading&, Series&)> read;
};

std::string text_of(std::string_view name) {
  return std::string(name);
}

std::string state_of(const control::InstanceSample& instance) {
  return !instance.serving ? "not_serving" : instance.warming_up ? "warming_up" : "serving";
}

void read_instances(const Reading& reading, Series& series) {
  const auto& look = reading.state.look;
  if (!look || !look->instances_known) {
    return;
  }
  for (const auto* const state : {"serving", "warming_up", "not_serving"}) {
    series.add(static_cast<double>(std::ranges::count(look->sample.instances, state, state_of)), {{"state", state}});
  }
}

void read_api_failures(const Reading& reading, Series& series) {
  for (const auto& [peer, calls] : reading.peers) {
    for (const auto& [kind, count] : calls.failures) {
      series.count(count, {{"peer", peer}, {"kind", text_of(name_of(kind))}});
    }
  }
}

/// A figure of the deployment.
template <class Get>
Row of_sample(const Metric& metric, Get get) {
  return {metric, [get](const Reading& reading, Series& series) {
            if (reading.state.look) {
              series.add(get(reading.state.look->sample));
            }
          }};
}

/// A figure of each instance.
template <class Get>
Row of_instance(std::string_view name, std::string_view help, Get get) {
  return {{name, "gauge", "container", help}, [get](const Reading& reading, Series& series) {
            if (reading.state.look) {
              for (const auto& instance : reading.state.look->sample.instances) {
                series.add(get(instance), {{"container", printable(instance.name)}});
              }
            }
          }};
}

std::vector<Row> fleet_rows() {
  return {
      {{"kscale_instances", "gauge", "state",
        "Running instances; each in one state: serving, warming_up or not_serving."},
       read_instances},
      {{"kscale_desired_instances", "gauge", "", "Instances that the last decision asks for."},
       [](const Reading& reading, Series& series) {
         if (reading.state.desired) {
           series.add(*reading.state.desired);
         }
       }},
      {{"kscale_min_instances", "gauge", "", "Never fewer instances run by a decision."},
       [](const Reading& reading, Series& series) { series.add(reading.state.subject.min_instances); }},
      {{"kscale_max_instances", "gauge", "", "Never more instances run by a decision."},
       [](const Reading& reading, Series& series) { series.add(reading.state.subject.max_instances); }},
      {{"kscale_target_drift", "gauge", "", "Disagreements between containers and Kong's targets that are not mended."},
       [](const Reading& reading, Series& series) {
         if (reading.state.look && reading.state.look->drift) {
           series.add(static_cast<double>(*reading.state.look->drift));
         }
       }},
      {{"kscale_paused", "gauge", "", "1 while the operator lets nothing be changed, else 0."},
       [](const Reading& reading, Series& series) {
         if (reading.state.look && reading.state.look->paused) {
           series.add(*reading.state.look->paused ? 1.0 : 0.0);
         }
       }},
  };
}

std::vector<Row> check_rows() {
  return {
      {{"kscale_decisions_total", "counter", "action, cause", "Decisions by what they asked for, and what decided."},
       [](const Reading& reading, Series& series) {
         for (const auto& [decision, count] : reading.state.decisions) {
           series.count(count,
                        {{"action", text_of(name_of(decision.first))}, {"cause", text_of(name_of(decision.second))}});
         }
       }},
      {{"kscale_scaling_actions_total", "counter", "action, outcome",
        "Decisions that were acted upon, by outcome: done, failed or interrupted."},
       [](const Reading& reading, Series& series) {
         for (const auto& [action, count] : reading.state.actions) {
           series.count(count, {{"action", text_of(name_of(action.first))}, {"outcome", text_of(action.second)}});
         }
       }},
      {{"kscale_check_duration_seconds", "histogram", "", "Time that checks took, scaling included."},
       [](const Reading& reading, Series& series) { series.add(reading.state.durations.histogram()); }},
      {{"kscale_check_failures_total", "counter", "", "Checks that failed, so that nothing was decided."},
       [](const Reading& reading, Series& series) { series.count(reading.state.failures); }},
      {{"kscale_checks_held_off", "gauge", "",
        "1 while somebody's action holds checks off, for an hour at most; else 0."},
       [](const Reading& reading, Series& series) {
         series.add(are_held_off(reading.state, reading.now.instant) ? 1.0 : 0.0);
       }},
      {{"kscale_check_interval_seconds", "gauge", "", "Time from the begin of one check to that of the next."},
       [](const Reading& reading, Series& series) { series.add(Seconds(reading.state.subject.interval).count()); }},
      {{"kscale_last_check_timestamp_seconds", "gauge", "", "Unix time at which the last check was complete."},
       [](const Reading& reading, Series& series) {
         if (const auto& last = reading.state.last) {
           series.add(Seconds(last->wall.time_since_epoch()).count());
         }
       }},
      {{"kscale_last_check_age_seconds", "gauge", "", "Time since the last check was complete."},
       [](const Reading& reading, Series& series) {
         if (const auto& last = reading.state.last) {
           series.add(Seconds(reading.now.instant - last->instant).count());
         }
       }},
  };
}

std::vector<Row> load_rows() {
  return {
      of_sample({"kscale_cpu_ratio", "gauge", "", "CPU use of one instance on average, as decisions see it."},
                [](const control::Sample& sample) { return policy::figure_of(sample.load().cpu); }),
      of_sample({"kscale_memory_ratio", "gauge", "", "Memory use of one instance on average, as decisions see it."},
                [](const control::Sample& sample) { return policy::figure_of(sample.load().memory); }),
      of_sample({"kscale_requests_per_second", "gauge", "", "Request rate of the service."},
                [](const control::Sample& sample) { return sample.request_rate; }),
      of_sample({"kscale_error_ratio", "gauge", "", "Share of answers with 5xx."},
                [](const control::Sample& sample) { return sample.error_rate; }),
      of_sample({"kscale_response_time_seconds", "gauge", "", "Mean response time."},
                [](const control::Sample& sample) { return sample.response_time; }),
      of_sample({"kscale_response_time_p95_seconds", "gauge", "", "Time in which 95 of 100 requests are answered."},
                [](const control::Sample& sample) { return sample.response_time_p95; }),
      of_sample({"kscale_host_cpu_ratio", "gauge", "", "CPU use of the machine that kscale runs on."},
                [](const control::Sample& sample) { return sample.host_cpu; }),
      of_sample({"kscale_host_memory_ratio", "gauge", "", "Memory use of that machine."},
                [](const control::Sample& sample) { return sample.host_memory; }),
      of_sample({"kscale_host_disk_ratio", "gauge", "", "Use of that machine's root file system."},
                [](const control::Sample& sample) { return sample.host_disk; }),
      of_instance("kscale_instance_serving",
                  "1 while the instance is not unhealthy and Kong sends it requests, else 0.",
                  [](const control::InstanceSample& instance) { return instance.serving ? 1.0 : 0.0; }),
      of_instance("kscale_instance_cpu_ratio", "CPU use of the instance; what 1 is, cpu-basis says.",
                  [](const control::InstanceSample& instance) { return instance.cpu; }),
      of_instance("kscale_instance_memory_bytes", "Memory that the instance uses.",
                  [](const control::InstanceSample& instance) { return instance.memory_used; }),
      of_instance("kscale_instance_memory_ratio", "Memory that the instance uses of what it may use.",
                  [](const control::InstanceSample& instance) { return instance.memory; }),
      of_instance("kscale_instance_receive_bytes_per_second", "Network traffic to the instance.",
                  [](const control::InstanceSample& instance) { return instance.received; }),
      of_instance("kscale_instance_transmit_bytes_per_second", "Network traffic from the instance.",
                  [](const control::InstanceSample& instance) { return instance.sent; }),
  };
}

std::vector<Row> peer_rows() {
  return {
      {{"kscale_api_calls_total", "counter", "peer", "Calls to docker, kong, its proxy, and others."},
       [](const Reading& reading, Series& series) {
         for (const auto& [peer, calls] : reading.peers) {
           series.count(calls.calls, {{"peer", peer}});
         }
       }},
      {{"kscale_api_errors_total", "counter", "peer, kind",
        "Calls that went wrong: unreachable, timed_out, invalid, unauthorized (401, 403), busy (429) or server_error "
        "(5xx)."},
       read_api_failures},
      {{"kscale_peer_up", "gauge", "peer",
        "1 while the peer answered, whatever it was, when it was last called; else 0."},
       [](const Reading& reading, Series& series) {
         for (const auto& [peer, calls] : reading.peers) {
           series.add(calls.answers ? 1.0 : 0.0, {{"peer", peer}});
         }
       }},
      {{"kscale_build_info", "gauge", "tool, version", "1; who serves this page."},
       [](const Reading& reading, Series& series) {
         series.add(1.0, {{"tool", reading.state.subject.tool}, {"version", reading.state.subject.version}});
       }},
  };
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    std::vector<Row> joined;
    for (auto* const group : {&fleet_rows, &check_rows, &load_rows, &peer_rows}) {
      std::ranges::move(group(), std::back_inserter(joined));
    }
    return joined;
  }();
  return all;
}

}  // namespace

Subject subject_of(std::string tool, std::string version, const control::Settings& settings) {
  return {.tool = std::move(tool),
          .version = std::move(version),
          .deployment = settings.deployment.prefix,
          .interval = settings.check_interval,
          .min_instances = settings.rules.min_instances,
          .max_instances = settings.rules.max_instances};
}

const std::vector<Metric>& all_metrics() {
  static const std::vector<Metric> all = [] {
    std::vector<Metric> list;
    std::ranges::transform(rows(), std::back_inserter(list), &Row::metric);
    return list;
  }();
  return all;
}

/// The state, behind a lock that is held for no longer than a copy.
class Page::Book final : public prometheus::Collectable {
 public:
  Book(Clock& clock, const net::Tally& tally) : m_clock(clock), m_tally(tally) {}

  template <class Change>
  void change(Change&& make) {
    const std::lock_guard lock(m_mutex);
    make(m_state);
  }

  Now now() const { return m_clock.now(); }

  std::vector<prometheus::MetricFamily> Collect() const override {
    const Reading reading{.state = state(), .peers = m_tally.peers(), .now = m_clock.now()};
    const auto deployment = printable(reading.state.subject.deployment);
    std::vector<prometheus::MetricFamily> families;
    for (const auto& row : rows()) {
      Series series(row.metric, deployment);
      row.read(reading, series);
      if (auto family = series.take(); !family.metric.empty()) {
        families.push_back(std::move(family));
      }
    }
    return families;
  }

 private:
  State state() const {
    const std::lock_guard lock(m_mutex);
    return m_state;
  }

  Clock& m_clock;
  const net::Tally& m_tally;
  mutable std::mutex m_mutex;
  State m_state;
};

Page::Page(Subject subject, Clock& clock, const net::Tally& tally) : m_book(std::make_shared<Book>(clock, tally)) {
  set_subject(std::move(subject));
}

void Page::set_subject(Subject subject) {
  m_book->change([&](State& state) {
    if (state.subject.deployment != subject.deployment) {
      state = {};
    }
    state.subject = std::move(subject);
  });
}

void Page::checked(const control::CheckReport& report, std::chrono::nanoseconds took) {
  const auto& decision = report.decision;
  const auto now = m_book->now();
  Look look{.sample = report.sample, .drift = report.drift.size(), .paused = decision.cause == Cause::paused};
  m_book->change([&](State& state) {
    take(state, std::move(look), took);
    state.last = now;
    state.held_off.reset();
    if (state.decisions.empty()) {
      for (const auto& possible : k_decisions) {
        state.decisions[possible] = 0;
      }
      for (const auto action : {Action::up, Action::down, Action::repair_up, Action::repair_down}) {
        for (const auto outcome : k_outcomes) {
          state.actions[{action, outcome}] = 0;
        }
      }
    }
    ++state.decisions[{decision.action, decision.cause}];
    if (report.outcome) {
      ++state.actions[{decision.action, name_of_outcome(report.outcome->status)}];
    }
    state.desired = decision.to;
  });
}

void Page::sampled(Look look, std::optional<Now> last_check, std::chrono::nanoseconds took) {
  const auto now = m_book->now().instant;
  const auto held_off = look.checks_held_off ? std::optional(HeldOff{.since = now, .seen = now}) : std::nullopt;
  m_book->change([&](State& state) {
    take(state, std::move(look), took);
    state.last = last_check;
    state.held_off = held_off;
  });
}

void Page::failed() {
  m_book->change([](State& state) {
    forget(state);
    state.held_off.reset();
    ++state.failures;
  });
}

void Page::held_off() {
  const auto now = m_book->now().instant;
  m_book->change([now](State& state) {
    forget(state);
    state.held_off = {.since = state.held_off ? state.held_off->since : now, .seen = now};
  });
}

std::string Page::text() const {
  return prometheus::TextSerializer().Serialize(m_book->Collect());
}

std::shared_ptr<prometheus::Collectable> Page::collectable() const {
  return m_book;
}

}  // namespace kscale::scrape

#include "tests/monitor/made_up_week.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include <fmt/format.h>

#include "libscale/monitor/steps.hpp"

namespace kscale::tests {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double k_day_minutes = 1440;

/// Between -1 and 1, the same for the same numbers. Source: splitmix64.
double noise(std::int64_t minute, std::uint64_t seed) {
  auto z = static_cast<std::uint64_t>(minute) * 0x9e3779b97f4a7c15U + seed * 0xd1b54a32d192ed03U + 0x2545f4914f6cdd1dU;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  z ^= z >> 31U;
  return static_cast<double>(z >> 11U) / 4503599627370496.0 - 1;
}

/// Noise that wanders instead of jumping.
double drift(std::int64_t minute, int span, std::uint64_t seed) {
  const auto knot = minute / span;
  const auto share = static_cast<double>(minute % span) / span;
  const auto at = [&](std::int64_t k) { return noise(k, seed); };
  return at(knot) * (1 - share) + at(knot + 1) * share;
}

double bump(double minute, double center, double width) {
  return std::exp(-(minute - center) * (minute - center) / (2 * width * width));
}

class Story {
 public:
  explicit Story(const MadeUp& wanted)
      : m_wanted(wanted), m_length(minutes(wanted.length).count()), m_instances(wanted.min_instances) {
    m_data.deployment = "street-noshery-backend";
    m_data.service = "street-noshery-backend";
    m_data.range = {.since = k_made_up_end - wanted.length, .until = k_made_up_end};
    m_data.step = monitor::step_for(m_data.range, seconds{30});
    m_data.written_at = k_made_up_end + seconds{5};
    m_data.rules.min_instances = wanted.min_instances;
    m_data.rules.max_instances = wanted.max_instances;
    m_data.rules.rate_up = RequestsPerSecond{wanted.requests_each * wanted.max_instances};
    m_each.resize(static_cast<std::size_t>(wanted.max_instances));
  }

  monitor::ReportData tell() {
    for (std::int64_t minute = 0; minute < m_length; ++minute) {
      live(minute);
    }
    if (m_wanted.with_trouble) {
      alert("high-cpu", "street-noshery-backend-3", "warning", 0.335, minutes{41},
            "cpu of street-noshery-backend-3 is 93.1%, above 80%");
      alert("at-max", "", "warning", 0.345, minutes{75}, "6 instances run, as many as max-instances allows");
      alert("errors", "", "critical", 0.348, minutes{22}, "7.4% of the answers are 5xx, above 5%");
      alert("high-cpu", "street-noshery-backend-1", "warning", 0.78, minutes{18},
            "cpu of street-noshery-backend-1 is 86.0%, above 80%");
      alert("target-drift", "", "warning", 0.995, minutes{0}, "target 172.18.0.9:3020 has no container");
      m_data.alerts.back().resolved_at.reset();
    }
    m_data.summary = monitor::summary_of(m_fine, m_data.events, m_data.alerts, m_data.range, minutes{1},
                                         {.max_instances = m_wanted.max_instances,
                                          .cpu = Percent{80},
                                          .memory = Percent{80},
                                          .response_time = Milliseconds{1000},
                                          .error_rate = Percent{5}});
    gather();
    return std::move(m_data);
  }

 private:
  WallTime at(std::int64_t minute) const { return m_data.range.since + minutes{minute}; }
  double part(double share) const { return share * static_cast<double>(m_length); }

  bool is_gap(std::int64_t minute) const {
    const auto m = static_cast<double>(minute);
    return m_wanted.with_trouble && m >= part(0.6) && m < part(0.63);
  }

  double requests(std::int64_t minute) const {
    const auto m = static_cast<double>(minute);
    const auto capacity = m_wanted.requests_each * m_wanted.max_instances;
    const auto day = 0.45 - 0.33 * std::cos(2 * std::numbers::pi * (m + 420) / k_day_minutes);
    const auto surges = 0.95 * bump(m, part(0.35), part(0.009)) + 0.2 * bump(m, part(0.78), part(0.006));
    return std::max(0.0, capacity * (day + surges + 0.05 * drift(minute, 23, 1)) * (1 + 0.06 * noise(minute, 2)));
  }

  void live(std::int64_t minute) {
    const auto rate = requests(minute);
    const auto cpu = std::clamp(6 + 74 * rate / (m_wanted.requests_each * m_instances), 0.0, 138.0);
    scale(minute, cpu, rate);
    if (is_gap(minute)) {
      return;
    }
    const auto overload = std::max(0.0, cpu - 80);
    const auto response = 38 + 0.6 * cpu + overload * overload * 0.9 + 8 * std::abs(noise(minute, 3));
    const auto errors = 0.15 + 0.12 * drift(minute, 31, 4) + overload * 0.2;
    store::FleetPoint point{
        .at = at(minute), .instances = same<double>(m_instances), .serving = same<double>(m_instances)};
    point.cpu = same(Percent{cpu});
    point.memory = same(Percent{46 + 9 * drift(minute, 300, 5) + 0.12 * cpu});
    point.request_rate = same(RequestsPerSecond{rate});
    point.error_rate = same(Percent{std::max(0.0, errors)});
    point.response_time = same(Milliseconds{response});
    point.response_time_p95 = same(Milliseconds{response * (2.1 + 0.4 * noise(minute, 6))});
    point.host_cpu = same(Percent{std::min(100.0, 8 + cpu * m_instances / (1.7 * m_wanted.max_instances))});
    point.host_memory = same(Percent{38 + 4.0 * m_instances / m_wanted.max_instances + drift(minute, 200, 7)});
    point.host_disk = same(Percent{61 + 6 * static_cast<double>(minute) / static_cast<double>(m_length)});
    m_fine.push_back(point);
    for (int number = 1; number <= m_instances; ++number) {
      const auto seed = static_cast<std::uint64_t>(number) + 10;
      const auto share = 1 + 0.09 * drift(minute, 97, seed) + 0.07 * noise(minute, seed);
      store::InstancePoint instance{.number = number, .at = at(minute), .serving = same(1.0)};
      instance.cpu = same(Percent{cpu * share});
      instance.memory = same(Percent{point.memory->mean.value + 7 * drift(minute, 700, seed + 1000)});
      m_each[static_cast<std::size_t>(number) - 1].push_back(instance);
    }
  }

  void scale(std::int64_t minute, double cpu, double rate) {
    m_high = cpu > 80 ? m_high + 1 : 0;
    m_low = cpu < 38 ? m_low + 1 : 0;
    int to = m_instances;
    const int stride = std::max(1, m_wanted.max_instances / 12);
    if (m_high >= 3 && minute - m_changed >= 5) {
      to = std::min(m_instances + stride, m_wanted.max_instances);
    } else if (m_low >= 20 && minute - m_changed >= 30) {
      to = std::max(m_instances - stride, m_wanted.min_instances);
    }
    if (to == m_instances) {
      return;
    }
    store::ScalingEvent event{
        .at = at(minute) + seconds{17},
        .from = m_instances,
        .to = to,
        .reason = to > m_instances ? fmt::format("cpu {:.0f}% > 80%", cpu)
                                   : fmt::format("cpu {:.0f}% <= 30%, memory 44% <= 80%, {:.0f} req/s", cpu, rate),
        .cpu = Percent{cpu},
        .memory = Percent{52.5},
        .request_rate = RequestsPerSecond{rate},
        .response_time = Milliseconds{40 + cpu},
        .actor = "kscale-auto"};
    m_changed = minute;
    if (m_wanted.with_trouble && m_data.events.size() == 4) {
      event.outcome = "start container 'street-noshery-backend-5': Docker answered 500: no space left on device";
    } else {
      m_instances = to;
    }
    m_data.events.push_back(event);
  }

  void alert(std::string rule, std::string subject, std::string severity, double when, minutes length,
             std::string summary) {
    const auto since = at(static_cast<std::int64_t>(part(when)));
    m_data.alerts.push_back({.rule = std::move(rule),
                             .subject = std::move(subject),
                             .severity = std::move(severity),
                             .summary = std::move(summary),
                             .since = since,
                             .fired_at = since + minutes{1},
                             .resolved_at = since + minutes{1} + length});
  }

  template <class T>
  static store::Spread<T> same(T value) {
    return {.mean = value, .least = value, .most = value};
  }

  static double& number(double& value) { return value; }
  template <class Unit>
  static double& number(Quantity<Unit>& value) {
    return value.value;
  }

  /// The average of one figure over some points.
  template <class Point, class Get>
  static auto averaged(const std::vector<Point>& points, Get get) {
    auto spread = get(points.front()).value();
    using T = decltype(spread.mean);
    T sum{};
    for (const auto& point : points) {
      const auto one = get(point).value();
      sum = sum + one.mean;
      spread.least = std::min(spread.least, one.least);
      spread.most = std::max(spread.most, one.most);
    }
    const auto count = static_cast<double>(points.size());
    if constexpr (std::is_same_v<T, Milliseconds>) {
      spread.mean = sum / count;
    } else {
      number(sum) /= count;
      spread.mean = sum;
    }
    return spread;
  }

  /// Joins the points of each step.
  template <class Point, class Join>
  void join(const std::vector<Point>& fine, std::vector<Point>& coarse, Join join_some) const {
    std::vector<Point> some;
    const auto step_of = [&](const Point& point) {
      return std::chrono::floor<seconds>(point.at.time_since_epoch()) / m_data.step;
    };
    for (const auto& point : fine) {
      if (!some.empty() && step_of(some.front()) != step_of(point)) {
        coarse.push_back(join_some(some));
        some.clear();
      }
      some.push_back(point);
    }
    if (!some.empty()) {
      coarse.push_back(join_some(some));
    }
  }

  WallTime step_begin(WallTime time) const {
    const auto since = std::chrono::floor<seconds>(time.time_since_epoch());
    return WallTime{since - since % m_data.step};
  }

  void gather() {
    join(m_fine, m_data.fleet, [&](const std::vector<store::FleetPoint>& some) {
      const auto mean = [&](auto member) {
        return averaged(some, [member](const store::FleetPoint& point) { return std::optional(point.*member); });
      };
      const auto known = [&](auto member) {
        return averaged(some, [member](const store::FleetPoint& point) { return point.*member; });
      };
      using P = store::FleetPoint;
      return P{.at = step_begin(some.front().at),
               .instances = mean(&P::instances),
               .serving = mean(&P::serving),
               .cpu = known(&P::cpu),
               .memory = known(&P::memory),
               .request_rate = known(&P::request_rate),
               .error_rate = known(&P::error_rate),
               .response_time = known(&P::response_time),
               .response_time_p95 = known(&P::response_time_p95),
               .host_cpu = known(&P::host_cpu),
               .host_memory = known(&P::host_memory),
               .host_disk = known(&P::host_disk)};
    });
    for (const auto& one : m_each) {
      join(one, m_data.instances, [&](const std::vector<store::InstancePoint>& some) {
        using P = store::InstancePoint;
        P point{.number = some.front().number, .at = step_begin(some.front().at), .serving = same(1.0)};
        point.cpu = averaged(some, [](const P& p) { return p.cpu; });
        point.memory = averaged(some, [](const P& p) { return p.memory; });
        return point;
      });
    }
  }

  MadeUp m_wanted;
  std::int64_t m_length;
  int m_instances;
  int m_high = 0;
  int m_low = 0;
  std::int64_t m_changed = -60;
  monitor::ReportData m_data;
  std::vector<store::FleetPoint> m_fine;                  ///< one a minute
  std::vector<std::vector<store::InstancePoint>> m_each;  ///< likewise, for each instance
};

}  // namespace

monitor::ReportData made_up(const MadeUp& wanted) {
  return Story(wanted).tell();
}

}  // namespace kscale::tests

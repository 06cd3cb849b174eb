#include "libscale/monitor/summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libscale/monitor/wording.hpp"

namespace kscale::monitor {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double k_milliseconds_an_hour = 3'600'000;

seconds whole(double span) {
  return seconds(std::llround(span / 1000));
}

/// A span as a weight.
double weight(milliseconds span) {
  return static_cast<double>(span.count());
}

/// How much of a step the fleet was as large as it may be.
double share_at_max(const store::Spread<double>& instances, int max_instances) {
  if (instances.most < max_instances) {
    return 0;
  }
  const auto width = instances.most - instances.least;
  // A damaged row may have its mean anywhere.
  return instances.least >= max_instances || width <= 0
             ? 1
             : std::clamp((instances.mean - instances.least) / width, 0.0, 1.0);
}

/// Adds `time` where the mean is above the bar.
template <class T>
void add_above(std::optional<double>& sum, const std::optional<store::Spread<T>>& figure, const T& bar, double time) {
  if (figure) {
    sum = sum.value_or(0) + (figure->mean > bar ? time : 0);
  }
}

std::optional<seconds> whole(const std::optional<double>& span) {
  return span ? std::optional(whole(*span)) : std::nullopt;
}

std::vector<AlertTotal> totals_of(const std::vector<store::AlertRecord>& alerts, store::TimeRange range) {
  std::map<std::string, std::vector<std::pair<WallTime, WallTime>>> spans;
  for (const auto& alert : alerts) {
    const auto since = std::max(alert.fired_at, range.since);
    const auto until = std::min(alert.resolved_at.value_or(range.until), range.until);
    if (alert.fired_at < range.until && until >= since) {
      spans[alert.rule].emplace_back(since, until);
    }
  }
  std::vector<AlertTotal> totals;
  for (auto& [rule, firing] : spans) {
    std::ranges::sort(firing);
    milliseconds sum{};
    auto end = range.since;
    for (const auto& [since, until] : firing) {
      sum += std::max(until - std::max(since, end), milliseconds{0});
      end = std::max(end, until);
    }
    totals.push_back({.rule = rule, .count = firing.size(), .firing = std::chrono::floor<seconds>(sum)});
  }
  return totals;
}

std::string instances_text(const store::Spread<double>& instances) {
  if (std::lround(instances.least) == std::lround(instances.most)) {
    return fmt::format("{:.0f} instance{}", instances.most, std::lround(instances.most) == 1 ? "" : "s");
  }
  return fmt::format("{:.0f} to {:.0f} instances, {:.1f} on average", instances.least, instances.most, instances.mean);
}

std::string changes_text(const Summary& summary) {
  if (summary.ups + summary.downs + summary.failures == 0) {
    return "No scaling.";
  }
  auto text = fmt::format("{} and {}", counted(summary.ups, "scale-up"), counted(summary.downs, "scale-down"));
  return summary.failures == 0 ? text + "." : fmt::format("{}; {} failed.", text, summary.failures);
}

std::string bars_text(const Summary& summary) {
  std::vector<std::string> passed;
  bool is_known = false;
  const auto add = [&](std::string_view what, const std::string& bar, const std::optional<seconds>& above) {
    is_known = is_known || above;
    if (above.value_or(seconds{0}) > seconds{0}) {
      passed.push_back(fmt::format("{} ({}) for {}", what, bar, text_of(*above)));
    }
  };
  add("CPU", text_of(summary.bars.cpu), summary.above_cpu);
  add("memory", text_of(summary.bars.memory), summary.above_memory);
  add("response time", text_of(summary.bars.response_time), summary.above_response_time);
  add("errors", text_of(summary.bars.error_rate), summary.above_error_rate);
  if (!passed.empty()) {
    return fmt::format("Above the threshold: {}.", fmt::join(passed, ", "));
  }
  return is_known ? "No threshold passed." : "";
}

std::string alerts_text(const std::vector<AlertTotal>& alerts) {
  std::vector<std::string> rules;
  std::size_t count = 0;
  for (const auto& total : alerts) {
    count += total.count;
    rules.push_back(fmt::format("{} for {}", total.rule, text_of(total.firing)));
  }
  return count == 0 ? "No alerts." : fmt::format("{}: {}.", counted(count, "alert"), fmt::join(rules, ", "));
}

}  // namespace

Bars bars_of(const control::Settings& settings) {
  return {.max_instances = settings.rules.max_instances,
          .cpu = settings.alerting.cpu,
          .memory = settings.alerting.memory,
          .response_time = settings.alerting.response_time,
          .error_rate = settings.alerting.error_rate};
}

Summary summary_of(const std::vector<store::FleetPoint>& fleet, const std::vector<store::ScalingEvent>& events,
                   const std::vector<store::AlertRecord>& alerts, store::TimeRange range, seconds step,
                   const Bars& bars) {
  Summary summary{.bars = bars,
                  .range = std::chrono::floor<seconds>(std::max(range.until - range.since, milliseconds{0}))};
  milliseconds known{};
  milliseconds gap{};
  auto known_until = range.since;
  double at_max = 0;
  double requests = 0;
  double requests_known = 0;
  std::optional<double> cpu, memory, response_time, errors;
  for (const auto& point : fleet) {
    const auto since = std::max(point.at, range.since);
    const auto until = std::min<WallTime>(point.at + step, range.until);
    if (until <= since) {
      continue;
    }
    const auto time = weight(until - since);
    known += until - since;
    gap = std::max(gap, since - known_until);
    known_until = until;
    auto spread = summary.instances.value_or(point.instances);
    spread.least = std::min(spread.least, point.instances.least);
    spread.most = std::max(spread.most, point.instances.most);
    summary.instances = spread;
    summary.instance_hours += point.instances.mean * time / k_milliseconds_an_hour;
    at_max += share_at_max(point.instances, bars.max_instances) * time;
    if (point.request_rate) {
      requests += point.request_rate->mean.value * time;
      requests_known += time;
      summary.most_request_rate =
          std::max(summary.most_request_rate.value_or(RequestsPerSecond{}), point.request_rate->most);
    }
    add_above(cpu, point.cpu, bars.cpu, time);
    add_above(memory, point.memory, bars.memory, time);
    add_above(response_time, point.response_time, bars.response_time, time);
    add_above(errors, point.error_rate, bars.error_rate, time);
  }
  summary.known = std::chrono::floor<seconds>(known);
  summary.longest_gap = std::chrono::floor<seconds>(std::max(gap, range.until - known_until));
  summary.at_max = whole(at_max);
  if (summary.instances) {
    summary.instances->mean = summary.instance_hours * k_milliseconds_an_hour / weight(known);
  }
  if (requests_known > 0) {
    summary.request_rate = RequestsPerSecond{requests / requests_known};
  }
  summary.above_cpu = whole(cpu);
  summary.above_memory = whole(memory);
  summary.above_response_time = whole(response_time);
  summary.above_error_rate = whole(errors);
  for (const auto& event : events) {
    if (event.at >= range.since && event.at < range.until) {
      summary.failures += event.succeeded() ? 0 : 1;
      summary.ups += event.succeeded() && event.to > event.from ? 1 : 0;
      summary.downs += event.succeeded() && event.to < event.from ? 1 : 0;
    }
  }
  summary.alerts = totals_of(alerts, range);
  return summary;
}

std::string text_of(const Summary& summary) {
  std::vector<std::string> sentences;
  if (summary.instances) {
    sentences.push_back(
        fmt::format("{}: {} instance-hours.", instances_text(*summary.instances), number_text(summary.instance_hours)));
  } else {
    sentences.emplace_back("There are no figures for this time.");
  }
  sentences.push_back(changes_text(summary));
  if (summary.at_max > seconds{0}) {
    sentences.push_back(
        fmt::format("At the maximum of {} for {}.", summary.bars.max_instances, text_of(summary.at_max)));
  }
  if (auto passed = bars_text(summary); !passed.empty()) {
    sentences.push_back(std::move(passed));
  }
  sentences.push_back(alerts_text(summary.alerts));
  if (const auto missing = summary.range - summary.known; summary.instances && missing > seconds{0}) {
    sentences.push_back(fmt::format("No data for {} of {}.", text_of(missing), text_of(summary.range)));
  }
  return fmt::format("{}", fmt::join(sentences, " "));
}

}  // namespace kscale::monitor

#include "libscale/monitor/report_charts.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "libscale/monitor/axis.hpp"
#include "libscale/monitor/chart.hpp"
#include "libscale/monitor/point_figures.hpp"
#include "libscale/monitor/step_series.hpp"
#include "libscale/monitor/steps.hpp"
#include "libscale/monitor/wording.hpp"

namespace kscale::monitor {

namespace {

using std::chrono::seconds;

// Colours of the charts.
constexpr int k_blue = 1;
constexpr int k_orange = 2;
constexpr int k_green = 3;
constexpr int k_purple = 4;

/// "41% on average, 93% at most".
std::string told(const StepSeries& series, std::string_view unit) {
  const auto mean = average(series.mean);
  return mean ? fmt::format("{}{} on average, {}{} at most", number_text(*mean), unit,
                            number_text(peak(series.most).value_or(0)), unit)
              : "not known";
}

std::string told_above(const std::optional<seconds>& above, std::string_view bar) {
  if (!above) {
    return "";
  }
  return above->count() > 0 ? fmt::format("; above {} for {}", bar, text_of(*above))
                            : fmt::format("; never above {}", bar);
}

std::string name_of(const ReportData& data, int number) {
  return fmt::format("{}-{}", data.deployment, number);
}

Flag flag_of(const store::ScalingEvent& event) {
  return {.at = event.at,
          .kind = !event.succeeded()       ? Flag::Kind::failed
                  : event.to >= event.from ? Flag::Kind::up
                                           : Flag::Kind::down,
          .text = fmt::format("{}: {}{}", change_text(event), event.reason,
                              event.succeeded() ? "" : fmt::format("; failed: {}", event.outcome))};
}

std::string instances_chart(const ReportData& data, const Steps& steps) {
  const auto instances = series_of(data.fleet, steps, Figure::instances);
  const auto requests = series_of(data.fleet, steps, Figure::request_rate);
  const auto cpu = series_of(data.fleet, steps, Figure::cpu);
  const bool has_requests = requests.is_known();
  const auto max = data.rules.max_instances;
  const auto& summary_instances = data.summary.instances;
  Chart chart{
      .id = "instances",
      .title = has_requests ? "Instances and requests" : "Instances and CPU",
      .told = summary_instances ? fmt::format("{:.1f} on average", summary_instances->mean) : "not known",
      .is_wide = true,
      .left = {.least_top = max + 1.0, .is_count = true},
      .right = has_requests ? Scale{.caption = "req/s"} : Scale{.unit = "%", .least_top = 100},
      .lines = {{.name = has_requests ? "requests per second (right)" : "CPU, mean (right)",
                 .values = has_requests ? requests.mean : cpu.mean,
                 .colour = k_orange,
                 .side = Side::right},
                {.name = "instances (left)", .values = instances.mean, .colour = k_blue, .look = Curve::Look::stepped}},
      .bands = {{.least = instances.least, .most = instances.most, .colour = k_blue, .stepped = true}},
      .levels = {{.value = static_cast<double>(max), .label = fmt::format("max {}", max), .is_alarm = false}}};
  if (!data.events.empty()) {
    chart.told += ". Marks: \u25b2 a scale-up, \u25bc a scale-down, \u00d7 one that failed";
  }
  std::ranges::transform(newest(data.events), std::back_inserter(chart.flags), flag_of);
  return figure_of(chart, steps);
}

/// One instance's figure.
struct Member {
  int number = 0;
  StepSeries series;
  double most = 0;
};

std::vector<Member> members_of(const ReportData& data, const Steps& steps, Figure figure) {
  std::map<int, StepSeries> all;
  for (const auto& point : data.instances) {
    const auto step = steps.index_of(point.at);
    if (const auto spread = figure_of(point, figure); step && spread) {
      all.try_emplace(point.number, steps).first->second.put(*step, spread);
    }
  }
  std::vector<Member> members;
  for (auto& [number, series] : all) {
    const auto most = peak(series.most).value_or(0);
    members.push_back({.number = number, .series = std::move(series), .most = most});
  }
  return members;
}

/// What the middle one of the instances had, and the range of all.
StepSeries middle_of(const std::vector<Member>& members, const Steps& steps) {
  StepSeries middle(steps);
  for (std::size_t i = 0; i < steps.count(); ++i) {
    std::vector<double> values;
    for (const auto& member : members) {
      if (member.series.mean[i]) {
        values.push_back(*member.series.mean[i]);
      }
    }
    if (!values.empty()) {
      std::ranges::sort(values);
      middle.least[i] = values.front();
      middle.most[i] = values.back();
      middle.mean[i] = (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
    }
  }
  return middle;
}

/// Each instance has its line; where they are many, the middle, the range and those with the highest peaks stand out.
void put_members(Chart& chart, std::vector<Member> members, const Steps& steps) {
  constexpr std::size_t k_outstanding = 3;
  if (members.size() <= k_colours) {
    for (auto i = members.size(); i-- > 0;) {
      chart.lines.push_back({.name = fmt::format("instance {}", members[i].number),
                             .values = std::move(members[i].series.mean),
                             .colour = static_cast<int>(i) + 1});
    }
    return;
  }
  auto middle = middle_of(members, steps);
  chart.bands.push_back({.name = fmt::format("range of {} instances", members.size()),
                         .least = std::move(middle.least),
                         .most = std::move(middle.most),
                         .colour = k_blue});
  std::ranges::stable_sort(members, {}, &Member::most);
  const auto outstanding = members.size() - k_outstanding;
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto& member = members[i];
    const bool is_faint = i < outstanding;
    chart.lines.push_back({.name = fmt::format("instance {}", member.number),
                           .values = std::move(member.series.mean),
                           .colour = is_faint ? 0 : k_orange + static_cast<int>(members.size() - 1 - i),
                           .look = is_faint ? Curve::Look::faint : Curve::Look::plain});
  }
  chart.lines.push_back({.name = "median", .values = std::move(middle.mean), .colour = k_blue});
}

/// CPU or memory, by instance.
std::string members_chart(Chart chart, const ReportData& data, const Steps& steps, Figure figure) {
  auto members = members_of(data, steps, figure);
  if (!members.empty()) {
    const auto highest = std::ranges::max_element(members, {}, &Member::most);
    chart.told += fmt::format(". Highest: {}, {}%", name_of(data, highest->number), number_text(highest->most));
  }
  put_members(chart, std::move(members), steps);
  return figure_of(chart, steps);
}

std::string cpu_chart(const ReportData& data, const Steps& steps) {
  const auto& bar = data.summary.bars.cpu;
  return members_chart({.id = "cpu",
                        .title = "CPU by instance",
                        .told = "Mean: " + told(series_of(data.fleet, steps, Figure::cpu), "%") +
                                told_above(data.summary.above_cpu, text_of(bar)),
                        .left = {.unit = "%", .least_top = 100},
                        .levels = {{.value = bar.value, .label = "threshold " + text_of(bar)}}},
                       data, steps, Figure::cpu);
}

std::string memory_chart(const ReportData& data, const Steps& steps) {
  const auto& bar = data.summary.bars.memory;
  return members_chart({.id = "memory",
                        .title = "Memory by instance",
                        .told = "Mean: " + told(series_of(data.fleet, steps, Figure::memory), "%") +
                                told_above(data.summary.above_memory, text_of(bar)),
                        .left = {.unit = "%", .least_top = 100},
                        .levels = {{.value = bar.value, .label = "threshold " + text_of(bar)}}},
                       data, steps, Figure::memory);
}

std::string requests_chart(const ReportData& data, const Steps& steps) {
  const auto requests = series_of(data.fleet, steps, Figure::request_rate);
  return figure_of(
      {.id = "requests",
       .title = "Request rate",
       .told = told(requests, " req/s"),
       .left = {.caption = "req/s"},
       .lines = {{.name = "mean", .values = requests.mean, .colour = k_blue}},
       .bands = {{.name = "least to most", .least = requests.least, .most = requests.most, .colour = k_blue}}},
      steps);
}

std::string response_chart(const ReportData& data, const Steps& steps) {
  const auto& bar = data.summary.bars.response_time;
  const auto mean = series_of(data.fleet, steps, Figure::response_time);
  const auto p95 = series_of(data.fleet, steps, Figure::response_time_p95);
  return figure_of({.id = "response",
                    .title = "Response time",
                    .told = "Mean: " + told(mean, " ms") + told_above(data.summary.above_response_time, text_of(bar)),
                    .left = {.caption = "ms"},
                    .lines = {{.name = "95th percentile", .values = p95.mean, .colour = k_orange},
                              {.name = "mean", .values = mean.mean, .colour = k_blue}},
                    .levels = {{.value = bar.count(), .label = "threshold " + text_of(bar)}}},
                   steps);
}

std::string errors_chart(const ReportData& data, const Steps& steps) {
  const auto& bar = data.summary.bars.error_rate;
  const auto errors = series_of(data.fleet, steps, Figure::error_rate);
  return figure_of(
      {.id = "errors",
       .title = "Error rate",
       .told = "Answers with 5xx: " + told(errors, "%") + told_above(data.summary.above_error_rate, text_of(bar)),
       .left = {.unit = "%", .least_top = 1},
       .lines = {{.name = "mean", .values = errors.mean, .colour = k_purple}},
       .bands = {{.name = "least to most", .least = errors.least, .most = errors.most, .colour = k_purple}},
       .levels = {{.value = bar.value, .label = "threshold " + text_of(bar)}}},
      steps);
}

std::string host_chart(const ReportData& data, const Steps& steps) {
  const auto cpu = series_of(data.fleet, steps, Figure::host_cpu);
  const auto memory = series_of(data.fleet, steps, Figure::host_memory);
  const auto disk = series_of(data.fleet, steps, Figure::host_disk);
  return figure_of({.id = "host",
                    .title = "Host",
                    .told = "CPU: " + told(cpu, "%"),
                    .left = {.unit = "%", .least_top = 100},
                    .lines = {{.name = "disk", .values = disk.mean, .colour = k_green},
                              {.name = "memory", .values = memory.mean, .colour = k_orange},
                              {.name = "CPU", .values = cpu.mean, .colour = k_blue}}},
                   steps);
}

std::string alerts_chart(const ReportData& data, const Steps& steps) {
  std::vector<Lane> lanes;
  for (const auto& total : data.summary.alerts) {
    Lane lane{.name = fmt::format("{}: {}, {}", total.rule, total.count, text_of(total.firing))};
    for (const auto& alert : newest(data.alerts)) {
      if (alert.rule == total.rule) {
        lane.spans.push_back({.since = alert.fired_at,
                              .until = alert.resolved_at.value_or(data.range.until),
                              .is_critical = alert.severity == "critical",
                              .text = alert.summary});
      }
    }
    lanes.push_back(std::move(lane));
  }
  return timeline_of("Alerts over time", lanes, steps);
}

}  // namespace

std::string charts_of(const ReportData& data) {
  const Steps steps(data.range, data.step);
  std::string out = "<div class=\"charts\">\n";
  if (!data.fleet.empty()) {
    for (const auto chart :
         {instances_chart, cpu_chart, memory_chart, requests_chart, response_chart, errors_chart, host_chart}) {
      out += chart(data, steps);
    }
  }
  if (!data.summary.alerts.empty()) {
    out += alerts_chart(data, steps);
  }
  return out + "</div>\n";
}

}  // namespace kscale::monitor

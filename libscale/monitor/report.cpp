#include "libscale/monitor/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libscale/monitor/axis.hpp"
#include "libscale/monitor/chart.hpp"
#include "libscale/monitor/markup.hpp"
#include "libscale/monitor/page.hpp"
#include "libscale/monitor/steps.hpp"
#include "libscale/monitor/wording.hpp"
#include "libscale/operate/figures.hpp"

namespace kscale::monitor {

namespace {

using operate::shown;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t k_most_rows = 500;

// Colours of the charts.
constexpr int k_blue = 1;
constexpr int k_orange = 2;
constexpr int k_green = 3;
constexpr int k_purple = 4;

// --- figures --------------------------------------------------------------------------------------------------------

double raw(double value) {
  return value;
}

double raw(Milliseconds value) {
  return value.count();
}

template <class Unit>
double raw(Quantity<Unit> value) {
  return value.value;
}

/// A figure that can be drawn.
std::optional<double> sound(double value) {
  constexpr double k_absurd = 1e15;
  return value >= 0 && value < k_absurd ? std::optional(value) : std::nullopt;
}

/// A figure step by step.
struct Series {
  Values mean;
  Values least;
  Values most;

  explicit Series(const Steps& steps) : mean(steps.count()), least(steps.count()), most(steps.count()) {}

  template <class T>
  void put(std::size_t step, const std::optional<store::Spread<T>>& spread) {
    if (spread) {
      mean[step] = sound(raw(spread->mean));
      least[step] = sound(raw(spread->least));
      most[step] = sound(raw(spread->most));
    }
  }

  bool is_known() const {
    return std::ranges::any_of(mean, [](const auto& value) { return value.has_value(); });
  }
};

template <class Member>
Series series_of(const std::vector<store::FleetPoint>& fleet, const Steps& steps, Member member) {
  Series series(steps);
  for (const auto& point : fleet) {
    if (const auto step = steps.index_of(point.at)) {
      series.put(*step, std::optional(point.*member));
    }
  }
  return series;
}

template <class T>
Series series_of(const std::vector<store::FleetPoint>& fleet, const Steps& steps,
                 std::optional<store::Spread<T>> store::FleetPoint::*member) {
  Series series(steps);
  for (const auto& point : fleet) {
    if (const auto step = steps.index_of(point.at)) {
      series.put(*step, point.*member);
    }
  }
  return series;
}

std::optional<double> average(const Values& values) {
  double sum = 0;
  double count = 0;
  for (const auto& value : values) {
    sum += value.value_or(0);
    count += value ? 1 : 0;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

std::optional<double> peak(const Values& values) {
  std::optional<double> most;
  for (const auto& value : values) {
    most = value ? std::max(most.value_or(0), *value) : most;
  }
  return most;
}

/// "41% on average, 93% at most".
std::string told(const Series& series, std::string_view unit) {
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

// --- charts ---------------------------------------------------------------------------------------------------------

std::string name_of(const ReportData& data, int number) {
  return fmt::format("{}-{}", data.deployment, number);
}

std::string change_text(const store::ScalingEvent& event) {
  return fmt::format("{} \u2192 {}", event.from, event.to);
}

Flag flag_of(const store::ScalingEvent& event) {
  return {.at = event.at,
          .kind = !event.succeeded()       ? Flag::Kind::failed
                  : event.to >= event.from ? Flag::Kind::up
                                           : Flag::Kind::down,
          .text = fmt::format("{}: {}{}", change_text(event), event.reason,
                              event.succeeded() ? "" : fmt::format("; failed: {}", event.outcome))};
}

/// The newest of a list that is ordered by time, the very newest first.
template <class T>
std::vector<T> newest(const std::vector<T>& list) {
  return {list.rbegin(), list.rbegin() + static_cast<std::ptrdiff_t>(std::min(list.size(), k_most_rows))};
}

std::string instances_chart(const ReportData& data, const Steps& steps) {
  const auto instances = series_of(data.fleet, steps, &store::FleetPoint::instances);
  const auto requests = series_of(data.fleet, steps, &store::FleetPoint::request_rate);
  const auto cpu = series_of(data.fleet, steps, &store::FleetPoint::cpu);
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
  Series series;
  double most = 0;
};

template <class T>
std::vector<Member> members_of(const ReportData& data, const Steps& steps,
                               std::optional<store::Spread<T>> store::InstancePoint::*figure) {
  std::map<int, Series> all;
  for (const auto& point : data.instances) {
    if (const auto step = steps.index_of(point.at); step && point.*figure) {
      all.try_emplace(point.number, steps).first->second.put(*step, point.*figure);
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
Series middle_of(const std::vector<Member>& members, const Steps& steps) {
  Series middle(steps);
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
template <class T>
std::string members_chart(Chart chart, const ReportData& data, const Steps& steps,
                          std::optional<store::Spread<T>> store::InstancePoint::*figure) {
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
                        .told = "Mean: " + told(series_of(data.fleet, steps, &store::FleetPoint::cpu), "%") +
                                told_above(data.summary.above_cpu, text_of(bar)),
                        .left = {.unit = "%", .least_top = 100},
                        .levels = {{.value = bar.value, .label = "threshold " + text_of(bar)}}},
                       data, steps, &store::InstancePoint::cpu);
}

std::string memory_chart(const ReportData& data, const Steps& steps) {
  const auto& bar = data.summary.bars.memory;
  return members_chart({.id = "memory",
                        .title = "Memory by instance",
                        .told = "Mean: " + told(series_of(data.fleet, steps, &store::FleetPoint::memory), "%") +
                                told_above(data.summary.above_memory, text_of(bar)),
                        .left = {.unit = "%", .least_top = 100},
                        .levels = {{.value = bar.value, .label = "threshold " + text_of(bar)}}},
                       data, steps, &store::InstancePoint::memory);
}

std::string requests_chart(const ReportData& data, const Steps& steps) {
  const auto requests = series_of(data.fleet, steps, &store::FleetPoint::request_rate);
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
  const auto mean = series_of(data.fleet, steps, &store::FleetPoint::response_time);
  const auto p95 = series_of(data.fleet, steps, &store::FleetPoint::response_time_p95);
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
  const auto errors = series_of(data.fleet, steps, &store::FleetPoint::error_rate);
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
  const auto cpu = series_of(data.fleet, steps, &store::FleetPoint::host_cpu);
  const auto memory = series_of(data.fleet, steps, &store::FleetPoint::host_memory);
  const auto disk = series_of(data.fleet, steps, &store::FleetPoint::host_disk);
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

// --- tiles ----------------------------------------------------------------------------------------------------------

struct Tile {
  std::string label;
  std::string value;
  std::string note;
};

std::string share_text(seconds part, seconds whole) {
  return whole.count() > 0 ? fmt::format("{:.1f}% of the time",
                                         100 * static_cast<double>(part.count()) / static_cast<double>(whole.count()))
                           : "";
}

/// For how long something was so, in words and in part of the time with data.
Tile time_tile(std::string label, const std::optional<seconds>& time, const Summary& summary) {
  if (!time || summary.known.count() == 0) {
    return {.label = std::move(label), .value = "-", .note = "not known"};
  }
  const bool is_never = time->count() == 0;
  return {.label = std::move(label),
          .value = is_never ? "never" : text_of(*time),
          .note = is_never ? "" : share_text(*time, summary.known)};
}

Tile instances_tile(const Summary& summary) {
  if (!summary.instances) {
    return {.label = "Instances", .value = "-", .note = "not known"};
  }
  const auto& spread = *summary.instances;
  return {
      .label = "Instances",
      .value = fmt::format("{:.0f}", spread.least) +
               (spread.least < spread.most ? fmt::format("\u2013{:.0f}", spread.most) : ""),
      .note = fmt::format("{:.1f} on average, {} instance-hours", spread.mean, number_text(summary.instance_hours))};
}

Tile requests_tile(const Summary& summary) {
  return summary.most_request_rate && summary.request_rate
             ? Tile{.label = "Peak load",
                    .value = number_text(summary.most_request_rate->value) + " req/s",
                    .note = number_text(summary.request_rate->value) + " req/s on average"}
             : Tile{.label = "Peak load", .value = "-", .note = "not known"};
}

Tile alerts_tile(const Summary& summary) {
  std::size_t count = 0;
  std::vector<std::string> rules;
  for (const auto& total : summary.alerts) {
    count += total.count;
    rules.push_back(fmt::format("{} {}", total.rule, text_of(total.firing)));
  }
  return {.label = "Alerts",
          .value = fmt::format("{}", count),
          .note = rules.empty() ? "none fired" : fmt::format("{}", fmt::join(rules, ", "))};
}

std::string tiles_of(const ReportData& data) {
  const auto& summary = data.summary;
  const auto& bars = summary.bars;
  const auto gap = summary.longest_gap;
  const std::array tiles{
      instances_tile(summary),
      time_tile(fmt::format("At the maximum of {}", bars.max_instances), summary.at_max, summary),
      Tile{.label = "Scaling",
           .value = fmt::format("{} up, {} down", summary.ups, summary.downs),
           .note = summary.failures == 0 ? "none failed" : fmt::format("{} failed", summary.failures)},
      requests_tile(summary),
      alerts_tile(summary),
      time_tile("CPU above " + text_of(bars.cpu), summary.above_cpu, summary),
      time_tile("Memory above " + text_of(bars.memory), summary.above_memory, summary),
      time_tile("Responses above " + text_of(bars.response_time), summary.above_response_time, summary),
      time_tile("Errors above " + text_of(bars.error_rate), summary.above_error_rate, summary),
      Tile{
          .label = "Data",
          .value = fmt::format("{:.1f}%", summary.range.count() > 0 ? 100 * static_cast<double>(summary.known.count()) /
                                                                          static_cast<double>(summary.range.count())
                                                                    : 0),
          .note = gap.count() > 0 ? fmt::format("longest gap {}", text_of(gap)) : "no gaps"}};
  std::string out = "<dl class=\"tiles\">\n";
  for (const auto& tile : tiles) {
    out += fmt::format("<div><dt>{}</dt><dd class=\"value\">{}</dd><dd class=\"note\">{}</dd></div>\n",
                       escaped(tile.label), escaped(tile.value), escaped(tile.note));
  }
  return out + "</dl>\n";
}

// --- tables ---------------------------------------------------------------------------------------------------------

struct Column {
  std::string_view header;
  std::string_view look;  ///< a class of the style; empty: as it is
};

/// A cell that stands out where it tells of something bad.
struct Cell {
  std::string text;
  bool is_bad = false;
};

using Rows = std::vector<std::vector<Cell>>;

/// A table in a box of its own, so that it and not the page can be moved sideways. The box takes part in the order of
/// the Tab key for those who have no pointer to move it with.
std::string table_of(std::string_view label, const std::vector<Column>& columns, const Rows& rows) {
  constexpr std::size_t k_long = 12;
  auto out = fmt::format(R"(<div class="table{}" role="region" aria-label="{}" tabindex="0"><table>)",
                         rows.size() > k_long ? " long" : "", label);
  out += "<thead><tr>";
  for (const auto& column : columns) {
    out +=
        fmt::format("<th scope=\"col\"{}>{}</th>", column.look == "number" ? " class=\"number\"" : "", column.header);
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string look{columns.at(i).look};
      if (row[i].is_bad) {
        look += look.empty() ? "bad" : " bad";
      }
      out += fmt::format("<td{}>{}</td>", look.empty() ? "" : fmt::format(" class=\"{}\"", look), escaped(row[i].text));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string section_of(std::string_view title, std::size_t shown_rows, std::size_t all_rows, const std::string& table) {
  const auto note =
      shown_rows < all_rows ? fmt::format("<p class=\"when\">the newest {} of {}</p>\n", shown_rows, all_rows) : "";
  return fmt::format("<h2>{}</h2>\n{}{}", title, note, table);
}

std::string number_or_dash(const std::optional<double>& value, std::string_view unit) {
  return value ? number_text(*value) + std::string(unit) : "-";
}

std::string events_table(const ReportData& data) {
  Rows rows;
  for (const auto& event : newest(data.events)) {
    const auto rate = event.request_rate ? std::optional(event.request_rate->value) : std::nullopt;
    rows.push_back({{text_of(event.at)},
                    {change_text(event)},
                    {event.reason},
                    {event.succeeded() ? "done" : event.outcome, !event.succeeded()},
                    {shown(event.cpu)},
                    {shown(event.memory)},
                    {number_or_dash(rate, "/s")},
                    {shown(event.response_time)},
                    {event.actor}});
  }
  return section_of("Scaling", rows.size(), data.events.size(),
                    table_of("Scaling",
                             {{"Time (UTC)", ""},
                              {"Instances", ""},
                              {"Reason", "text"},
                              {"Outcome", "wrapped"},
                              {"CPU", "number"},
                              {"Memory", "number"},
                              {"Requests", "number"},
                              {"Response", "number"},
                              {"By", ""}},
                             rows));
}

std::string alerts_table(const ReportData& data) {
  Rows rows;
  for (const auto& alert : newest(data.alerts)) {
    const auto end = alert.resolved_at.value_or(data.range.until);
    rows.push_back({{text_of(alert.fired_at)},
                    {alert.resolved_at ? text_of(*alert.resolved_at) : "still firing", !alert.resolved_at},
                    {text_of(std::chrono::floor<seconds>(end - alert.fired_at))},
                    {alert.rule},
                    {alert.severity, alert.severity == "critical"},
                    {alert.subject.empty() ? data.deployment : alert.subject},
                    {alert.summary}});
  }
  return section_of("Alerts", rows.size(), data.alerts.size(),
                    table_of("Alerts",
                             {{"Fired (UTC)", ""},
                              {"Resolved (UTC)", ""},
                              {"For", "number"},
                              {"Rule", ""},
                              {"Severity", ""},
                              {"About", ""},
                              {"What", "text"}},
                             rows));
}

/// "24 Nov 2026".
std::string day_text(WallTime time) {
  constexpr std::string_view k_hour = " 00:00";
  const auto text = text_of(time);
  return text.substr(0, text.size() - k_hour.size());
}

/// The charts' figures in numbers, day by day or, of less than two days, hour by hour.
std::string figures_table(const ReportData& data) {
  const auto length = data.range.until - data.range.since;
  const seconds span = length > days{2} ? seconds{days{1}} : seconds{hours{1}};
  const Steps spans(data.range, std::max(span, data.step));
  Rows rows;
  for (std::size_t i = 0; i < spans.count(); ++i) {
    const auto begin = spans.begin() + spans.length() * static_cast<seconds::rep>(i);
    const store::TimeRange range{.since = std::max(begin, data.range.since),
                                 .until = std::min<WallTime>(begin + spans.length(), data.range.until)};
    std::vector<store::FleetPoint> points;
    std::ranges::copy_if(data.fleet, std::back_inserter(points), [&](const store::FleetPoint& point) {
      return point.at >= begin && point.at < begin + spans.length();
    });
    const auto part = summary_of(points, data.events, {}, range, data.step, data.summary.bars);
    const Steps steps(range, data.step);
    const auto cell = [&](auto member, std::string_view unit, auto which) -> Cell {
      const auto series = series_of(points, steps, member);
      return {number_or_dash(which(series), unit)};
    };
    const auto mean = [](const Series& series) { return average(series.mean); };
    const auto most = [](const Series& series) { return peak(series.most); };
    using store::FleetPoint;
    rows.push_back(
        {{spans.length() < days{1} ? text_of(begin) : day_text(begin)},
         {part.instances ? fmt::format("{:.0f}\u2013{:.0f}", part.instances->least, part.instances->most) : "-"},
         {fmt::format("{} / {}", part.ups, part.downs)},
         cell(&FleetPoint::request_rate, "/s", mean),
         cell(&FleetPoint::request_rate, "/s", most),
         cell(&FleetPoint::cpu, "%", mean),
         cell(&FleetPoint::cpu, "%", most),
         cell(&FleetPoint::memory, "%", mean),
         cell(&FleetPoint::response_time, " ms", mean),
         cell(&FleetPoint::response_time_p95, " ms", most),
         cell(&FleetPoint::error_rate, "%", mean)});
  }
  return section_of(spans.length() < days{1} ? "Hour by hour" : "Day by day", rows.size(), rows.size(),
                    table_of("Figures",
                             {{"From (UTC)", ""},
                              {"Instances", "number"},
                              {"Up / down", "number"},
                              {"Requests, mean", "number"},
                              {"Requests, most", "number"},
                              {"CPU, mean", "number"},
                              {"CPU, most", "number"},
                              {"Memory, mean", "number"},
                              {"Response, mean", "number"},
                              {"p95, most", "number"},
                              {"Errors", "number"}},
                             rows));
}

std::string footer_of(const ReportData& data) {
  const auto& rules = data.rules;
  const auto text = fmt::format(
      "{} to {} instances; up above {} of CPU or memory, {} req/s or {}; down at {} and {} req/s; at most one change "
      "in "
      "{}. Written on {} UTC by kscale-monitor.",
      rules.min_instances, rules.max_instances, text_of(rules.scale_up), number_text(rules.rate_up.value),
      text_of(rules.response_time_up), text_of(rules.scale_down), number_text(rules.rate_down.value),
      text_of(rules.cooldown), text_of(data.written_at));
  return fmt::format("<footer>{}</footer>\n", text);
}

}  // namespace

std::string html_of(const ReportData& data) {
  const Steps steps(data.range, data.step);
  const auto when = fmt::format("{} to {}", text_of(data.range.since), text_of(data.range.until));
  auto body = fmt::format(
      "<h1>{}</h1>\n<p class=\"when\">{}, all times in UTC. Kong's service: {}. Each point of a "
      "chart is {}.</p>\n<p class=\"lead\">{}</p>\n",
      escaped(data.deployment), when, escaped(data.service), text_of(data.step), escaped(text_of(data.summary)));
  if (data.fleet.empty()) {
    body += "<p class=\"nothing\">Figures are kept while kscale-auto or kscale-monitor runs.</p>\n";
  } else {
    body += tiles_of(data);
  }
  body += "<div class=\"charts\">\n";
  if (!data.fleet.empty()) {
    for (const auto chart :
         {instances_chart, cpu_chart, memory_chart, requests_chart, response_chart, errors_chart, host_chart}) {
      body += chart(data, steps);
    }
  }
  if (!data.summary.alerts.empty()) {
    body += alerts_chart(data, steps);
  }
  body += "</div>\n";
  if (!data.events.empty()) {
    body += events_table(data);
  }
  if (!data.alerts.empty()) {
    body += alerts_table(data);
  }
  if (!data.fleet.empty()) {
    body += figures_table(data);
  }
  body += footer_of(data);
  return page_of(fmt::format("{}: {}", data.deployment, when), body);
}

}  // namespace kscale::monitor

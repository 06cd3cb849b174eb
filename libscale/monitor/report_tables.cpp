#include "libscale/monitor/report_tables.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "libscale/monitor/markup.hpp"
#include "libscale/monitor/point_figures.hpp"
#include "libscale/monitor/step_series.hpp"
#include "libscale/monitor/steps.hpp"
#include "libscale/monitor/wording.hpp"
#include "libscale/operate/figures.hpp"

namespace kscale::monitor {

namespace {

using operate::shown;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

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
    const auto cell = [&](Figure figure, std::string_view unit, auto which) -> Cell {
      return {number_or_dash(which(series_of(points, steps, figure)), unit)};
    };
    const auto mean = [](const StepSeries& series) { return average(series.mean); };
    const auto most = [](const StepSeries& series) { return peak(series.most); };
    rows.push_back(
        {{spans.length() < days{1} ? text_of(begin) : day_text(begin)},
         {part.instances ? fmt::format("{:.0f}\u2013{:.0f}", part.instances->least, part.instances->most) : "-"},
         {fmt::format("{} / {}", part.ups, part.downs)},
         cell(Figure::request_rate, "/s", mean),
         cell(Figure::request_rate, "/s", most),
         cell(Figure::cpu, "%", mean),
         cell(Figure::cpu, "%", most),
         cell(Figure::memory, "%", mean),
         cell(Figure::response_time, " ms", mean),
         cell(Figure::response_time_p95, " ms", most),
         cell(Figure::error_rate, "%", mean)});
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

}  // namespace

std::string tables_of(const ReportData& data) {
  std::string out;
  if (!data.events.empty()) {
    out += events_table(data);
  }
  if (!data.alerts.empty()) {
    out += alerts_table(data);
  }
  if (!data.fleet.empty()) {
    out += figures_table(data);
  }
  return out;
}

}  // namespace kscale::monitor

#include "libscale/monitor/history_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/base/rfc3339.hpp"
#include "libscale/monitor/point_figures.hpp"
#include "libscale/monitor/steps.hpp"
#include "libscale/monitor/trend.hpp"
#include "libscale/monitor/wording.hpp"
#include "libscale/operate/events.hpp"
#include "libscale/operate/figures.hpp"
#include "libscale/operate/table.hpp"

namespace kscale::monitor {

namespace {

using operate::shown;
using std::chrono::seconds;
using Align = operate::Column::Align;
using Spread = store::Spread<double>;

/// A figure over several points, each of the same weight.
class Total {
 public:
  void add(const Spread& spread) {
    m_total.least = m_count == 0 ? spread.least : std::min(m_total.least, spread.least);
    m_total.most = m_count == 0 ? spread.most : std::max(m_total.most, spread.most);
    m_total.mean += (spread.mean - m_total.mean) / ++m_count;
  }
  std::optional<Spread> spread() const { return m_count > 0 ? std::optional(m_total) : std::nullopt; }

 private:
  Spread m_total;
  int m_count = 0;
};

/// Points in the order of time.
template <class Point>
using Points = std::vector<const Point*>;

template <class Point>
std::optional<Spread> total_of(const Points<Point>& points, Figure figure) {
  Total total;
  for (const auto* point : points) {
    if (const auto spread = figure_of(*point, figure)) {
      total.add(*spread);
    }
  }
  return total.spread();
}

/// The steps from the first data on to the end of the range.
Steps steps_of(const HistoryView& view, seconds length) {
  return {{view.fleet.front().at, view.range.until}, length};
}

/// The means of the points from step to step.
template <class Point>
Series series_of(const Points<Point>& points, Figure figure, const Steps& steps) {
  std::vector<Total> totals(steps.count());
  for (const auto* point : points) {
    const auto spread = figure_of(*point, figure);
    const auto step = steps.index_of(point->at);
    if (spread && step) {
      totals[*step].add(*spread);
    }
  }
  Series series;
  for (const auto& total : totals) {
    const auto spread = total.spread();
    series.push_back(spread ? std::optional(spread->mean) : std::nullopt);
  }
  return series;
}

/// The series in at most `width` values: means of as many neighbours as that takes.
Series narrowed(const Series& series, std::size_t width) {
  const auto each = (series.size() + width - 1) / width;
  Series narrow;
  for (std::size_t i = 0; i < series.size(); i += each) {
    Total total;
    for (std::size_t k = i; k < std::min(i + each, series.size()); ++k) {
      if (series[k]) {
        total.add({*series[k], *series[k], *series[k]});
      }
    }
    const auto spread = total.spread();
    narrow.push_back(spread ? std::optional(spread->mean) : std::nullopt);
  }
  return narrow;
}

/// A cell of a table: a text, or a trend whose text depends on the room for it.
struct Cell {
  std::string text;
  Series trend;
  double scale = 1;
};

constexpr std::string_view k_trend = "TREND";

/// The table with its columns of that name as wide as there is room, or without them.
std::string table_with_trends(const std::vector<operate::Column>& columns, const std::vector<std::vector<Cell>>& rows,
                              const HistoryStyle& style) {
  constexpr std::size_t k_gap = 2;
  constexpr std::size_t k_widest = 60;
  const auto table = [&](std::size_t trend_width) {
    std::vector<operate::Column> kept;
    std::vector<std::vector<std::string>> lines(rows.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool is_trend = columns[i].header == k_trend;
      if (is_trend && trend_width == 0) {
        continue;
      }
      kept.push_back(columns[i]);
      for (std::size_t k = 0; k < rows.size(); ++k) {
        const auto& cell = rows[k][i];
        lines[k].push_back(is_trend ? style.trend(narrowed(cell.trend, trend_width), cell.scale) : cell.text);
      }
    }
    return operate::table_of(kept, lines);
  };
  auto plain = table(0);
  const auto count = static_cast<std::size_t>(std::ranges::count(columns, k_trend, &operate::Column::header));
  const auto used = plain.find('\n');  // the last column stands right, so that all lines are as long
  if (!style.trend || style.width < used + count * (k_gap + k_trend.size())) {
    return plain;
  }
  return table(std::min((style.width - used) / count - k_gap, k_widest));
}

std::string shown_as(Figure figure, double value) {
  switch (figure) {
    case Figure::request_rate:
      return shown(std::optional(RequestsPerSecond{value}));
    case Figure::response_time:
      return shown(std::optional(Milliseconds(value)));
    case Figure::instances:
      return fmt::format("{}", std::round(value * 10) / 10);
    default:
      return shown(std::optional(Percent{value}));
  }
}

std::string shown_as(Figure figure, const std::optional<Spread>& spread, double Spread::*part) {
  return spread ? shown_as(figure, (*spread).*part) : "-";
}

template <class Point>
Points<Point> pointers_to(const std::vector<Point>& points) {
  Points<Point> pointers;
  std::ranges::transform(points, std::back_inserter(pointers), [](const Point& point) { return &point; });
  return pointers;
}

std::string summary_text(const HistoryView& view) {
  const auto& [since, until] = view.range;
  const auto steps = static_cast<double>(Steps(view.range, view.step).count());
  const auto share = std::min(1.0, static_cast<double>(view.fleet.size()) / steps);
  return fmt::format("history of '{}' from {} to {} ({})\ndata for {:.0f}% of it, {}, {}\n", printable(view.deployment),
                     rfc3339_in_seconds(since), rfc3339_in_seconds(until),
                     shown(std::chrono::floor<seconds>(until - since)), share * 100,
                     counted(view.events.size(), "scaling event"), counted(view.alerts.size(), "alert"));
}

struct Line {
  std::string_view label;
  Figure figure;
};

std::string fleet_text(const HistoryView& view, const HistoryStyle& style) {
  const auto steps = steps_of(view, view.step);
  const auto points = pointers_to(view.fleet);
  std::vector<std::vector<Cell>> rows;
  for (const auto& [label, figure] :
       {Line{"instances", Figure::instances}, Line{"CPU", Figure::cpu}, Line{"memory", Figure::memory},
        Line{"request rate", Figure::request_rate}, Line{"response time", Figure::response_time},
        Line{"errors", Figure::error_rate}}) {
    const auto total = total_of(points, figure);
    auto series = series_of(points, figure, steps);
    const auto peak = peak_of(series, 1);
    rows.push_back({{std::string(label)},
                    {.trend = std::move(series), .scale = peak},
                    {shown_as(figure, total, &Spread::mean)},
                    {shown_as(figure, total, &Spread::least)},
                    {shown_as(figure, total, &Spread::most)}});
  }
  return '\n' + table_with_trends({{"DEPLOYMENT"},
                                   {std::string(k_trend)},
                                   {"MEAN", Align::right},
                                   {"MIN", Align::right},
                                   {"MAX", Align::right}},
                                  rows, style);
}

/// How long an instance served in the step of the point. It need not have been there for all of it, nor the step lie
/// wholly in the range.
double seconds_serving(const store::InstancePoint& point, const HistoryView& view) {
  const auto fleet = std::ranges::lower_bound(view.fleet, point.at, {}, &store::FleetPoint::at);
  const bool is_known = fleet != view.fleet.end() && fleet->at == point.at && fleet->samples > 0;
  const double there = is_known ? std::min(1.0, point.samples / fleet->samples) : 1;
  const std::chrono::duration<double> span =
      std::min<WallTime>(point.at + view.step, view.range.until) - std::max(point.at, view.range.since);
  return point.serving.mean * there * std::max(0.0, span.count());
}

std::string instances_text(const HistoryView& view, const HistoryStyle& style) {
  const auto steps = steps_of(view, view.step);
  std::vector<std::vector<Cell>> rows;
  for (auto it = view.instances.begin(); it != view.instances.end();) {
    Points<store::InstancePoint> points;
    const int number = it->number;
    double serving = 0;
    for (; it != view.instances.end() && it->number == number; ++it) {
      points.push_back(&*it);
      serving += seconds_serving(*it, view);
    }
    auto& row = rows.emplace_back();
    row.push_back({view.name_of(number)});
    for (const auto figure : {Figure::cpu, Figure::memory}) {
      const auto total = total_of(points, figure);
      row.push_back({.trend = series_of(points, figure, steps)});
      row.push_back({shown_as(figure, total, &Spread::mean)});
      row.push_back({shown_as(figure, total, &Spread::most)});
    }
    row.push_back({shown(std::chrono::round<seconds>(std::chrono::duration<double>(serving)))});
  }
  if (rows.empty()) {
    return {};
  }
  // One scale for all, so that instances can be compared.
  for (std::size_t i = 0; i < rows.front().size(); ++i) {
    double peak = 1;
    for (const auto& row : rows) {
      peak = peak_of(row[i].trend, peak);
    }
    for (auto& row : rows) {
      row[i].scale = peak;
    }
  }
  return '\n' + table_with_trends({{"INSTANCE"},
                                   {std::string(k_trend)},
                                   {"CPU", Align::right},
                                   {"MAX", Align::right},
                                   {std::string(k_trend)},
                                   {"MEMORY", Align::right},
                                   {"MAX", Align::right},
                                   {"SERVING", Align::right}},
                                  rows, style);
}

/// What happened at one moment, as a line.
struct Note {
  WallTime at{};
  std::string text;
};

std::vector<Note> notes_of(const HistoryView& view) {
  std::vector<Note> notes;
  for (const auto& event : view.events) {
    notes.push_back({event.at, "  * " + operate::text_of(event) + '\n'});
  }
  for (const auto& alert : view.alerts) {
    const auto end =
        alert.resolved_at
            ? fmt::format("over after {}", shown(std::chrono::floor<seconds>(*alert.resolved_at - alert.fired_at)))
            : std::string("not over");
    notes.push_back(
        {alert.fired_at, fmt::format("  ! {} {} {}: {}; {}\n", rfc3339_in_seconds(alert.fired_at),
                                     printable(alert.severity), printable(alert.rule), printable(alert.summary), end)});
  }
  std::ranges::stable_sort(notes, {}, &Note::at);
  return notes;
}

std::string instances_cell(const Spread& spread) {
  const auto least = std::lround(spread.least);
  const auto most = std::lround(spread.most);
  return least == most ? std::to_string(most) : fmt::format("{}-{}", least, most);
}

/// How long a row of the time line is: some steps of the view, so many that there are at most some 30 rows.
seconds row_step(const HistoryView& view) {
  using namespace std::chrono_literals;
  constexpr int k_rows = 30;
  constexpr std::array<seconds, 14> k_steps{1min, 2min, 5min, 10min, 15min, 20min, 30min, 1h, 2h, 3h, 4h, 6h, 12h, 24h};
  const auto span = view.range.until - view.fleet.front().at;
  const auto* fits =
      std::ranges::find_if(k_steps, [&](seconds step) { return step % view.step == 0s && step * k_rows >= span; });
  if (fits != k_steps.end()) {
    return *fits;
  }
  auto step = std::max(view.step, k_steps.back());
  while (step * k_rows < span) {
    step *= 2;
  }
  return step;
}

std::string time_text(const HistoryView& view) {
  const auto notes = notes_of(view);
  std::string text = "\n";
  auto note = notes.begin();
  const auto tell_until = [&](WallTime time) {
    for (; note != notes.end() && note->at < time; ++note) {
      text += note->text;
    }
  };
  if (view.fleet.empty()) {
    tell_until(WallTime::max());
    return text;
  }
  const auto steps = steps_of(view, row_step(view));
  std::vector<Points<store::FleetPoint>> points(steps.count());
  for (const auto& point : view.fleet) {
    if (const auto step = steps.index_of(point.at)) {
      points[*step].push_back(&point);
    }
  }
  std::vector<std::vector<std::string>> rows;
  const auto begin_of = [&](std::size_t step) {
    return steps.begin() + static_cast<seconds::rep>(step) * steps.length();
  };
  for (std::size_t i = 0; i < points.size(); ++i) {
    auto& row = rows.emplace_back();
    row.push_back(fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(std::chrono::system_clock::to_time_t(begin_of(i)))));
    if (points[i].empty()) {
      row.emplace_back("no data");
      continue;
    }
    row.push_back(instances_cell(total_of(points[i], Figure::instances).value_or(Spread{})));
    for (const auto figure :
         {Figure::cpu, Figure::memory, Figure::request_rate, Figure::response_time, Figure::error_rate}) {
      row.push_back(shown_as(figure, total_of(points[i], figure), &Spread::mean));
    }
  }
  const auto table = operate::table_of({{"TIME (UTC)"},
                                        {"INSTANCES"},
                                        {"CPU", Align::right},
                                        {"MEMORY", Align::right},
                                        {"REQUESTS", Align::right},
                                        {"RESPONSE", Align::right},
                                        {"ERRORS", Align::right}},
                                       rows);
  std::size_t begin = table.find('\n') + 1;
  text += table.substr(0, begin);
  tell_until(steps.begin());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto end = table.find('\n', begin) + 1;
    text += table.substr(begin, end - begin);
    begin = end;
    tell_until(begin_of(i + 1));
  }
  tell_until(WallTime::max());
  return text;
}

}  // namespace

std::string text_of(const HistoryView& view, const HistoryStyle& style) {
  if (view.is_empty()) {
    return fmt::format("no history of '{}' yet from {} to {}: kscale-auto and kscale-monitor write it while they run\n",
                       printable(view.deployment), rfc3339_in_seconds(view.range.since),
                       rfc3339_in_seconds(view.range.until));
  }
  std::string text = summary_text(view);
  if (!view.fleet.empty()) {
    text += fleet_text(view, style) + instances_text(view, style);
  }
  return text + time_text(view);
}

}  // namespace kscale::monitor

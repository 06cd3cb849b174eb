#include "libscale/monitor/report_tiles.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libscale/monitor/markup.hpp"
#include "libscale/monitor/wording.hpp"

namespace kscale::monitor {

namespace {

using std::chrono::seconds;

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

}  // namespace

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

}  // namespace kscale::monitor

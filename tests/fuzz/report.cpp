// The report on whatever a history holds: figures of any size, times of any order, names and reasons of any text.

#include "libscale/monitor/report.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cmath>

#include "libscale/monitor/steps.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using std::chrono::milliseconds;

constexpr WallTime k_begin{std::chrono::seconds(1'795'471'200)};

/// A number as a history gives it: any but infinity.
double take_number(std::string_view& bytes) {
  const auto kind = take_byte(bytes);
  if (kind % 8 != 0) {
    return kind;
  }
  const auto number = std::bit_cast<double>(take_bits(bytes, 8));
  constexpr double k_largest = 1e18;
  return std::abs(number) < k_largest ? number : kind == 0 ? k_largest : -k_largest;
}

template <class T>
void take_figure(std::string_view& bytes, std::optional<store::Spread<T>>& figure) {
  if (take_byte(bytes) % 4 != 0) {
    const auto least = take_number(bytes);
    figure = store::Spread<T>{.mean = T{take_number(bytes)}, .least = T{least}, .most = T{take_number(bytes)}};
  }
}

store::Spread<double> take_spread(std::string_view& bytes) {
  return {.mean = take_number(bytes), .least = take_number(bytes), .most = take_number(bytes)};
}

/// A time within a range, or any that a history gives.
WallTime take_time(std::string_view& bytes, store::TimeRange range, bool any) {
  const auto bits = take_bits(bytes, 5);
  constexpr std::uint64_t k_year_2262 = 9'214'646'400'000;
  return any && bits % 8 == 0
             ? WallTime(milliseconds(take_bits(bytes, 8) % k_year_2262))
             : range.since + milliseconds(bits % static_cast<std::uint64_t>((range.until - range.since).count()));
}

std::string take_text(std::string_view& bytes) {
  const auto length = take_byte(bytes);
  const auto text = bytes.substr(0, length);
  bytes.remove_prefix(text.size());
  return std::string(text);
}

store::FleetPoint take_fleet_point(std::string_view& bytes, const monitor::ReportData& data) {
  const monitor::Steps steps(data.range, data.step);
  store::FleetPoint point{.at = steps.begin() + steps.length() * (take_bits(bytes, 2) % steps.count()),
                          .instances = take_spread(bytes),
                          .serving = take_spread(bytes)};
  take_figure(bytes, point.cpu);
  take_figure(bytes, point.memory);
  take_figure(bytes, point.request_rate);
  take_figure(bytes, point.error_rate);
  take_figure(bytes, point.response_time);
  take_figure(bytes, point.response_time_p95);
  take_figure(bytes, point.host_cpu);
  return point;
}

store::InstancePoint take_instance_point(std::string_view& bytes, const monitor::ReportData& data) {
  const monitor::Steps steps(data.range, data.step);
  store::InstancePoint point{.number = static_cast<int>(take_byte(bytes)),
                             .at = steps.begin() + steps.length() * (take_bits(bytes, 2) % steps.count()),
                             .serving = take_spread(bytes)};
  take_figure(bytes, point.cpu);
  take_figure(bytes, point.memory);
  return point;
}

store::ScalingEvent take_event(std::string_view& bytes, const monitor::ReportData& data) {
  store::ScalingEvent event{.at = take_time(bytes, data.range, false),
                            .from = static_cast<int>(take_byte(bytes)),
                            .to = static_cast<int>(take_byte(bytes)),
                            .reason = take_text(bytes),
                            .actor = take_text(bytes)};
  if (take_byte(bytes) % 2 == 1) {
    event.cpu = Percent{take_number(bytes)};
    event.request_rate = RequestsPerSecond{take_number(bytes)};
    event.response_time = Milliseconds{take_number(bytes)};
    event.outcome = take_text(bytes);
  }
  return event;
}

store::AlertRecord take_alert(std::string_view& bytes, const monitor::ReportData& data) {
  store::AlertRecord alert{.rule = take_text(bytes),
                           .subject = take_text(bytes),
                           .severity = take_byte(bytes) % 2 == 0 ? "critical" : take_text(bytes),
                           .summary = take_text(bytes),
                           .fired_at = take_time(bytes, data.range, true)};
  if (take_byte(bytes) % 2 == 0) {
    alert.resolved_at = take_time(bytes, data.range, true);
  }
  return alert;
}

monitor::ReportData take_data(std::string_view bytes) {
  monitor::ReportData data{.written_at = k_begin};
  const milliseconds length = std::chrono::minutes(take_bits(bytes, 2) + 1);
  data.range = {.since = k_begin, .until = k_begin + length};
  data.step = monitor::step_for(data.range, std::chrono::minutes(1));
  data.deployment = take_text(bytes);
  data.service = take_text(bytes);
  while (!bytes.empty()) {
    switch (take_byte(bytes) % 4) {
      case 0:
        data.fleet.push_back(take_fleet_point(bytes, data));
        break;
      case 1:
        data.instances.push_back(take_instance_point(bytes, data));
        break;
      case 2:
        data.events.push_back(take_event(bytes, data));
        break;
      default:
        data.alerts.push_back(take_alert(bytes, data));
    }
  }
  // As a history gives them: in order of time, and one for each step.
  std::ranges::sort(data.fleet, {}, &store::FleetPoint::at);
  const auto is_of_one_step = [](const auto& a, const auto& b) { return a.at == b.at; };
  data.fleet.erase(std::unique(data.fleet.begin(), data.fleet.end(), is_of_one_step), data.fleet.end());
  std::ranges::sort(data.events, {}, &store::ScalingEvent::at);
  std::ranges::sort(data.alerts, {}, &store::AlertRecord::fired_at);
  std::erase_if(data.alerts, [&](const auto& alert) { return alert.fired_at >= data.range.until; });
  data.summary = monitor::summary_of(data.fleet, data.events, data.alerts, data.range, data.step,
                                     monitor::bars_of(control::Settings{}));
  return data;
}

void look_at(const monitor::Summary& summary) {
  using namespace std::chrono_literals;
  require(summary.known <= summary.range && summary.longest_gap <= summary.range, "no part is longer than the whole");
  for (const auto& span : {std::optional(summary.at_max), summary.above_cpu, summary.above_memory,
                           summary.above_response_time, summary.above_error_rate}) {
    require(span.value_or(0s) >= 0s && span.value_or(0s) <= summary.known + 1s, "nothing lasts longer than is known");
  }
  for (const auto& alerts : summary.alerts) {
    require(alerts.firing >= 0s && alerts.firing <= summary.range, "no alert lasts longer than the range");
  }
}

bool is_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// How often a text stands by itself, and not as a part of a word.
int count_of(std::string_view text, std::string_view word) {
  int count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    count += (at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end])) ? 1 : 0;
  }
  return count;
}

/// What stands between `<` and `>`, without what is quoted in it.
std::string take_tag(std::string_view& rest) {
  std::string tag;
  char quote = 0;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (quote == 0 && c == '>') {
      return tag;
    }
    if (c == quote || (quote == 0 && c == '"')) {
      quote = quote == 0 ? c : '\0';
    } else if (quote == 0) {
      tag += c;
    }
    require(c != '<', "nothing begins within a tag");
  }
  require(false, "each tag ends");
  return tag;
}

/// That what is marked up is marked up by us.
void look_at_markup(std::string_view rest) {
  constexpr std::array<std::string_view, 33> k_names{
      "html", "head", "meta",    "title", "body", "main", "h1",  "h2",    "h3",     "p",          "dl",
      "div",  "dt",   "dd",      "ul",    "li",   "i",    "svg", "g",     "figure", "figcaption", "path",
      "line", "rect", "polygon", "text",  "th",   "td",   "tr",  "table", "thead",  "tbody",      "footer"};
  while (true) {
    rest.remove_prefix(std::min(rest.find('<'), rest.size()));
    if (rest.empty()) {
      return;
    }
    rest.remove_prefix(rest.starts_with("</") ? 2 : 1);
    const auto tag = take_tag(rest);
    const auto name = std::string_view(tag).substr(0, tag.find_first_of(" /"));
    require(std::ranges::find(k_names, name) != k_names.end(), "each tag is one of ours");
    require(tag.find(" on") == std::string::npos && tag.find("src") == std::string::npos &&
                tag.find("href") == std::string::npos && tag.find("style") == std::string::npos,
            "nothing is loaded, and nothing runs");
  }
}

}  // namespace

void take(std::string_view bytes) {
  const auto data = take_data(bytes);
  look_at(data.summary);
  const auto page = monitor::html_of(data);
  require(page.size() <= 200'000 + 200 * bytes.size() + data.instances.size() * 10'000, "a report is not large");
  require(count_of(page, "<script") == 1 && count_of(page, "<style") == 1, "no script and no style but the page's own");
  const std::string_view text = page;
  const auto body = text.find("<body>");
  const auto script = text.rfind("<script>");
  require(body < script, "a report has a body");
  const auto shown = text.substr(body, script - body);
  look_at_markup(shown);
  require_printable_lines(shown, "a line of a report");
  for (const std::string_view word : {"nan", "inf"}) {
    const std::string_view input = bytes;
    require(input.find(word) != std::string_view::npos || count_of(shown, word) == 0, "each figure is a number");
  }
}

}  // namespace kscale::fuzz

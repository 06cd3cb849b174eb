// What is read from a history whose tables hold any rows: values of any type in any column, and indexes that lead to
// the wrong ones. The pages are sound, so that each input is about our reading and not about SQLite's.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "libscale/monitor/history_text.hpp"
#include "libscale/monitor/history_view.hpp"
#include "libscale/monitor/report.hpp"
#include "libscale/store/history.hpp"
#include "tests/fuzz/loose_history.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime k_now = k_begin + 10min;
constexpr store::TimeRange k_shown{k_begin - 24h, k_now + 24h};

struct Question {
  store::TimeRange range;
  seconds step{};
  std::size_t limit = 0;
};

Question take_question(std::string_view& bytes) {
  constexpr std::array<WallTime, 8> k_begins{k_begin,
                                             k_begin + 1ms,
                                             k_begin + 30s,
                                             k_begin + 59'999ms,
                                             k_begin - 24h,
                                             WallTime(0ms),
                                             WallTime(0ms) - 61'001ms,
                                             k_begin + 1h};
  constexpr std::array<milliseconds, 8> k_lengths{20min, 1h, 48h, 1ms, 90'500ms, 24h * 366 * 100, 0ms, -1h};
  constexpr std::array<seconds, 8> k_steps{60s, 1s, 7s, 59s, 61s, 20min, 24h * 500, 0s};
  constexpr std::array<std::size_t, 4> k_limits{100'000, 1, 3, std::numeric_limits<std::size_t>::max()};
  const auto range = take_byte(bytes);
  const auto rest = take_byte(bytes);
  const auto since = k_begins.at(range % 8);
  return {.range = {.since = since, .until = since + k_lengths.at(range / 8 % 8)},
          .step = k_steps.at(rest % 8),
          .limit = k_limits.at(rest / 8 % 4)};
}

struct Answer {
  std::vector<store::FleetPoint> fleet;
  std::vector<store::InstancePoint> instances;
  std::vector<store::ScalingEvent> events;
  std::vector<store::AlertRecord> alerts;

  friend bool operator==(const Answer&, const Answer&) = default;
};

template <class T>
T read(Result<T> result) {
  require(result.has_value(), "a history can be read, whatever is in its tables");
  return std::move(*result);
}

Answer answer_to(store::History& history, const Question& question) {
  return {.fleet = read(history.fleet(question.range, question.step)),
          .instances = read(history.instances(question.range, question.step)),
          .events = read(history.events(question.range.since, question.limit)),
          .alerts = read(history.alerts(question.range.since, question.limit))};
}

void look_at(double number) {
  require_finite(number, "a figure is finite");
}

void look_at(Milliseconds span) {
  require_finite(span.count(), "a span is finite");
}

template <class Unit>
void look_at(Quantity<Unit> quantity) {
  require_finite(quantity.value, "a quantity is finite");
}

void look_at(Bytes bytes) {
  require(bytes.value <= 1'024'000'000'000'000'000U, "an amount of memory is one that can be computed with");
}

template <class T>
void look_at(const store::Spread<T>& spread) {
  for (const auto& figure : {spread.mean, spread.least, spread.most}) {
    look_at(figure);
    require(figure >= T{}, "a figure over a span is not negative");
  }
}

template <class T>
void look_at(const std::optional<T>& figure) {
  if (figure) {
    look_at(*figure);
  }
}

template <class Point>
void look_at_time(const Point& point, const Question& question) {
  const auto step = std::clamp<seconds>(question.step, 1s, 24h * 366);
  require(point.at.time_since_epoch() % step == 0ms, "a step begins at a multiple of its length");
  require(point.at + step > question.range.since && point.at < question.range.until, "a step is in the range");
  require_finite(point.samples, "a number of samples is finite");
  require(point.samples >= 0, "a number of samples is not negative");
}

void look_at(const store::FleetPoint& point, const Question& question) {
  look_at_time(point, question);
  look_at(point.instances);
  look_at(point.serving);
  look_at(point.cpu);
  look_at(point.memory);
  look_at(point.request_rate);
  look_at(point.error_rate);
  look_at(point.response_time);
  look_at(point.response_time_p95);
  look_at(point.host_cpu);
  look_at(point.host_memory);
  look_at(point.host_disk);
}

void look_at(const store::InstancePoint& point, const Question& question) {
  look_at_time(point, question);
  require(point.number >= 0, "an instance's number is not negative");
  look_at(point.serving);
  look_at(point.cpu);
  look_at(point.memory);
  look_at(point.memory_used);
  look_at(point.received);
  look_at(point.sent);
}

void look_at(const store::ScalingEvent& event, const Question& question) {
  require(event.at >= question.range.since, "an event is not older than was asked");
  require(event.from >= 0 && event.to >= 0, "a count is not negative");
  look_at(event.cpu);
  look_at(event.memory);
  look_at(event.request_rate);
  look_at(event.response_time);
}

void look_at(const store::AlertRecord& alert, const Question& question) {
  require(!alert.resolved_at || std::max(alert.fired_at, *alert.resolved_at) >= question.range.since,
          "an alert did not end before what was asked");
}

void look_at(const Answer& answer, const Question& question) {
  for (const auto& point : answer.fleet) {
    look_at(point, question);
  }
  for (const auto& point : answer.instances) {
    look_at(point, question);
  }
  for (const auto& event : answer.events) {
    look_at(event, question);
  }
  for (const auto& alert : answer.alerts) {
    look_at(alert, question);
  }
  using store::InstancePoint;
  const auto place = [](const InstancePoint& point) { return std::tuple(point.number, point.at); };
  const auto rises = [](const auto& points, const auto& key) {
    return std::ranges::adjacent_find(points, std::ranges::greater_equal(), key) == points.end();
  };
  require(rises(answer.fleet, &store::FleetPoint::at), "each step has one point, in the order of time");
  require(rises(answer.instances, place),
          "each step has one point of an instance, in the order of the numbers and then of time");
  require(answer.events.size() <= question.limit && answer.alerts.size() <= question.limit, "no more than was asked");
  require(std::ranges::is_sorted(answer.events, {}, &store::ScalingEvent::at), "events are in the order of time");
  require(std::ranges::is_sorted(answer.alerts, {}, &store::AlertRecord::fired_at), "alerts are in the order of time");
}

/// What people and programs are shown of it.
void look_at_shown(store::History& history) {
  const auto view = read(monitor::read_history(history, {}, k_shown));
  require(json::parse(json::dump(json_of(view))).has_value(), "what programs get is JSON");
  static_cast<void>(csv_of(view));
  require_printable_lines(text_of(view, {.width = 80}), "a line of the history");
}

void look_at_report(store::History& history) {
  static_cast<void>(html_of(read(monitor::gather(history, {}, k_shown, k_now))));
}

/// Whether the history is still the same file.
bool add_to(store::History& history) {
  store::FleetSample sample{.at = k_now, .cpu = Percent{50}, .request_rate = RequestsPerSecond{10}};
  for (int n = 1; n <= 3; ++n) {
    sample.instances.push_back({.number = n, .cpu = Percent{50}, .memory_used = Bytes{1U << 20U}});
  }
  require(history.add(sample).has_value(), "a sample is added, whatever is in the tables");
  const auto points = read(history.instances({k_now, k_now + 1s}, 1s));
  for (int n = 1; n <= 3; ++n) {
    require(std::ranges::find(points, n, &store::InstancePoint::number) != points.end(), "what was added is there");
  }
  const auto notice = history.take_notice();
  require_printable(notice.value_or(""), "what is told of a damaged history");
  return !notice;
}

}  // namespace

void take(std::string_view bytes) {
  static auto filled = std::make_unique<LooseHistory>(k_now);
  auto& history = filled->history();
  const auto lot = lot_of(bytes);
  std::array<Question, 2> questions;
  std::ranges::generate(questions, [&bytes] { return take_question(bytes); });
  filled->fill(bytes);
  for (const auto& question : std::span(questions).first(lot % 4 == 0 ? 2 : 1)) {
    const auto answer = answer_to(history, question);
    look_at(answer, question);
    require(lot % 8 >= 2 || answer_to(history, question) == answer, "a history is read again as the same");
  }
  if (lot % 64 == 2) {
    look_at_shown(history);
  }
  if (lot % 1024 == 3) {
    look_at_report(history);
  }
  require(!history.take_notice(), "nothing of what is read makes a history a damaged one");
  if (lot % 16 == 4) {
    filled->let_go();
    const bool is_same = add_to(history);
    look_at(answer_to(history, questions[0]), questions[0]);
    if (!is_same) {
      filled.reset();  // before the next one begins
      filled = std::make_unique<LooseHistory>(k_now);
    }
  }
}

}  // namespace kscale::fuzz

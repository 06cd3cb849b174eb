#include "libscale/monitor/axis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace kscale::monitor {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr double k_most_steps = 5;
constexpr int k_most_spans = 8;
constexpr std::array<double, 4> k_steps{1, 2, 2.5, 5};
constexpr std::array<double, 7> k_finer_steps{1, 1.5, 2, 2.5, 3, 4, 5};
constexpr std::array<minutes, 18> k_spans{minutes{1}, minutes{2}, minutes{5}, minutes{10}, minutes{15}, minutes{30},
                                          hours{1},   hours{2},   hours{3},   hours{6},    hours{12},   days{1},
                                          days{2},    days{4},    days{7},    days{14},    days{28},    days{56}};

/// What can be drawn in a sensible scale.
double sensible(double most) {
  constexpr double k_least = 1e-3;
  return std::isfinite(most) && most > k_least ? most : 1;
}

/// The shortest of the round steps, such as 1, 2 and 5 times a power of ten, of which so many reach up to `most`.
template <std::size_t N>
double step_to(double most, double steps, const std::array<double, N>& round, bool is_count) {
  for (double power = is_count ? 1 : std::pow(10, std::floor(std::log10(most)) - 2);; power *= 10) {
    for (const auto factor : round) {
      const auto step = factor * power;
      const bool is_whole = !is_count || step == std::floor(step);
      if (is_whole && most / step <= steps) {
        return step;
      }
    }
  }
}

std::string label_of(double value, std::string_view unit) {
  constexpr double k_thousand = 1e3;
  constexpr double k_million = 1e6;
  constexpr double k_large = 1e4;  // up to here four digits are as short as a fraction with a "k"
  if (value >= k_million) {
    return fmt::format("{:g}M{}", value / k_million, unit);
  }
  return value >= k_large ? fmt::format("{:g}k{}", value / k_thousand, unit) : fmt::format("{:g}{}", value, unit);
}

ValueAxis axis_of(double step, int steps, std::string_view unit) {
  ValueAxis axis{.top = step * steps};
  for (int i = 0; i <= steps; ++i) {
    axis.ticks.push_back({.value = step * i, .label = label_of(step * i, unit)});
  }
  return axis;
}

std::tm utc(WallTime time) {
  return fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time)));
}

}  // namespace

ValueAxis value_axis(double most, std::string_view unit, bool is_count) {
  most = sensible(most);
  const auto step = step_to(most, k_most_steps, k_steps, is_count);
  return axis_of(step, static_cast<int>(std::ceil(most / step - 1e-9)), unit);
}

ValueAxis value_axis_in(int steps, double most, std::string_view unit) {
  return axis_of(step_to(sensible(most), steps, k_finer_steps, false), steps, unit);
}

std::vector<TimeTick> time_ticks(store::TimeRange range) {
  const auto length = range.until - range.since;
  const auto* fits = std::ranges::find_if(k_spans, [&](minutes span) { return length <= span * k_most_spans; });
  const auto span = fits != k_spans.end() ? *fits : k_spans.back() * (1 + length / (k_spans.back() * k_most_spans));
  std::vector<TimeTick> ticks;
  // Multiples since the epoch: a day of UTC begins at one.
  const auto first = range.since.time_since_epoch();
  const auto rest = (first % span + span) % span;
  for (auto at = range.since + (rest.count() == 0 ? rest : span - rest); at <= range.until; at += span) {
    const bool is_midnight = at == std::chrono::floor<days>(at);
    ticks.push_back(
        {.at = at, .label = is_midnight ? fmt::format("{:%d %b}", utc(at)) : fmt::format("{:%H:%M}", utc(at))});
  }
  return ticks;
}

}  // namespace kscale::monitor

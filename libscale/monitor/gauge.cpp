#include "libscale/monitor/gauge.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include "libscale/monitor/trend.hpp"

namespace kscale::monitor {

namespace {

constexpr double k_whole = 100;

std::string repeated(std::string_view sign, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) {
    text += sign;
  }
  return text;
}

}  // namespace

Style level_of(double percent) {
  constexpr double k_warning = 60;
  constexpr double k_bad = 80;
  return percent >= k_bad ? Style::bad : percent >= k_warning ? Style::warning : Style::good;
}

Line bar(const std::optional<Percent>& share, int width, Charset charset) {
  const auto& glyphs = glyphs_of(charset);
  const double percent = share && std::isfinite(share->value) ? std::clamp(share->value, 0.0, k_whole) : 0;
  const int used = static_cast<int>(std::round(percent / k_whole * width));
  Line line;
  line.add(repeated(glyphs.bar, used), level_of(percent));
  return line.add(repeated(glyphs.bar_rest, width - used), Style::dim);
}

Line percent_trend(std::span<const std::optional<double>> values, int width, Charset charset) {
  const auto shown = values.last(std::min(values.size(), static_cast<std::size_t>(std::max(width, 0))));
  const auto scale = peak_of(shown, k_whole);
  Line line;
  line.pad(width - static_cast<int>(shown.size()));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    line.add(sparkline(shown.subspan(i, 1), 1, scale, charset), level_of(shown[i].value_or(0)));
  }
  return line;
}

std::string compact(double bytes) {
  constexpr double k_step = 1024;
  constexpr double k_short = 9.95;
  constexpr std::array<std::string_view, 6> k_units{"", "K", "M", "G", "T", "P"};
  std::size_t unit = 0;
  while (bytes > k_step - 0.5 && unit + 1 < k_units.size()) {
    bytes /= k_step;
    ++unit;
  }
  return fmt::format("{:.{}f}{}", bytes, unit > 0 && bytes < k_short ? 1 : 0, k_units.at(unit));
}

}  // namespace kscale::monitor

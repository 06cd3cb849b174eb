#include "tests/sandbox/shape.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace kscale::sandbox {

namespace {

constexpr double k_highest_rate = 20'000;
constexpr double k_longest_step = 86'400;

std::optional<double> number_of(std::string_view text, double highest) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const bool is_number = read.ec == std::errc{} && read.ptr == end && number >= 0 && number <= highest;
  return is_number ? std::optional(number) : std::nullopt;
}

/// The time from the start of a step until `count` requests of it are due; nothing when it has fewer.
std::optional<double> time_until(const LoadStep& step, double count) {
  const double length = step.length.count();
  const double whole = (step.from.value + step.to.value) / 2 * length;
  if (count >= whole) {
    return std::nullopt;
  }
  const double slope = (step.to.value - step.from.value) / length;
  if (std::abs(slope) < 1e-9) {
    return count / step.from.value;
  }
  // from * t + slope / 2 * t^2 = count
  const double root = std::sqrt(std::max(0.0, step.from.value * step.from.value + 2 * slope * count));
  return (root - step.from.value) / slope;
}

}  // namespace

Result<LoadShape> parse_shape(std::string_view text) {
  LoadShape shape;
  auto rest = text;
  while (true) {
    const auto part = rest.substr(0, rest.find(','));
    const auto colon = part.find(':');
    const auto rates = part.substr(0, colon);
    const auto dash = rates.find('-');
    const auto from = number_of(rates.substr(0, dash), k_highest_rate);
    const auto to = dash == std::string_view::npos ? from : number_of(rates.substr(dash + 1), k_highest_rate);
    const auto length =
        colon == std::string_view::npos ? std::nullopt : number_of(part.substr(colon + 1), k_longest_step);
    if (!from || !to || !length) {
      return fail(Errc::invalid, "load '{}': '{}' is not RPS:SECONDS nor RPS-RPS:SECONDS", text, part);
    }
    shape.push_back({.from = {*from}, .to = {*to}, .length = std::chrono::duration<double>(*length)});
    if (part.size() == rest.size()) {
      return shape;
    }
    rest.remove_prefix(part.size() + 1);
  }
}

std::optional<std::chrono::duration<double>> Arrivals::next() {
  while (m_step < m_shape.size()) {
    const auto& step = m_shape[m_step];
    if (const auto time = time_until(step, m_number - m_before_step)) {
      ++m_number;
      return m_step_began + std::chrono::duration<double>(*time);
    }
    m_before_step += (step.from.value + step.to.value) / 2 * step.length.count();
    m_step_began += step.length;
    ++m_step;
  }
  return std::nullopt;
}

std::chrono::duration<double> length_of(const LoadShape& shape) {
  std::chrono::duration<double> length{};
  for (const auto& step : shape) {
    length += step.length;
  }
  return length;
}

}  // namespace kscale::sandbox

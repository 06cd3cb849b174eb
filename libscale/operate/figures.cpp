#include "libscale/operate/figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kscale::operate {

namespace {

using std::chrono::seconds;

constexpr std::array<std::pair<seconds, char>, 4> k_spans{
    {{seconds{86'400}, 'd'}, {seconds{3600}, 'h'}, {seconds{60}, 'm'}, {seconds{1}, 's'}}};

constexpr std::array<std::string_view, 5> k_sizes{"B", "KiB", "MiB", "GiB", "TiB"};

}  // namespace

std::string shown(seconds span) {
  span = std::max(span, seconds{0});
  for (std::size_t i = 0; i + 1 < k_spans.size(); ++i) {
    const auto& [unit, name] = k_spans[i];
    const auto& [smaller, its_name] = k_spans[i + 1];
    if (span >= unit) {
      return fmt::format("{}{} {}{}", span / unit, name, span % unit / smaller, its_name);
    }
  }
  return fmt::format("{}s", span.count());
}

std::string shown(const std::optional<seconds>& span) {
  return span ? shown(*span) : "-";
}

std::string shown(const std::optional<Milliseconds>& span) {
  constexpr Milliseconds k_short{10};
  if (!span) {
    return "-";
  }
  return *span < k_short ? fmt::format("{:.1f} ms", span->count()) : fmt::format("{:.0f} ms", span->count());
}

std::string shown(Bytes bytes) {
  constexpr double k_step = 1024;
  constexpr std::size_t k_with_tenths = 3;  // from GiB on
  auto amount = static_cast<double>(bytes.value);
  std::size_t unit = 0;
  while (amount >= k_step && unit + 1 < k_sizes.size()) {
    amount /= k_step;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", amount, unit < k_with_tenths ? 0 : 1, k_sizes.at(unit));
}

std::string shown(const std::optional<Percent>& percent) {
  return percent ? fmt::format("{:.1f}%", percent->value) : "-";
}

std::string shown(const std::optional<RequestsPerSecond>& rate) {
  return rate ? fmt::format("{:.1f}/s", rate->value) : "-";
}

std::string shown(const std::optional<BytesPerSecond>& rate) {
  return rate ? shown(Bytes{static_cast<std::uint64_t>(std::llround(std::max(rate->value, 0.0)))}) + "/s" : "-";
}

}  // namespace kscale::operate

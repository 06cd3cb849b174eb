#include "libscale/monitor/steps.hpp"

#include <algorithm>
#include <array>

namespace kscale::monitor {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Steps::Steps(store::TimeRange range, seconds length) : m_length(std::max(length, seconds{1})) {
  const auto since = range.since.time_since_epoch();
  const auto rest = (since % m_length + m_length) % m_length;
  m_begin = range.since - rest;
  const auto whole = std::max(range.until - m_begin, milliseconds{0});
  m_count = static_cast<std::size_t>(std::max<milliseconds::rep>((whole + m_length - milliseconds{1}) / m_length, 1));
}

std::optional<std::size_t> Steps::index_of(WallTime time) const {
  return time >= m_begin && time < end() ? std::optional(static_cast<std::size_t>((time - m_begin) / m_length))
                                         : std::nullopt;
}

double Steps::percent_of(WallTime time) const {
  using Share = std::chrono::duration<double>;
  return 100 * std::clamp(Share(time - m_begin) / Share(end() - m_begin), 0.0, 1.0);
}

seconds step_for(store::TimeRange range, seconds sampling) {
  constexpr std::array k_steps{minutes{1},   minutes{2},   minutes{3},   minutes{4},   minutes{5},   minutes{6},
                               minutes{10},  minutes{12},  minutes{15},  minutes{20},  minutes{30},  minutes{60},
                               minutes{120}, minutes{180}, minutes{240}, minutes{360}, minutes{720}, minutes{1440}};
  constexpr int k_most_points = 504;
  const auto length = std::chrono::ceil<minutes>(range.until - range.since);
  const auto* fits =
      std::ranges::find_if(k_steps, [&](minutes step) { return step >= sampling && length <= step * k_most_points; });
  if (fits != k_steps.end()) {
    return *fits;
  }
  return std::chrono::ceil<days>(std::max<seconds>(sampling, length / k_most_points + minutes{1}));
}

}  // namespace kscale::monitor

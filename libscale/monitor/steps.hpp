#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "libscale/base/clock.hpp"
#include "libscale/store/history.hpp"

namespace kscale::monitor {

/// The steps of a range, as `store::History` counts them: they begin at multiples of `length` since the epoch, and the
/// first and the last may reach beyond the range.
class Steps {
 public:
  Steps(store::TimeRange range, std::chrono::seconds length);

  std::size_t count() const { return m_count; }
  std::chrono::seconds length() const { return m_length; }
  WallTime begin() const { return m_begin; }
  WallTime end() const { return m_begin + m_length * static_cast<std::chrono::seconds::rep>(m_count); }

  /// The step that the time is in; nothing where it is in none.
  std::optional<std::size_t> index_of(WallTime time) const;
  /// How far along all steps the time is, in percent; at the nearer end where it is outside.
  double percent_of(WallTime time) const;

 private:
  std::chrono::seconds m_length;
  WallTime m_begin;
  std::size_t m_count;
};

/// The step that shows a range in at most 504 points, so that a week has one each 20 minutes: whole minutes that divide
/// a day or are whole days, and not shorter than `sampling`, the span between samples.
std::chrono::seconds step_for(store::TimeRange range, std::chrono::seconds sampling);

}  // namespace kscale::monitor

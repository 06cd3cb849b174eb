#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/store/alert_record.hpp"
#include "libscale/store/sample.hpp"
#include "libscale/store/scaling_event.hpp"
#include "libscale/store/sqlite.hpp"

namespace kscale::store {

/// How long what is kept is kept.
struct Retention {
  std::chrono::seconds samples{std::chrono::hours{48}};
  std::chrono::seconds minutes{std::chrono::hours{720}};  ///< averages over a minute; at least as long as the samples
};

/// Scaling events and resolved alerts are kept for so long.
inline constexpr std::chrono::seconds k_keep_events = std::chrono::hours{24 * 366};

/// From `since` on, up to but without `until`.
struct TimeRange {
  WallTime since{};
  WallTime until{};
};

/// What a deployment did and how it was, kept for people: an SQLite database. Several processes may read and write it
/// at once, and readers never block a writer.
///
/// Nothing is decided on it, so a damaged one never stops the scaling: it is set aside and a new one begun, when it is
/// opened or whenever the damage shows.
class History {
 public:
  /// Opens the database, or makes it with mode 0600. One that is damaged, or written by a newer kscale, is first
  /// renamed as by `set_aside`, and `take_notice` tells of it. `busy` where another process holds it for long.
  static Result<History> open(const std::filesystem::path& path, WallTime now, const Retention& retention = {});

  /// What the operator should know since this was last asked, such as that a damaged file was set aside.
  std::optional<std::string> take_notice();

  Status add(const ScalingEvent& event);

  /// Adds the sample. Once a minute it also makes the averages of the minutes that are over and drops what is older
  /// than the retention.
  Status add(const FleetSample& sample);

  /// Adds the alert, or brings the one of the same name up to date.
  Status put(const AlertRecord& alert);

  /// The newest `limit` events of `since` or later, oldest first.
  Result<std::vector<ScalingEvent>> events(WallTime since, std::size_t limit);

  /// The newest `limit` alerts that fired, or had not ended, at `since` or later, oldest first.
  Result<std::vector<AlertRecord>> alerts(WallTime since, std::size_t limit);

  /// The deployment over the range, one point for each step that has a sample; steps begin at multiples of `step`
  /// since the epoch. A step shorter than a minute looks at the samples, which reach less far back than the minutes.
  Result<std::vector<FleetPoint>> fleet(TimeRange range, std::chrono::seconds step);

  /// Each instance likewise, in the order of the numbers and then of time.
  Result<std::vector<InstancePoint>> instances(TimeRange range, std::chrono::seconds step);

 private:
  History(Database database, std::filesystem::path path, const Retention& retention);

  std::filesystem::path m_path;
  Database m_database;
  Retention m_retention;
  std::optional<std::string> m_notice;
};

}  // namespace kscale::store

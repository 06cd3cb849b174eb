#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
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

/// What one deployment did and how it was, kept for people: an SQLite database. Several processes may read and write it
/// at once, and readers never block a writer. A full disk, or one that is not ours to write to, fails that call only;
/// the next one tries anew.
///
/// Nothing is decided on it, so a damaged one never stops the scaling: it is set aside and a new one begun, when it is
/// opened or whenever the damage shows. The call that finds it goes on with the new one: a write is kept, a read finds
/// nothing. The same where the file was removed or replaced by another. `take_notice` tells of it.
///
/// The time is that of the samples. When the clock is set back, minutes come a second time: each then has the averages
/// of all its samples, of the first time and the second. A sample of a time ahead waits until its minute is over. Only
/// a clock that runs ahead by more than the retention costs something: a bit of what is oldest with each sample.
class History {
 public:
  /// Opens the database, or makes it with mode 0600, in a time that does not grow with the file. One that is damaged,
  /// or written by a newer kscale, is first renamed as by `set_aside`. `busy` where another process holds it for long.
  static Result<History> open(const std::filesystem::path& path, WallTime now, const Retention& retention = {});

  /// What the operator should know since this was last asked, such as that a damaged file was set aside. Of several the
  /// last. To be asked after each call.
  std::optional<std::string> take_notice();

  Status add(const ScalingEvent& event);

  /// Adds the sample, all of it or nothing. The first one of a minute also makes the averages of the minutes that are
  /// over. What is older than the retention is dropped bit by bit, so that no call takes long; the file does not get
  /// smaller, its space is used again.
  Status add(const FleetSample& sample);

  /// Adds the alert, or brings the one of the same name up to date.
  Status put(const AlertRecord& alert);

  /// The newest `limit` events of `since` or later, oldest first.
  Result<std::vector<ScalingEvent>> events(WallTime since, std::size_t limit);

  /// The newest `limit` alerts that fired, or had not ended, at `since` or later, oldest first.
  Result<std::vector<AlertRecord>> alerts(WallTime since, std::size_t limit);

  /// The deployment over the range, one point for each step that has a sample; steps begin at multiples of `step`
  /// since the epoch. A step shorter than a minute (but never than a second) looks at the samples, which reach less far
  /// back than the minutes. A longer one looks at the minutes that begin in the range, each weighed by the number of
  /// its samples, and at the samples that are in no minute yet.
  Result<std::vector<FleetPoint>> fleet(TimeRange range, std::chrono::seconds step);

  /// Each instance likewise, in the order of the numbers and then of time.
  Result<std::vector<InstancePoint>> instances(TimeRange range, std::chrono::seconds step);

 private:
  History(std::filesystem::path path, WallTime now, const Retention& retention);

  /// Opens the file, or makes it, unless it is open and in its place.
  Status require_open();
  Status set_aside_damaged(const FileIdentity& damaged, const std::string& what);
  /// Does the work, and where it shows that the file is damaged, once more in a new one.
  template <class Work>
  std::invoke_result_t<Work, Database&> with_database(const Work& work);
  Status write(WallTime time, const std::function<Status(Database&)>& work);
  template <class T>
  Result<T> read(const std::function<Result<T>(Database&)>& work);

  std::filesystem::path m_path;
  Retention m_retention;
  WallTime m_latest;                   ///< that we were told of, for the name of what is set aside
  std::optional<Database> m_database;  ///< nothing when it could not be opened again
  std::optional<std::string> m_notice;
};

}  // namespace kscale::store

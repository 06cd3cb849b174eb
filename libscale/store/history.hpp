#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/store/scaling_event.hpp"
#include "libscale/store/sqlite.hpp"

namespace kscale::store {

/// What was done, kept for people: an SQLite database. Several processes may read and write it at once.
///
/// Nothing is decided on it, so a damaged one never stops the scaling: it is set aside and a new one begun.
class History {
 public:
  /// Opens the database, or makes it with mode 0600. One that is damaged, or written by a newer kscale, is first
  /// renamed as by `set_aside`, and `notice` tells of it. `busy` where another process holds it for long.
  static Result<History> open(const std::filesystem::path& path, WallTime now);

  /// What the operator should know about the opening; nothing when all was well.
  const std::optional<std::string>& notice() const { return m_notice; }

  Status add(const ScalingEvent& event);

  /// The newest `limit` events of `since` or later, oldest first.
  Result<std::vector<ScalingEvent>> events(WallTime since, std::size_t limit);

 private:
  explicit History(Database database) : m_database(std::move(database)) {}

  Database m_database;
  std::optional<std::string> m_notice;
};

}  // namespace kscale::store

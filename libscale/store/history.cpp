#include "libscale/store/history.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "libscale/store/files.hpp"
#include "libscale/store/sample_tables.hpp"

namespace kscale::store {

namespace {

const std::array<const char*, 4> k_steps = {
    R"(CREATE TABLE events(
         id INTEGER PRIMARY KEY,
         at_ms INTEGER NOT NULL,
         actor TEXT NOT NULL,
         from_instances INTEGER NOT NULL,
         to_instances INTEGER NOT NULL,
         reason TEXT NOT NULL,
         outcome TEXT NOT NULL,
         cpu_percent REAL,
         memory_percent REAL,
         requests_per_second REAL,
         response_time_ms REAL
       ) STRICT;
       CREATE INDEX events_at ON events(at_ms);)",
    k_sample_tables,
    R"(CREATE TABLE alerts(
         id INTEGER PRIMARY KEY,
         rule TEXT NOT NULL,
         subject TEXT NOT NULL,
         fired_at_ms INTEGER NOT NULL,
         since_ms INTEGER NOT NULL,
         resolved_at_ms INTEGER,
         severity TEXT NOT NULL,
         summary TEXT NOT NULL,
         UNIQUE(rule, subject, fired_at_ms)
       ) STRICT;
       CREATE INDEX alerts_fired_at ON alerts(fired_at_ms);
       CREATE INDEX alerts_resolved_at ON alerts(resolved_at_ms);)",
    "ALTER TABLE alerts ADD COLUMN told INTEGER NOT NULL DEFAULT 1;",
};

Cell finite(double value) {
  return std::isfinite(value) ? Cell(value) : Cell();
}

template <class Unit>
Cell cell(const std::optional<Quantity<Unit>>& quantity) {
  return quantity ? finite(quantity->value) : Cell();
}

Cell cell(const std::optional<Milliseconds>& span) {
  return span ? finite(span->count()) : Cell();
}

template <class Unit>
std::optional<Unit> unit(const Cell& number) {
  const auto value = real(number);
  return value ? std::optional(Unit{*value}) : std::nullopt;
}

/// The number of instances in the cell, which may hold any number at all.
int instance_count(const Cell& number) {
  const std::int64_t value = integer(number).value_or(0);
  return value > 0 && value <= std::numeric_limits<int>::max() ? static_cast<int>(value) : 0;
}

Cell cell(WallTime time) {
  return std::int64_t{time.time_since_epoch().count()};
}

/// The time in the cell, which may hold any number at all: of 1970 to 2261, so that one can be taken from another
/// and told by the system's clock, which counts nanoseconds.
WallTime time(const Cell& ms) {
  constexpr std::int64_t k_latest = 9'214'646'399'999;
  return WallTime(std::chrono::milliseconds(std::clamp(integer(ms).value_or(0), std::int64_t{0}, k_latest)));
}

Cell at_most(std::size_t limit) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(limit, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
}

/// Whether the file still has the name. If not, what it failed with came from its being set aside underneath us: SQLite
/// meets half of its files, and speaks of a disk error or of a file that it cannot write to.
bool is_at(const std::filesystem::path& path, const std::optional<FileIdentity>& file) {
  const auto turn = take_turn(path);  // the file is the last to be renamed
  return identity_of(path) == file;
}

/// Drops some of the events and alerts that ended before this time.
Status drop_events(Database& database, WallTime before) {
  for (const char* sql :
       {"DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
        R"(DELETE FROM alerts WHERE id IN
             (SELECT id FROM alerts WHERE resolved_at_ms < ? ORDER BY resolved_at_ms LIMIT ?))"}) {
    if (auto dropped = database.run(sql, {cell(before), std::int64_t{k_drop_at_once}}); !dropped) {
      return dropped;
    }
  }
  return {};
}

}  // namespace

History::History(std::filesystem::path path, WallTime now, const Retention& retention)
    : m_path(std::move(path)), m_retention(retention), m_latest(now) {}

Result<History> History::open(const std::filesystem::path& path, WallTime now, const Retention& retention) {
  History history(path, now, retention);
  if (const auto ready = history.require_open(); !ready) {
    return tl::unexpected(ready.error());
  }
  return history;
}

std::optional<std::string> History::take_notice() {
  return std::exchange(m_notice, std::nullopt);
}

Status History::set_aside_damaged(const FileIdentity& damaged, const std::string& what) {
  const auto aside = set_aside(m_path, damaged, m_latest);
  if (!aside) {
    return wrap(aside.error(), "open the history: {}", what);
  }
  if (*aside) {
    m_notice = fmt::format("history {}; it was set aside as '{}', and a new one begun", what, (*aside)->string());
  }
  return {};
}

Status History::require_open() {
  if (m_database && m_database->is_in_place()) {
    return {};
  }
  if (m_database) {
    m_notice =
        fmt::format("history '{}' was removed or replaced while it was in use; it is opened anew", m_path.string());
    m_database.reset();
  }
  constexpr int k_attempts = 4;  // another process may set it aside, or damage it, at the same time
  for (int attempt = 1;; ++attempt) {
    const auto found = identity_of(m_path);
    auto database = Database::open(m_path, k_steps, Durability::process_crash, Check::as_read);
    if (database) {
      m_database.emplace(std::move(*database));
      return {};
    }
    const bool is_damaged = database.error().code == Errc::invalid;
    if ((!is_damaged && is_at(m_path, found)) || attempt == k_attempts) {
      return wrap(database.error(), "open the history");
    }
    if (is_damaged && found) {
      if (auto aside = set_aside_damaged(*found, database.error().what); !aside) {
        return aside;
      }
    }
  }
}

template <class Work>
std::invoke_result_t<Work, Database&> History::with_database(const Work& work) {
  if (const auto ready = require_open(); !ready) {
    return tl::unexpected(ready.error());
  }
  auto result = work(*m_database);
  if (result) {
    return result;
  }
  if (result.error().code == Errc::invalid) {
    if (const auto aside = set_aside_damaged(m_database->identity(), result.error().what); !aside) {
      return tl::unexpected(aside.error());
    }
  } else if (is_at(m_path, m_database->identity())) {
    return result;
  }
  m_database.reset();  // only now: what lies beside it went with it
  if (const auto ready = require_open(); !ready) {
    return tl::unexpected(ready.error());
  }
  return work(*m_database);
}

Status History::write(WallTime time, const std::function<Status(Database&)>& work) {
  m_latest = std::max(m_latest, time);
  const auto written = with_database(work);
  if (!written) {
    return wrap(written.error(), "add to the history");
  }
  return {};
}

template <class T>
Result<T> History::read(const std::function<Result<T>(Database&)>& work) {
  auto read = with_database(work);
  if (!read) {
    return wrap(read.error(), "read the history");
  }
  return read;
}

Status History::add(const ScalingEvent& event) {
  return write(event.at, [&](Database& database) {
    return database.run(
        R"(INSERT INTO events(at_ms, actor, from_instances, to_instances, reason, outcome, cpu_percent, memory_percent,
                              requests_per_second, response_time_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?))",
        {cell(event.at), event.actor, std::int64_t{event.from}, std::int64_t{event.to}, event.reason, event.outcome,
         cell(event.cpu), cell(event.memory), cell(event.request_rate), cell(event.response_time)});
  });
}

Status History::add(const FleetSample& sample) {
  return write(sample.at, [&](Database& database) -> Status {
    auto transaction = Transaction::begin(database);
    if (!transaction) {
      return tl::unexpected(transaction.error());
    }
    if (auto added = add_sample(database, sample); !added) {
      return added;
    }
    if (auto made = make_minutes(database, sample.at); !made) {
      return made;
    }
    if (auto dropped = drop_samples(database, sample.at - m_retention.samples, sample.at - m_retention.minutes);
        !dropped) {
      return dropped;
    }
    if (auto dropped = drop_events(database, sample.at - k_keep_events); !dropped) {
      return dropped;
    }
    return transaction->commit();
  });
}

Status History::put(const AlertRecord& alert) {
  return write(alert.resolved_at.value_or(alert.fired_at), [&](Database& database) {
    return database.run(
        R"(INSERT INTO alerts(rule, subject, fired_at_ms, since_ms, resolved_at_ms, severity, summary, told)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT(rule, subject, fired_at_ms) DO UPDATE SET
             since_ms = excluded.since_ms, resolved_at_ms = excluded.resolved_at_ms,
             severity = excluded.severity, summary = excluded.summary, told = max(told, excluded.told))",
        {alert.rule, alert.subject, cell(alert.fired_at), cell(alert.since),
         alert.resolved_at ? cell(*alert.resolved_at) : Cell(), alert.severity, alert.summary,
         std::int64_t{alert.told}});
  });
}

Result<std::vector<ScalingEvent>> History::events(WallTime since, std::size_t limit) {
  return read<std::vector<ScalingEvent>>([&](Database& database) -> Result<std::vector<ScalingEvent>> {
    std::vector<ScalingEvent> events;
    const auto done = database.for_each_row(
        R"(SELECT * FROM (SELECT at_ms, actor, from_instances, to_instances, reason, outcome, cpu_percent,
                                 memory_percent, requests_per_second, response_time_ms, id
                          FROM events WHERE at_ms >= ? AND typeof(at_ms) = 'integer'
                          ORDER BY at_ms DESC, id DESC LIMIT ?)
           ORDER BY at_ms, id)",
        {cell(since), at_most(limit)}, [&](const Row& row) {
          if (!integer(row[0]) || time(row[0]) < since) {
            return;  // of a damaged row or index
          }
          events.push_back({.at = time(row[0]),
                            .from = instance_count(row[2]),
                            .to = instance_count(row[3]),
                            .reason = text(row[4]),
                            .cpu = unit<Percent>(row[6]),
                            .memory = unit<Percent>(row[7]),
                            .request_rate = unit<RequestsPerSecond>(row[8]),
                            .response_time = unit<Milliseconds>(row[9]),
                            .actor = text(row[1]),
                            .outcome = text(row[5])});
        });
    if (!done) {
      return tl::unexpected(done.error());
    }
    return events;
  });
}

Result<std::vector<AlertRecord>> History::alerts(WallTime since, std::size_t limit) {
  return read<std::vector<AlertRecord>>([&](Database& database) -> Result<std::vector<AlertRecord>> {
    std::vector<AlertRecord> alerts;
    const auto done = database.for_each_row(
        R"(SELECT * FROM (SELECT rule, subject, severity, summary, since_ms, fired_at_ms, resolved_at_ms, told, id
                          FROM alerts WHERE typeof(fired_at_ms) = 'integer'
                            AND (resolved_at_ms IS NULL OR max(fired_at_ms, resolved_at_ms) >= ?)
                          ORDER BY fired_at_ms DESC, id DESC LIMIT ?)
           ORDER BY fired_at_ms, id)",
        {cell(since), at_most(limit)}, [&](const Row& row) {
          AlertRecord alert{.rule = text(row[0]),
                            .subject = text(row[1]),
                            .severity = text(row[2]),
                            .summary = text(row[3]),
                            .since = time(row[4]),
                            .fired_at = time(row[5]),
                            .resolved_at = integer(row[6]) ? std::optional(time(row[6])) : std::nullopt,
                            .told = integer(row[7]).value_or(1) != 0};
          const bool had_ended = alert.resolved_at && std::max(alert.fired_at, *alert.resolved_at) < since;
          if (integer(row[5]) && !had_ended) {  // else a damaged row or index
            alerts.push_back(std::move(alert));
          }
        });
    if (!done) {
      return tl::unexpected(done.error());
    }
    return alerts;
  });
}

Result<std::vector<FleetPoint>> History::fleet(TimeRange range, std::chrono::seconds step) {
  return read<std::vector<FleetPoint>>([&](Database& database) { return fleet_points(database, range, step); });
}

Result<std::vector<InstancePoint>> History::instances(TimeRange range, std::chrono::seconds step) {
  return read<std::vector<InstancePoint>>([&](Database& database) { return instance_points(database, range, step); });
}

}  // namespace kscale::store

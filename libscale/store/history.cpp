#include "libscale/store/history.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

#include "libscale/store/files.hpp"

namespace kscale::store {

namespace {

constexpr std::array<const char*, 1> k_steps = {
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

}  // namespace

History::History(Database database, std::filesystem::path path, const Retention& retention)
    : m_path(std::move(path)), m_database(std::move(database)), m_retention(retention) {}

Result<History> History::open(const std::filesystem::path& path, WallTime now, const Retention& retention) {
  std::optional<std::string> notice;
  auto database = Database::open(path, k_steps, Durability::process_crash);
  if (!database && database.error().code == Errc::invalid) {
    const auto aside = set_aside(path, now);
    if (!aside) {
      return wrap(aside.error(), "open the history: {}", database.error().what);
    }
    notice = fmt::format("history {}; it was set aside as '{}', and a new one begun", database.error().what,
                         aside->string());
    database = Database::open(path, k_steps, Durability::process_crash);
  }
  if (!database) {
    return wrap(database.error(), "open the history");
  }
  History history(std::move(*database), path, retention);
  history.m_notice = std::move(notice);
  return history;
}

std::optional<std::string> History::take_notice() {
  return std::exchange(m_notice, std::nullopt);
}

Status History::add(const ScalingEvent& event) {
  const auto added = m_database.run(
      R"(INSERT INTO events(at_ms, actor, from_instances, to_instances, reason, outcome, cpu_percent, memory_percent,
                            requests_per_second, response_time_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?))",
      {std::int64_t{event.at.time_since_epoch().count()}, event.actor, std::int64_t{event.from}, std::int64_t{event.to},
       event.reason, event.outcome, cell(event.cpu), cell(event.memory), cell(event.request_rate),
       cell(event.response_time)});
  if (!added) {
    return wrap(added.error(), "add to the history");
  }
  return {};
}

Result<std::vector<ScalingEvent>> History::events(WallTime since, std::size_t limit) {
  const auto most = static_cast<std::int64_t>(
      std::min<std::uint64_t>(limit, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
  const auto rows = m_database.rows(
      R"(SELECT * FROM (SELECT at_ms, actor, from_instances, to_instances, reason, outcome, cpu_percent, memory_percent,
                               requests_per_second, response_time_ms, id
                        FROM events WHERE at_ms >= ? ORDER BY at_ms DESC, id DESC LIMIT ?)
         ORDER BY at_ms, id)",
      {std::int64_t{since.time_since_epoch().count()}, most});
  if (!rows) {
    return wrap(rows.error(), "read the history");
  }
  std::vector<ScalingEvent> events;
  for (const Row& row : *rows) {
    events.push_back({.at = WallTime(std::chrono::milliseconds(integer(row.at(0)).value_or(0))),
                      .from = instance_count(row.at(2)),
                      .to = instance_count(row.at(3)),
                      .reason = text(row.at(4)),
                      .cpu = unit<Percent>(row.at(6)),
                      .memory = unit<Percent>(row.at(7)),
                      .request_rate = unit<RequestsPerSecond>(row.at(8)),
                      .response_time = unit<Milliseconds>(row.at(9)),
                      .actor = text(row.at(1)),
                      .outcome = text(row.at(5))});
  }
  return events;
}

}  // namespace kscale::store

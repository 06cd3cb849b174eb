#include "libscale/store/sample_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kscale::store {

// Rows of 100 instances at 5 s are 1.7 million a day, so no figure takes more than three or four bytes. Without a
// rowid the key is kept once and not twice: 33 bytes a row instead of 46.
const char* const k_sample_tables = R"(
  -- Times are since 1970, UTC. Figures are in hundredths (of a percent, an instance, a request per second, a
  -- millisecond), save memory_used (KiB), received and sent (bytes per second).
  CREATE TABLE fleet_samples(
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    averaged INTEGER NOT NULL,  -- 1: it is in the averages of its minute
    instances INTEGER,
    serving INTEGER,
    cpu INTEGER,
    memory INTEGER,
    request_rate INTEGER,
    error_rate INTEGER,
    response_time INTEGER,
    response_time_p95 INTEGER,
    host_cpu INTEGER,
    host_memory INTEGER,
    host_disk INTEGER
  ) STRICT;
  CREATE INDEX fleet_samples_at ON fleet_samples(at_ms);
  CREATE INDEX fleet_samples_not_averaged ON fleet_samples(at_ms) WHERE averaged = 0;
  CREATE TABLE instance_samples(
    sample INTEGER NOT NULL,  -- id in fleet_samples
    number INTEGER NOT NULL,
    serving INTEGER,          -- 100 or 0
    cpu INTEGER,
    memory INTEGER,
    memory_used INTEGER,
    received INTEGER,
    sent INTEGER,
    PRIMARY KEY(sample, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE fleet_minutes(
    minute INTEGER PRIMARY KEY,
    samples INTEGER NOT NULL,  -- of which these are the averages
    instances_mean INTEGER, instances_least INTEGER, instances_most INTEGER,
    serving_mean INTEGER, serving_least INTEGER, serving_most INTEGER,
    cpu_mean INTEGER, cpu_least INTEGER, cpu_most INTEGER,
    memory_mean INTEGER, memory_least INTEGER, memory_most INTEGER,
    request_rate_mean INTEGER, request_rate_least INTEGER, request_rate_most INTEGER,
    error_rate_mean INTEGER, error_rate_least INTEGER, error_rate_most INTEGER,
    response_time_mean INTEGER, response_time_least INTEGER, response_time_most INTEGER,
    response_time_p95_mean INTEGER, response_time_p95_least INTEGER, response_time_p95_most INTEGER,
    host_cpu_mean INTEGER, host_cpu_least INTEGER, host_cpu_most INTEGER,
    host_memory_mean INTEGER, host_memory_least INTEGER, host_memory_most INTEGER,
    host_disk_mean INTEGER, host_disk_least INTEGER, host_disk_most INTEGER
  ) STRICT;
  CREATE TABLE instance_minutes(
    minute INTEGER NOT NULL,
    number INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    serving_mean INTEGER, serving_least INTEGER, serving_most INTEGER,
    cpu_mean INTEGER, cpu_least INTEGER, cpu_most INTEGER,
    memory_mean INTEGER, memory_least INTEGER, memory_most INTEGER,
    memory_used_mean INTEGER, memory_used_least INTEGER, memory_used_most INTEGER,
    received_mean INTEGER, received_least INTEGER, received_most INTEGER,
    sent_mean INTEGER, sent_least INTEGER, sent_most INTEGER,
    PRIMARY KEY(minute, number)
  ) STRICT, WITHOUT ROWID;)";

namespace {

constexpr double k_per_unit = 100;
constexpr double k_bytes_per_kib = 1024;

/// Where the figures of the fleet are, or those of its instances.
struct Tables {
  std::span<const std::string_view> figures;  ///< in the order in which they are read below
  std::string_view samples;                   ///< with `f` for the samples of the fleet
  std::string_view alias;                     ///< of the table with the figures there
  std::string_view minute_of_sample;          ///< for `key`
  std::string_view number_of_sample;
  std::string_view minutes;
  std::string_view key;
  std::string_view number_of_minute;
};

constexpr std::array<std::string_view, 11> k_fleet_figures = {
    "instances",     "serving",           "cpu",      "memory",      "request_rate", "error_rate",
    "response_time", "response_time_p95", "host_cpu", "host_memory", "host_disk"};
constexpr Tables k_fleet{.figures = k_fleet_figures,
                         .samples = "fleet_samples AS f",
                         .alias = "f",
                         .minute_of_sample = "f.at_ms / 60000",
                         .number_of_sample = "0",
                         .minutes = "fleet_minutes",
                         .key = "minute",
                         .number_of_minute = "0"};

constexpr std::array<std::string_view, 6> k_instance_figures = {"serving",     "cpu",      "memory",
                                                                "memory_used", "received", "sent"};
constexpr Tables k_instances{.figures = k_instance_figures,
                             // CROSS: in this order, whatever SQLite believes of their sizes.
                             .samples = "fleet_samples AS f CROSS JOIN instance_samples AS i ON i.sample = f.id",
                             .alias = "i",
                             .minute_of_sample = "f.at_ms / 60000, i.number",
                             .number_of_sample = "i.number",
                             .minutes = "instance_minutes",
                             .key = "minute, number",
                             .number_of_minute = "number"};

/// The text for each figure, where {0} stands for its name, with commas between.
std::string for_each(std::span<const std::string_view> figures, std::string_view text) {
  std::string all;
  for (const std::string_view figure : figures) {
    all += fmt::format("{}{}", all.empty() ? "" : ", ", fmt::format(fmt::runtime(text), figure));
  }
  return all;
}

/// Adds the averages of the samples that are in none yet to those of their minutes. `excluded` is what SQL calls a row
/// that finds its place taken: by the averages of samples that came before.
std::string averaging(const Tables& tables) {
  const std::string average =
      fmt::format("CAST(round(avg({0}.{{0}})) AS INTEGER), min({0}.{{0}}), max({0}.{{0}})", tables.alias);
  return fmt::format(
      R"(INSERT INTO {minutes}({key}, samples, {columns})
         SELECT {minute}, count(*), {averages} FROM {samples}
         WHERE f.averaged = 0 AND f.at_ms < ? GROUP BY {minute}
         ON CONFLICT({key}) DO UPDATE SET samples = samples + excluded.samples, {merged})",
      fmt::arg("minutes", tables.minutes), fmt::arg("key", tables.key), fmt::arg("minute", tables.minute_of_sample),
      fmt::arg("samples", tables.samples),
      fmt::arg("columns", for_each(tables.figures, "{0}_mean, {0}_least, {0}_most")),
      fmt::arg("averages", for_each(tables.figures, average)), fmt::arg("merged", for_each(tables.figures, R"(
         {0}_mean = coalesce(CAST(round((1.0 * {0}_mean * samples + excluded.{0}_mean * excluded.samples)
                                        / (samples + excluded.samples)) AS INTEGER), {0}_mean, excluded.{0}_mean),
         {0}_least = coalesce(min({0}_least, excluded.{0}_least), {0}_least, excluded.{0}_least),
         {0}_most = coalesce(max({0}_most, excluded.{0}_most), {0}_most, excluded.{0}_most))")));
}

/// Selects samples of a range as if each were a minute of its own: number, at_ms, samples, and then mean, least and
/// most of each figure.
std::string selecting_samples(const Tables& tables) {
  const std::string figure = fmt::format("{0}.{{0}}, {0}.{{0}}, {0}.{{0}}", tables.alias);
  return fmt::format("SELECT {}, f.at_ms, 1, {} FROM {} WHERE f.at_ms >= ? AND f.at_ms < ?", tables.number_of_sample,
                     for_each(tables.figures, figure), tables.samples);
}

/// Selects minutes in the same shape, and the samples that are in none yet. In one statement, so that a minute which is
/// made meanwhile is seen once.
std::string selecting_minutes(const Tables& tables) {
  return fmt::format(
      R"(SELECT {}, minute * 60000, samples, {} FROM {} WHERE minute >= ? AND minute < ?
         UNION ALL {} AND f.averaged = 0)",
      tables.number_of_minute, for_each(tables.figures, "{0}_mean, {0}_least, {0}_most"), tables.minutes,
      selecting_samples(tables));
}

/// Whether it is one that we keep. What else a table holds comes of damage.
bool is_figure(double number) {
  constexpr double k_largest = 1e15;  // exact, and its sums with others too
  return number >= 0 && number < k_largest;
}

Cell scaled(double value, double factor) {
  const double number = value * factor;
  return is_figure(number) ? Cell(std::int64_t{std::llround(number)}) : Cell();
}

template <class Unit>
Cell hundredths(const std::optional<Quantity<Unit>>& figure) {
  return figure ? scaled(figure->value, k_per_unit) : Cell();
}

Cell hundredths(const std::optional<Milliseconds>& span) {
  return span ? scaled(span->count(), k_per_unit) : Cell();
}

Cell hundredths(std::ptrdiff_t count) {
  return scaled(static_cast<double>(count), k_per_unit);
}

Cell whole(const std::optional<BytesPerSecond>& rate) {
  return rate ? scaled(rate->value, 1) : Cell();
}

Cell kib(const std::optional<Bytes>& amount) {
  return amount ? scaled(static_cast<double>(amount->value), 1 / k_bytes_per_kib) : Cell();
}

/// A figure over a step, as it comes together.
class Total {
 public:
  /// Takes three cells in a row: mean, least, most.
  void add(std::span<const Cell> spread, double samples) {
    const auto mean = real(spread[0]);
    const auto least = real(spread[1]);
    const auto most = real(spread[2]);
    if (mean && least && most && is_figure(*mean) && is_figure(*least) && is_figure(*most)) {
      m_sum += *mean * samples;
      m_samples += samples;
      m_least = std::min(m_least, *least);
      m_most = std::max(m_most, *most);
    }
  }

  bool is_known() const { return m_samples > 0; }
  double samples() const { return m_samples; }
  Spread<double> spread(double per_unit) const {
    return {.mean = m_sum / m_samples / per_unit, .least = m_least / per_unit, .most = m_most / per_unit};
  }

 private:
  double m_sum = 0;
  double m_samples = 0;
  double m_least = std::numeric_limits<double>::infinity();
  double m_most = -std::numeric_limits<double>::infinity();
};

Spread<double> count_of(const Total& total) {
  return total.is_known() ? total.spread(k_per_unit) : Spread<double>{};
}

template <class Unit>
std::optional<Spread<Unit>> figure_of(const Total& total, double per_unit = k_per_unit) {
  if (!total.is_known()) {
    return std::nullopt;
  }
  const auto spread = total.spread(per_unit);
  return Spread<Unit>{.mean = Unit{spread.mean}, .least = Unit{spread.least}, .most = Unit{spread.most}};
}

std::optional<Spread<Bytes>> bytes_of(const Total& total) {
  if (!total.is_known()) {
    return std::nullopt;
  }
  const auto bytes = [](double value) { return Bytes{static_cast<std::uint64_t>(value)}; };
  const auto spread = total.spread(1 / k_bytes_per_kib);
  return Spread<Bytes>{.mean = bytes(spread.mean), .least = bytes(spread.least), .most = bytes(spread.most)};
}

using Totals = std::array<Total, std::max(k_fleet_figures.size(), k_instance_figures.size())>;
/// By the number of the instance, 0 for the fleet, and the begin of the step in ms.
using Steps = std::map<std::pair<std::int64_t, std::int64_t>, Totals>;

/// The begin of the step that the time is in, also before 1970.
std::int64_t step_of(std::int64_t at, std::int64_t step) {
  const std::int64_t into = at % step;
  return at - (into < 0 ? into + step : into);
}

/// Takes a row as selected above. An index that is damaged leads to rows out of the range.
void take_up(Steps& steps, const Row& row, std::size_t figures, TimeRange range, std::chrono::milliseconds step) {
  const auto number = integer(row[0]);
  const auto at = integer(row[1]);
  const auto samples = integer(row[2]);
  if (!number || *number < 0 || *number > std::numeric_limits<int>::max() || !at || !samples || *samples < 1) {
    return;  // damaged: we write no such row
  }
  if (*at < range.since.time_since_epoch().count() || *at >= range.until.time_since_epoch().count()) {
    return;
  }
  Totals& totals = steps[{*number, step_of(*at, step.count())}];
  for (std::size_t n = 0; n < figures; ++n) {
    totals[n].add(std::span(row).subspan(3 + 3 * n, 3), static_cast<double>(*samples));
  }
}

/// The SQL that reads what the tables have, which takes longer to write than it takes to run.
struct Selecting {
  explicit Selecting(const Tables& tables)
      : figures(tables.figures.size()), samples(selecting_samples(tables)), minutes(selecting_minutes(tables)) {}

  std::size_t figures;
  std::string samples;
  std::string minutes;
};

Result<Steps> read_steps(Database& database, const Selecting& selecting, TimeRange range, std::chrono::seconds step) {
  constexpr std::chrono::seconds k_longest_step = std::chrono::hours{24 * 366};
  const std::chrono::milliseconds length = std::clamp(step, std::chrono::seconds(1), k_longest_step);
  Steps steps;
  const auto show = [&](const Row& row) { take_up(steps, row, selecting.figures, range, length); };
  const std::int64_t since = range.since.time_since_epoch().count();
  const std::int64_t until = range.until.time_since_epoch().count();
  const std::int64_t first = std::chrono::ceil<std::chrono::minutes>(range.since).time_since_epoch().count();
  const std::int64_t end = std::chrono::ceil<std::chrono::minutes>(range.until).time_since_epoch().count();
  const auto done = length < std::chrono::minutes(1)
                        ? database.for_each_row(selecting.samples.c_str(), {since, until}, show)
                        : database.for_each_row(selecting.minutes.c_str(), {first, end, since, until}, show);
  if (!done) {
    return tl::unexpected(done.error());
  }
  return steps;
}

WallTime begin_of_minute(WallTime time) {
  return std::chrono::floor<std::chrono::minutes>(time);
}

Cell ms(WallTime time) {
  return std::int64_t{time.time_since_epoch().count()};
}

Status run_each(Database& database, std::initializer_list<const char*> statements,
                std::initializer_list<Cell> parameters) {
  for (const char* sql : statements) {
    if (auto done = database.run(sql, parameters); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace

Status add_sample(Database& database, const FleetSample& sample) {
  const auto serving = std::count_if(sample.instances.begin(), sample.instances.end(),
                                     [](const InstanceSample& instance) { return instance.serving; });
  const auto id = database.rows(
      R"(INSERT INTO fleet_samples(at_ms, averaged, instances, serving, cpu, memory, request_rate, error_rate,
                                   response_time, response_time_p95, host_cpu, host_memory, host_disk)
         VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id)",
      {ms(sample.at), hundredths(std::ssize(sample.instances)), hundredths(serving), hundredths(sample.cpu),
       hundredths(sample.memory), hundredths(sample.request_rate), hundredths(sample.error_rate),
       hundredths(sample.response_time), hundredths(sample.response_time_p95), hundredths(sample.host_cpu),
       hundredths(sample.host_memory), hundredths(sample.host_disk)});
  if (!id) {
    return tl::unexpected(id.error());
  }
  const Cell key = id->empty() ? Cell() : id->front().front();
  for (const InstanceSample& instance : sample.instances) {
    // OR REPLACE: what a damaged file has in this place is of no sample.
    auto added = database.run(
        R"(INSERT OR REPLACE INTO instance_samples(sample, number, serving, cpu, memory, memory_used, received, sent)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?))",
        {key, std::int64_t{instance.number}, hundredths(instance.serving ? 1 : 0), hundredths(instance.cpu),
         hundredths(instance.memory), kib(instance.memory_used), whole(instance.received), whole(instance.sent)});
    if (!added) {
      return added;
    }
  }
  return {};
}

Status make_minutes(Database& database, WallTime now) {
  const Cell end = ms(begin_of_minute(now));
  const auto any = database.rows("SELECT 1 FROM fleet_samples WHERE averaged = 0 AND at_ms < ? LIMIT 1", {end});
  if (!any || any->empty()) {
    return any ? Status() : tl::unexpected(any.error());
  }
  static const std::string instances = averaging(k_instances);
  static const std::string fleet = averaging(k_fleet);
  return run_each(
      database,
      {instances.c_str(), fleet.c_str(), "UPDATE fleet_samples SET averaged = 1 WHERE averaged = 0 AND at_ms < ?"},
      {end});
}

Status drop_samples(Database& database, WallTime samples_before, WallTime minutes_before) {
  // From minute to minute, so that in the long run this is work for one sample in a minute only.
  auto dropped = run_each(database,
                          {R"(DELETE FROM instance_samples WHERE sample IN
                                (SELECT id FROM fleet_samples WHERE at_ms < ? ORDER BY at_ms LIMIT ?))",
                           R"(DELETE FROM fleet_samples WHERE id IN
                                (SELECT id FROM fleet_samples WHERE at_ms < ? ORDER BY at_ms LIMIT ?))"},
                          {ms(begin_of_minute(samples_before)), std::int64_t{k_drop_at_once}});
  if (!dropped) {
    return dropped;
  }
  return run_each(database,
                  {R"(DELETE FROM instance_minutes WHERE minute IN
                        (SELECT minute FROM fleet_minutes WHERE minute < ? / 60000 ORDER BY minute LIMIT ?))",
                   R"(DELETE FROM fleet_minutes WHERE minute IN
                        (SELECT minute FROM fleet_minutes WHERE minute < ? / 60000 ORDER BY minute LIMIT ?))"},
                  {ms(begin_of_minute(minutes_before)), std::int64_t{k_drop_at_once}});
}

Result<std::vector<FleetPoint>> fleet_points(Database& database, TimeRange range, std::chrono::seconds step) {
  static const Selecting selecting(k_fleet);
  const auto steps = read_steps(database, selecting, range, step);
  if (!steps) {
    return tl::unexpected(steps.error());
  }
  std::vector<FleetPoint> points;
  for (const auto& [key, totals] : *steps) {
    const Total* next = totals.data();  // in the order of k_fleet_figures
    points.push_back({.at = WallTime(std::chrono::milliseconds(key.second)),
                      .samples = next->samples(),
                      .instances = count_of(*next++),
                      .serving = count_of(*next++),
                      .cpu = figure_of<Percent>(*next++),
                      .memory = figure_of<Percent>(*next++),
                      .request_rate = figure_of<RequestsPerSecond>(*next++),
                      .error_rate = figure_of<Percent>(*next++),
                      .response_time = figure_of<Milliseconds>(*next++),
                      .response_time_p95 = figure_of<Milliseconds>(*next++),
                      .host_cpu = figure_of<Percent>(*next++),
                      .host_memory = figure_of<Percent>(*next++),
                      .host_disk = figure_of<Percent>(*next++)});
  }
  return points;
}

Result<std::vector<InstancePoint>> instance_points(Database& database, TimeRange range, std::chrono::seconds step) {
  static const Selecting selecting(k_instances);
  const auto steps = read_steps(database, selecting, range, step);
  if (!steps) {
    return tl::unexpected(steps.error());
  }
  std::vector<InstancePoint> points;
  for (const auto& [key, totals] : *steps) {
    const Total* next = totals.data();  // in the order of k_instance_figures
    points.push_back({.number = static_cast<int>(key.first),
                      .at = WallTime(std::chrono::milliseconds(key.second)),
                      .samples = next->samples(),
                      .serving = count_of(*next++),
                      .cpu = figure_of<Percent>(*next++),
                      .memory = figure_of<Percent>(*next++),
                      .memory_used = bytes_of(*next++),
                      .received = figure_of<BytesPerSecond>(*next++, 1),
                      .sent = figure_of<BytesPerSecond>(*next++, 1)});
  }
  return points;
}

}  // namespace kscale::store

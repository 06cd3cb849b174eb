// What is read from a history whose tables hold any rows: values of any type in any column, and indexes that lead to
// the wrong ones. The pages are sound, so that each input is about our reading and not about SQLite's.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sqlite3.h>

#include "libscale/monitor/history_text.hpp"
#include "libscale/monitor/history_view.hpp"
#include "libscale/monitor/report.hpp"
#include "libscale/store/history.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime k_begin{seconds(1'699'999'200)};
constexpr WallTime k_now = k_begin + 10min;
constexpr store::TimeRange k_shown{k_begin - 24h, k_now + 24h};

// The tables of a history, to be written by a connection that lets any value stand anywhere.

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

std::filesystem::path path() {
  return folder() / "history";
}

Connection connect() {
  sqlite3* opened = nullptr;
  const int done = sqlite3_open_v2(path().c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Connection connection(opened);
  require(done == SQLITE_OK, "a history can be opened once more");
  return connection;
}

void run(sqlite3* connection, const std::string& sql) {
  require(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, sql);
}

Statement prepared(sqlite3* connection, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  require(sqlite3_prepare_v3(connection, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) == SQLITE_OK,
          sql);
  return Statement(statement);
}

/// Runs a statement that gives no rows.
void finish(sqlite3_stmt* statement) {
  require(sqlite3_step(statement) == SQLITE_DONE, sqlite3_sql(statement));
  sqlite3_reset(statement);
}

/// The SQL that replaces one text after another in what the schema says of its tables or indexes.
std::string replacing(const std::string& type, std::initializer_list<std::pair<const char*, const char*>> texts) {
  std::string replaced = "sql";
  for (const auto& [from, to] : texts) {
    replaced = fmt::format("replace({}, '{}', '{}')", replaced, from, to);
  }
  return fmt::format(
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = {} WHERE type = '{}'; PRAGMA writable_schema = "
      "RESET",
      replaced, type);
}

/// Takes the types off the empty tables, and lets the indexes follow a column of their own, `led_by`, in place of the
/// time. The version of the schema stays as it was, so that who has the file open knows the tables as they were made,
/// and finds in them what else only damage brings there.
void loosen(sqlite3* connection) {
  const auto asking = prepared(connection, "PRAGMA schema_version");
  require(sqlite3_step(asking.get()) == SQLITE_ROW, "a schema has a version");
  const int version = sqlite3_column_int(asking.get(), 0);
  sqlite3_reset(asking.get());
  run(connection, replacing("table", {{" NOT NULL", ""},
                                      {"INTEGER PRIMARY KEY", "@"},
                                      {"INTEGER", ""},
                                      {"TEXT", ""},
                                      {"REAL", ""},
                                      {"@", "INTEGER PRIMARY KEY"},
                                      {") STRICT, WITHOUT", ") WITHOUT"},
                                      {") STRICT", ")"}}));
  for (const auto* const table : {"events", "alerts", "fleet_samples"}) {
    run(connection, fmt::format("ALTER TABLE {} ADD COLUMN led_by", table));
  }
  run(connection, replacing("index", {{"(at_ms)", "(led_by)"}, {"(fired_at_ms)", "(led_by)"}}));
  run(connection, fmt::format("PRAGMA schema_version = {}", version));
}

/// What a small number stands for in a column.
enum class Meaning { number, key, flag, time, led_by, minute, words };

Meaning meaning_of(std::string_view column) {
  constexpr std::array<std::pair<std::string_view, Meaning>, 18> k_known{{{"id", Meaning::key},
                                                                          {"sample", Meaning::key},
                                                                          {"number", Meaning::key},
                                                                          {"averaged", Meaning::flag},
                                                                          {"at_ms", Meaning::time},
                                                                          {"fired_at_ms", Meaning::time},
                                                                          {"since_ms", Meaning::time},
                                                                          {"resolved_at_ms", Meaning::time},
                                                                          {"led_by", Meaning::led_by},
                                                                          {"minute", Meaning::minute},
                                                                          {"rule", Meaning::words},
                                                                          {"subject", Meaning::words},
                                                                          {"severity", Meaning::words},
                                                                          {"summary", Meaning::words},
                                                                          {"actor", Meaning::words},
                                                                          {"reason", Meaning::words},
                                                                          {"outcome", Meaning::words},
                                                                          {"told", Meaning::flag}}};
  const auto* const known = std::ranges::find(k_known, column, &std::pair<std::string_view, Meaning>::first);
  return known == k_known.end() ? Meaning::number : known->second;
}

std::string_view take_text(std::string_view& bytes, std::size_t length) {
  const auto text = bytes.substr(0, length);
  bytes.remove_prefix(text.size());
  return text;
}

void bind_small(sqlite3_stmt* statement, int place, Meaning meaning, unsigned small, std::string_view& bytes) {
  constexpr std::int64_t k_step_ms = 5000;
  constexpr auto k_begin_ms = std::int64_t{k_begin.time_since_epoch().count()};
  const std::int64_t number = small;
  switch (meaning) {
    case Meaning::number:
      sqlite3_bind_int64(statement, place, number);
      return;
    case Meaning::key:
      sqlite3_bind_int64(statement, place, number % 8);
      return;
    case Meaning::flag:
      sqlite3_bind_int64(statement, place, number % 2);
      return;
    case Meaning::time:
    case Meaning::led_by:
      sqlite3_bind_int64(statement, place, k_begin_ms + number * k_step_ms);
      return;
    case Meaning::minute:
      sqlite3_bind_int64(statement, place, k_begin_ms / 60'000 + number % 16);
      return;
    case Meaning::words: {
      const auto text = take_text(bytes, small % 32);
      sqlite3_bind_text64(statement, place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
      return;
    }
  }
}

/// Binds a value that the bytes say: most often one that the column may have.
void bind(sqlite3_stmt* statement, int place, Meaning meaning, std::string_view& bytes) {
  constexpr auto k_largest = std::numeric_limits<std::int64_t>::max();
  constexpr unsigned k_kinds = 10;
  const auto kind = take_byte(bytes);
  switch (kind) {
    case 0:
      sqlite3_bind_null(statement, place);
      return;
    case 1:
      sqlite3_bind_int64(statement, place, static_cast<std::int64_t>(take_bits(bytes, 8)));
      return;
    case 2:
      sqlite3_bind_double(statement, place, std::bit_cast<double>(take_bits(bytes, 8)));
      return;
    case 3:
    case 4: {
      const auto text = take_text(bytes, take_byte(bytes));
      if (kind == 3) {
        sqlite3_bind_text64(statement, place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
      } else {
        sqlite3_bind_blob64(statement, place, text.data(), text.size(), SQLITE_STATIC);
      }
      return;
    }
    case 5: {
      constexpr std::array<double, 8> k_reals{
          std::numeric_limits<double>::infinity(), 1e308, 1e18, 1e-308, 0.5, 1'699'999'200'000.5, 28'333'320, -0.0};
      const auto which = take_byte(bytes);
      sqlite3_bind_double(statement, place, (which >= 128 ? -1 : 1) * k_reals.at(which % k_reals.size()));
      return;
    }
    case 6: {
      const auto shift = take_byte(bytes);
      const auto power = k_largest >> (shift % 63);
      sqlite3_bind_int64(statement, place, shift >= 128 ? -power - 1 : power);
      return;
    }
    case 7:
      sqlite3_bind_int64(statement, place, -std::int64_t{take_byte(bytes)});
      return;
    case 8:
      sqlite3_bind_int64(statement, place, k_begin.time_since_epoch().count() + static_cast<int>(take_bits(bytes, 3)));
      return;
    case 9:
      sqlite3_bind_double(statement, place, take_byte(bytes) / 4.0);
      return;
    default:
      bind_small(statement, place, meaning, kind - k_kinds, bytes);
  }
}

class Table {
 public:
  Table(sqlite3* connection, const std::string& name)
      : m_clearing(prepared(connection, fmt::format("DELETE FROM {}", name))) {
    const auto columns = prepared(connection, fmt::format("PRAGMA table_info({})", name));
    std::string places;
    std::size_t time = 0;
    while (sqlite3_step(columns.get()) == SQLITE_ROW) {
      const std::string_view column = reinterpret_cast<const char*>(sqlite3_column_text(columns.get(), 1));
      m_columns.push_back(meaning_of(column));
      if (column == "at_ms" || column == "fired_at_ms") {
        time = m_columns.size();
      }
      places += places.empty() ? "" : ", ";
      places += column == "led_by" ? fmt::format("coalesce(?, ?{})", time) : "?";
    }
    m_adding = prepared(connection, fmt::format("INSERT OR REPLACE INTO {} VALUES ({})", name, places));
  }

  void clear() { finish(m_clearing.get()); }

  /// Adds the row, unless its key is one that no table can have.
  void add(std::string_view& bytes) {
    int place = 0;
    for (const auto meaning : m_columns) {
      ++place;
      if (meaning == Meaning::led_by && take_byte(bytes) % 8 != 0) {  // as in a sound file
        sqlite3_bind_null(m_adding.get(), place);
      } else {
        bind(m_adding.get(), place, meaning, bytes);
      }
    }
    const int done = sqlite3_step(m_adding.get());
    require(done == SQLITE_DONE || done == SQLITE_MISMATCH || done == SQLITE_CONSTRAINT, "a row is added");
    sqlite3_reset(m_adding.get());
  }

 private:
  std::vector<Meaning> m_columns;
  Statement m_clearing;
  Statement m_adding;
};

class Tables {
 public:
  Tables()
      : m_connection(connect()),
        m_begin(prepared(m_connection.get(), "BEGIN")),
        m_commit(prepared(m_connection.get(), "COMMIT")) {
    for (const auto* const name :
         {"fleet_samples", "fleet_minutes", "instance_samples", "instance_minutes", "events", "alerts"}) {
      m_tables.emplace_back(m_connection.get(), name);
    }
  }

  void fill(std::string_view bytes) {
    finish(m_begin.get());
    for (auto& table : m_tables) {
      table.clear();
    }
    while (!bytes.empty()) {
      m_tables[take_byte(bytes) % m_tables.size()].add(bytes);
    }
    finish(m_commit.get());
  }

 private:
  Connection m_connection;
  Statement m_begin;  ///< this and the next two go before the connection
  Statement m_commit;
  std::vector<Table> m_tables;
};

/// A history, and who fills its tables.
struct Filled {
  store::History history;
  std::optional<Tables> tables;
};

// SQLite's memory. The sanitizer's would take as long as all else together; that it watches over what SQLite gives us
// is left to the other targets with databases.

std::pmr::memory_resource& pool() {
  static std::pmr::unsynchronized_pool_resource pool;
  return pool;
}

constexpr std::size_t k_alignment = 8;
constexpr std::size_t k_header = k_alignment;  // for the size

int size_of(void* memory) {
  int size = 0;
  std::memcpy(&size, static_cast<char*>(memory) - k_header, sizeof size);
  return size;
}

void* allocate(int size) {
  auto* const place = static_cast<char*>(pool().allocate(static_cast<std::size_t>(size) + k_header, k_alignment));
  std::memcpy(place, &size, sizeof size);
  return place + k_header;
}

void release(void* memory) {
  pool().deallocate(static_cast<char*>(memory) - k_header, static_cast<std::size_t>(size_of(memory)) + k_header,
                    k_alignment);
}

void* reallocate(void* memory, int size) {
  auto* const moved = allocate(size);
  std::memcpy(moved, memory, static_cast<std::size_t>(std::min(size, size_of(memory))));
  release(memory);
  return moved;
}

/// Lets SQLite keep the databases in memory, under the names of their files, which stay empty.
void prepare_sqlite() {
  static constexpr sqlite3_mem_methods k_memory{.xMalloc = allocate,
                                                .xFree = release,
                                                .xRealloc = reallocate,
                                                .xSize = size_of,
                                                .xRoundup = [](int size) { return (size + 7) / 8 * 8; },
                                                .xInit = [](void*) { return SQLITE_OK; },
                                                .xShutdown = [](void*) {},
                                                .pAppData = nullptr};
  require(sqlite3_config(SQLITE_CONFIG_MALLOC, &k_memory) == SQLITE_OK &&
              sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK &&
              sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
              sqlite3_vfs_register(sqlite3_vfs_find("memdb"), 1) == SQLITE_OK,
          "SQLite can be told where to keep what");
}

/// A new one.
Filled made() {
  std::filesystem::remove_all(folder().path());
  std::filesystem::create_directory(folder().path());
  Filled filled{.history = store::History::open(path(), k_now).value(), .tables = {}};
  require(filled.history.fleet({k_begin, k_now}, 60s) && filled.history.events(k_begin, 1), "a new history is read");
  loosen(connect().get());
  return filled;
}

// What is asked, and what comes out.

struct Question {
  store::TimeRange range;
  seconds step{};
  std::size_t limit = 0;
};

Question take_question(std::string_view& bytes) {
  constexpr std::array<WallTime, 8> k_begins{k_begin,
                                             k_begin + 1ms,
                                             k_begin + 30s,
                                             k_begin + 59'999ms,
                                             k_begin - 24h,
                                             WallTime(0ms),
                                             WallTime(0ms) - 61'001ms,
                                             k_begin + 1h};
  constexpr std::array<milliseconds, 8> k_lengths{20min, 1h, 48h, 1ms, 90'500ms, 24h * 366 * 100, 0ms, -1h};
  constexpr std::array<seconds, 8> k_steps{60s, 1s, 7s, 59s, 61s, 20min, 24h * 500, 0s};
  constexpr std::array<std::size_t, 4> k_limits{100'000, 1, 3, std::numeric_limits<std::size_t>::max()};
  const auto range = take_byte(bytes);
  const auto rest = take_byte(bytes);
  const auto since = k_begins.at(range % 8);
  return {.range = {.since = since, .until = since + k_lengths.at(range / 8 % 8)},
          .step = k_steps.at(rest % 8),
          .limit = k_limits.at(rest / 8 % 4)};
}

struct Answer {
  std::vector<store::FleetPoint> fleet;
  std::vector<store::InstancePoint> instances;
  std::vector<store::ScalingEvent> events;
  std::vector<store::AlertRecord> alerts;

  friend bool operator==(const Answer&, const Answer&) = default;
};

template <class T>
T read(Result<T> result) {
  require(result.has_value(), "a history can be read, whatever is in its tables");
  return std::move(*result);
}

Answer answer_to(store::History& history, const Question& question) {
  return {.fleet = read(history.fleet(question.range, question.step)),
          .instances = read(history.instances(question.range, question.step)),
          .events = read(history.events(question.range.since, question.limit)),
          .alerts = read(history.alerts(question.range.since, question.limit))};
}

void look_at(double number) {
  require_finite(number, "a figure is finite");
}

void look_at(Milliseconds span) {
  require_finite(span.count(), "a span is finite");
}

template <class Unit>
void look_at(Quantity<Unit> quantity) {
  require_finite(quantity.value, "a quantity is finite");
}

void look_at(Bytes bytes) {
  require(bytes.value <= 1'024'000'000'000'000'000U, "an amount of memory is one that can be computed with");
}

template <class T>
void look_at(const store::Spread<T>& spread) {
  for (const auto& figure : {spread.mean, spread.least, spread.most}) {
    look_at(figure);
    require(figure >= T{}, "a figure over a span is not negative");
  }
}

template <class T>
void look_at(const std::optional<T>& figure) {
  if (figure) {
    look_at(*figure);
  }
}

template <class Point>
void look_at_time(const Point& point, const Question& question) {
  const auto step = std::clamp<seconds>(question.step, 1s, 24h * 366);
  require(point.at.time_since_epoch() % step == 0ms, "a step begins at a multiple of its length");
  require(point.at + step > question.range.since && point.at < question.range.until, "a step is in the range");
  require_finite(point.samples, "a number of samples is finite");
  require(point.samples >= 0, "a number of samples is not negative");
}

void look_at(const store::FleetPoint& point, const Question& question) {
  look_at_time(point, question);
  look_at(point.instances);
  look_at(point.serving);
  look_at(point.cpu);
  look_at(point.memory);
  look_at(point.request_rate);
  look_at(point.error_rate);
  look_at(point.response_time);
  look_at(point.response_time_p95);
  look_at(point.host_cpu);
  look_at(point.host_memory);
  look_at(point.host_disk);
}

void look_at(const store::InstancePoint& point, const Question& question) {
  look_at_time(point, question);
  require(point.number >= 0, "an instance's number is not negative");
  look_at(point.serving);
  look_at(point.cpu);
  look_at(point.memory);
  look_at(point.memory_used);
  look_at(point.received);
  look_at(point.sent);
}

void look_at(const store::ScalingEvent& event, const Question& question) {
  require(event.at >= question.range.since, "an event is not older than was asked");
  require(event.from >= 0 && event.to >= 0, "a count is not negative");
  look_at(event.cpu);
  look_at(event.memory);
  look_at(event.request_rate);
  look_at(event.response_time);
}

void look_at(const store::AlertRecord& alert, const Question& question) {
  require(!alert.resolved_at || std::max(alert.fired_at, *alert.resolved_at) >= question.range.since,
          "an alert did not end before what was asked");
}

void look_at(const Answer& answer, const Question& question) {
  for (const auto& point : answer.fleet) {
    look_at(point, question);
  }
  for (const auto& point : answer.instances) {
    look_at(point, question);
  }
  for (const auto& event : answer.events) {
    look_at(event, question);
  }
  for (const auto& alert : answer.alerts) {
    look_at(alert, question);
  }
  using store::InstancePoint;
  const auto place = [](const InstancePoint& point) { return std::tuple(point.number, point.at); };
  const auto rises = [](const auto& points, const auto& key) {
    return std::ranges::adjacent_find(points, std::ranges::greater_equal(), key) == points.end();
  };
  require(rises(answer.fleet, &store::FleetPoint::at), "each step has one point, in the order of time");
  require(rises(answer.instances, place),
          "each step has one point of an instance, in the order of the numbers and then of time");
  require(answer.events.size() <= question.limit && answer.alerts.size() <= question.limit, "no more than was asked");
  require(std::ranges::is_sorted(answer.events, {}, &store::ScalingEvent::at), "events are in the order of time");
  require(std::ranges::is_sorted(answer.alerts, {}, &store::AlertRecord::fired_at), "alerts are in the order of time");
}

/// What people and programs are shown of it.
void look_at_shown(store::History& history) {
  const auto view = read(monitor::read_history(history, {}, k_shown));
  require(json::parse(json::dump(json_of(view))).has_value(), "what programs get is JSON");
  static_cast<void>(csv_of(view));
  require_printable_lines(text_of(view, {.width = 80}), "a line of the history");
}

void look_at_report(store::History& history) {
  static_cast<void>(html_of(read(monitor::gather(history, {}, k_shown, k_now))));
}

/// Whether the history is still the same file.
bool add_to(store::History& history) {
  store::FleetSample sample{.at = k_now, .cpu = Percent{50}, .request_rate = RequestsPerSecond{10}};
  for (int n = 1; n <= 3; ++n) {
    sample.instances.push_back({.number = n, .cpu = Percent{50}, .memory_used = Bytes{1U << 20U}});
  }
  require(history.add(sample).has_value(), "a sample is added, whatever is in the tables");
  const auto points = read(history.instances({k_now, k_now + 1s}, 1s));
  for (int n = 1; n <= 3; ++n) {
    require(std::ranges::find(points, n, &store::InstancePoint::number) != points.end(), "what was added is there");
  }
  const auto notice = history.take_notice();
  require_printable(notice.value_or(""), "what is told of a damaged history");
  return !notice;
}

}  // namespace

void take(std::string_view bytes) {
  static std::once_flag prepared;
  std::call_once(prepared, prepare_sqlite);
  static std::optional<Filled> filled;
  if (!filled) {
    filled.emplace(made());
  }
  auto& history = filled->history;
  if (!filled->tables) {
    filled->tables.emplace();
  }
  const auto lot = lot_of(bytes);
  std::array<Question, 2> questions;
  std::ranges::generate(questions, [&bytes] { return take_question(bytes); });
  filled->tables->fill(bytes);
  for (const auto& question : std::span(questions).first(lot % 4 == 0 ? 2 : 1)) {
    const auto answer = answer_to(history, question);
    look_at(answer, question);
    require(lot % 8 >= 2 || answer_to(history, question) == answer, "a history is read again as the same");
  }
  if (lot % 64 == 2) {
    look_at_shown(history);
  }
  if (lot % 1024 == 3) {
    look_at_report(history);
  }
  require(!history.take_notice(), "nothing of what is read makes a history a damaged one");
  if (lot % 16 == 4) {
    filled->tables.reset();  // so that the history lasts no longer than it is open
    const bool is_same = add_to(history);
    look_at(answer_to(history, questions[0]), questions[0]);
    if (!is_same) {
      filled.reset();
    }
  }
}

}  // namespace kscale::fuzz

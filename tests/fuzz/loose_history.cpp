#include "tests/fuzz/loose_history.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory_resource>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sqlite3.h>

#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using namespace std::chrono_literals;

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

/// A new one, whose tables are still those that we make.
store::History made(WallTime now) {
  static std::once_flag is_prepared;
  std::call_once(is_prepared, prepare_sqlite);
  std::filesystem::remove_all(folder().path());
  std::filesystem::create_directory(folder().path());
  return store::History::open(path(), now).value();
}

}  // namespace

/// The tables, by a connection that lets any value stand anywhere.
class LooseHistory::Tables {
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

LooseHistory::LooseHistory(WallTime now) : m_history(made(now)) {
  require(m_history.fleet({k_begin, now}, 60s) && m_history.events(k_begin, 1), "a new history is read");
  loosen(connect().get());
}

LooseHistory::~LooseHistory() = default;

void LooseHistory::fill(std::string_view bytes) {
  if (!m_tables) {
    m_tables = std::make_unique<Tables>();
  }
  m_tables->fill(bytes);
}

void LooseHistory::let_go() {
  m_tables.reset();
}

}  // namespace kscale::fuzz

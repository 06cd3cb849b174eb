#include "libscale/store/sqlite.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "libscale/store/descriptor.hpp"
#include "libscale/store/files.hpp"

namespace kscale::store {

namespace {

/// "kscl", by which `file` and we know a database of ours.
constexpr std::int64_t k_application_id = 0x6b73636c;

constexpr std::chrono::milliseconds k_busy_timeout{2000};

/// What the last call on the connection failed with.
tl::unexpected<Error> fault(sqlite3* connection, const std::filesystem::path& path) {
  constexpr int k_primary = 0xff;
  switch (sqlite3_errcode(connection) & k_primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(Errc::invalid, "'{}' is damaged: {}", path.string(), sqlite3_errmsg(connection));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(Errc::busy, "'{}' was held by another process for {} ms", path.string(), k_busy_timeout.count());
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (const int system = sqlite3_system_errno(connection); system != 0) {
        return fail(Errc::failed, "'{}': {}: {}", path.string(), sqlite3_errmsg(connection),
                    std::generic_category().message(system));
      }
      [[fallthrough]];
    default:
      return fail(Errc::failed, "'{}': {}", path.string(), sqlite3_errmsg(connection));
  }
}

/// Makes an empty file for the database, or finds that the one there is ours.
Status make_or_check(const std::filesystem::path& path) {
  constexpr mode_t k_mode = S_IRUSR | S_IWUSR;
  // Never opened where it exists: closing it again would drop SQLite's own locks on it (fcntl's, one set a process).
  const Descriptor made(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, k_mode));
  if (made.is_open()) {
    fchmod(made.get(), k_mode);  // the umask may have cut it; SQLite gives the same mode to what it keeps beside it
    return {};
  }
  if (errno != EEXIST) {
    return fail(Errc::failed, "make '{}': {}", path.string(), std::generic_category().message(errno));
  }
  return require_own_file(path);
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

int bind(sqlite3_stmt* statement, int place, const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
    return sqlite3_bind_int64(statement, place, *whole);
  }
  if (const auto* fraction = std::get_if<double>(&cell)) {
    return sqlite3_bind_double(statement, place, *fraction);
  }
  if (const auto* words = std::get_if<std::string>(&cell)) {
    // No destructor: the parameters outlive the statement.
    return sqlite3_bind_text64(statement, place, words->data(), words->size(), nullptr, SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, place);
}

Cell cell_at(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_NULL:
      return {};
    default: {
      const void* data = sqlite3_column_blob(statement, column);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
      return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
    }
  }
}

Result<std::int64_t> pragma(Database& database, const char* sql) {
  const auto rows = database.rows(sql);
  if (!rows) {
    return tl::unexpected(rows.error());
  }
  return rows->empty() || rows->front().empty() ? 0 : integer(rows->front().front()).value_or(0);
}

/// Finds a database that was cut within a page, which SQLite would take for one with zeros at the end.
Status check_length(const std::filesystem::path& path) {
  constexpr std::uintmax_t k_smallest_page = 512;
  std::error_code error;
  for (const char* journal : {"-wal", "-journal"}) {
    if (std::filesystem::exists(path.string() + journal, error)) {
      return {};  // from there the last page is mended
    }
  }
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (!error && size % k_smallest_page != 0) {
    return fail(Errc::invalid, "'{}' is damaged: its end is missing", path.string());
  }
  return {};
}

Status check_pages(Database& database, const std::filesystem::path& path) {
  const auto rows = database.rows("PRAGMA quick_check(1)");
  if (!rows) {
    return tl::unexpected(rows.error());
  }
  const std::string verdict = rows->empty() || rows->front().empty() ? "" : text(rows->front().front());
  if (verdict != "ok") {
    return fail(Errc::invalid, "'{}' is damaged: {}", path.string(), verdict);
  }
  return {};
}

Status set_durability(Database& database, Durability durability) {
  if (durability == Durability::power_cut) {
    return database.run("PRAGMA synchronous = EXTRA");
  }
  // Busy means that another process is at the same change, which holds for the file and so for us too.
  if (auto mode = database.run("PRAGMA journal_mode = WAL"); !mode && mode.error().code != Errc::busy) {
    return mode;
  }
  return database.run("PRAGMA synchronous = NORMAL");
}

/// The version of the tables, 0 for a database without any.
Result<std::size_t> version_of(Database& database, std::size_t latest, const std::filesystem::path& path) {
  // In this order: another process may make the tables between two of these, and marks them as ours in one go.
  const auto tables = pragma(database, "SELECT count(*) FROM sqlite_schema");
  const auto application = pragma(database, "PRAGMA application_id");
  const auto version = pragma(database, "PRAGMA user_version");
  for (const auto* answer : {&tables, &application, &version}) {
    if (!*answer) {
      return tl::unexpected(answer->error());
    }
  }
  if (*application != k_application_id && *tables > 0) {
    return fail(Errc::refused, "'{}' is the database of another program", path.string());
  }
  if (*version < 0 || *version > static_cast<std::int64_t>(latest)) {
    return fail(Errc::invalid, "'{}' was written by a newer kscale: it has version {}, and this one knows {}",
                path.string(), *version, latest);
  }
  return static_cast<std::size_t>(*version);
}

Status bring_up_to_date(Database& database, std::span<const char* const> steps, const std::filesystem::path& path) {
  if (const auto version = version_of(database, steps.size(), path); !version || *version == steps.size()) {
    return version ? Status() : tl::unexpected(version.error());
  }
  auto transaction = Transaction::begin(database);
  if (!transaction) {
    return tl::unexpected(transaction.error());
  }
  const auto version = version_of(database, steps.size(), path);  // again: another process may have been at it
  if (!version) {
    return tl::unexpected(version.error());
  }
  for (const char* step : steps.subspan(*version)) {
    if (auto done = database.run_all(step); !done) {
      return wrap(done.error(), "bring the tables up to date");
    }
  }
  const std::string marks =
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", k_application_id, steps.size());
  if (auto marked = database.run_all(marks.c_str()); !marked) {
    return marked;
  }
  return transaction->commit();
}

}  // namespace

std::optional<std::int64_t> integer(const Cell& cell) {
  const auto* whole = std::get_if<std::int64_t>(&cell);
  return whole == nullptr ? std::nullopt : std::optional(*whole);
}

std::optional<double> real(const Cell& cell) {
  if (const auto* fraction = std::get_if<double>(&cell)) {
    return *fraction;
  }
  const auto* whole = std::get_if<std::int64_t>(&cell);
  return whole == nullptr ? std::nullopt : std::optional(static_cast<double>(*whole));
}

std::string text(const Cell& cell) {
  const auto* words = std::get_if<std::string>(&cell);
  return words == nullptr ? std::string() : *words;
}

void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Database::Database(Connection connection, std::filesystem::path path)
    : m_connection(std::move(connection)), m_path(std::move(path)) {}

Result<Database> Database::open(const std::filesystem::path& path, std::span<const char* const> steps,
                                Durability durability) {
  if (const auto ready = make_or_check(path); !ready) {
    return tl::unexpected(ready.error());
  }
  if (const auto whole = check_length(path); !whole) {
    return tl::unexpected(whole.error());
  }
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  Connection connection(raw);
  if (opened != SQLITE_OK) {
    return fault(connection.get(), path);
  }
  sqlite3_busy_timeout(connection.get(), static_cast<int>(k_busy_timeout.count()));
  Database database(std::move(connection), path);
  if (const auto sound = check_pages(database, path); !sound) {
    return tl::unexpected(sound.error());
  }
  if (const auto set = set_durability(database, durability); !set) {
    return tl::unexpected(set.error());
  }
  if (const auto current = bring_up_to_date(database, steps, path); !current) {
    return tl::unexpected(current.error());
  }
  return database;
}

Status Database::run(const char* sql, std::initializer_list<Cell> parameters) {
  if (const auto done = rows(sql, parameters); !done) {
    return tl::unexpected(done.error());
  }
  return {};
}

Status Database::run_all(const char* sql) {
  if (sqlite3_exec(m_connection.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fault(m_connection.get(), m_path);
  }
  return {};
}

Result<std::vector<Row>> Database::rows(const char* sql, std::initializer_list<Cell> parameters) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(m_connection.get(), sql, -1, &raw, nullptr) != SQLITE_OK) {
    return fault(m_connection.get(), m_path);
  }
  const Statement statement(raw);
  int place = 0;
  for (const Cell& parameter : parameters) {
    if (bind(statement.get(), ++place, parameter) != SQLITE_OK) {
      return fault(m_connection.get(), m_path);
    }
  }
  std::vector<Row> rows;
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(statement.get())) == SQLITE_ROW) {
    Row& row = rows.emplace_back();
    for (int column = 0; column < sqlite3_column_count(statement.get()); ++column) {
      row.push_back(cell_at(statement.get(), column));
    }
  }
  if (step != SQLITE_DONE) {
    return fault(m_connection.get(), m_path);
  }
  return rows;
}

Transaction::Transaction(Transaction&& other) noexcept : m_database(std::exchange(other.m_database, nullptr)) {}

Result<Transaction> Transaction::begin(Database& database) {
  // Immediate: a transaction that begins as a reader and then finds another writer could only fail.
  if (const auto begun = database.run("BEGIN IMMEDIATE"); !begun) {
    return tl::unexpected(begun.error());
  }
  return Transaction(database);
}

Transaction::~Transaction() {
  if (m_database != nullptr) {
    static_cast<void>(m_database->run("ROLLBACK"));  // it may have been rolled back by the fault that led here
  }
}

Status Transaction::commit() {
  if (auto done = m_database->run("COMMIT"); !done) {
    return done;
  }
  m_database = nullptr;
  return {};
}

}  // namespace kscale::store

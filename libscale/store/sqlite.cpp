#include "libscale/store/sqlite.hpp"

#include <cerrno>
#include <chrono>
#include <cmath>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "libscale/base/descriptor.hpp"
#include "libscale/base/printable.hpp"

namespace kscale::store {

namespace {

/// "kscl", by which `file` and we know a database of ours.
constexpr std::int64_t k_application_id = 0x6b73636c;

constexpr std::chrono::milliseconds k_busy_timeout{2000};

/// No text or row of ours is longer. A damaged file may claim gigabytes.
constexpr int k_longest = 1 << 24;

/// How long the journal stays once all that is in it went into the database.
constexpr int k_journal_bytes = 1 << 22;

tl::unexpected<Error> damaged(sqlite3* connection, const std::filesystem::path& path) {
  return fail(Errc::invalid, "'{}' is damaged: {}", path.string(), printable(sqlite3_errmsg(connection)));
}

/// What the last call on the connection failed with.
tl::unexpected<Error> fault(sqlite3* connection, const std::filesystem::path& path) {
  constexpr int k_primary = 0xff;
  switch (sqlite3_errcode(connection) & k_primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    // Statements of ours are right and fit the tables that we made, so it is the tables that are not as they were.
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return damaged(connection, path);
    case SQLITE_READONLY:
      if (sqlite3_extended_errcode(connection) == SQLITE_READONLY) {  // we may write, but the file itself says no
        return damaged(connection, path);
      }
      return fail(Errc::failed, "'{}': {}", path.string(), sqlite3_errmsg(connection));
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

/// Makes an empty file for the database, or finds that the one there is ours. Gives which it is.
Result<FileIdentity> make_or_check(const std::filesystem::path& path) {
  constexpr mode_t k_mode = S_IRUSR | S_IWUSR;
  const auto turn = take_turn(path);
  if (!identity_of(path)) {
    remove_left_behind(path);
  }
  // Never opened where it exists: closing it again would drop SQLite's own locks on it (fcntl's, one set a process).
  const Descriptor made(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, k_mode));
  if (made.is_open()) {
    fchmod(made.get(), k_mode);  // the umask may have cut it; SQLite gives the same mode to what it keeps beside it
  } else if (errno != EEXIST) {
    return fail(Errc::failed, "make '{}': {}", path.string(), std::generic_category().message(errno));
  }
  if (const auto own = require_own_file(path); !own) {
    return tl::unexpected(own.error());
  }
  const auto identity = identity_of(path);
  if (!identity) {
    return fail(Errc::failed, "'{}' was removed while it was opened", path.string());
  }
  return *identity;
}

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

/// A statement at work. One that were not reset would hold on to what it read, and keep the journal growing.
class Use {
 public:
  explicit Use(sqlite3_stmt* statement) : m_statement(statement) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);  // they point to the caller's parameters
  }

 private:
  sqlite3_stmt* m_statement;
};

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
    return fail(Errc::invalid, "'{}' is damaged: {}", path.string(), printable(verdict));
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
  return database.run_all(
      fmt::format("PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = {}", k_journal_bytes).c_str());
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
    return std::isfinite(*fraction) ? std::optional(*fraction) : std::nullopt;
  }
  const auto* whole = std::get_if<std::int64_t>(&cell);
  return whole == nullptr ? std::nullopt : std::optional(static_cast<double>(*whole));
}

std::string text(const Cell& cell) {
  const auto* words = std::get_if<std::string>(&cell);
  return words == nullptr ? std::string() : *words;
}

void Database::Close::operator()(sqlite3* connection) const {
  if (identity_of(path) != identity) {
    // SQLite removes the journal by its name, which is that of another database now.
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  sqlite3_close_v2(connection);
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Database::Database(Connection connection, std::filesystem::path path, const FileIdentity& identity)
    : m_connection(std::move(connection)), m_path(std::move(path)), m_identity(identity) {}

Result<Database> Database::open(const std::filesystem::path& path, std::span<const char* const> steps,
                                Durability durability, Check check, Access access) {
  const auto identity = make_or_check(path);
  if (!identity) {
    return tl::unexpected(identity.error());
  }
  if (const auto whole = check_length(path); !whole) {
    return tl::unexpected(whole.error());
  }
  sqlite3* raw = nullptr;
  // No mutex: a connection stays within one thread, where a lock for each cell makes a long read slow.
  const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Connection connection(raw, Close{.path = path, .identity = *identity});
  if (opened != SQLITE_OK) {
    return fault(connection.get(), path);
  }
  if (access == Access::write && sqlite3_db_readonly(connection.get(), "main") == 1) {
    return fail(Errc::failed, "'{}' cannot be written to", path.string());
  }
  sqlite3_busy_timeout(connection.get(), static_cast<int>(k_busy_timeout.count()));
  sqlite3_limit(connection.get(), SQLITE_LIMIT_LENGTH, k_longest);
  Database database(std::move(connection), path, *identity);
  if (check == Check::every_page) {
    if (const auto sound = check_pages(database, path); !sound) {
      return tl::unexpected(sound.error());
    }
  } else if (const auto set = database.run("PRAGMA cell_size_check = ON"); !set) {
    return tl::unexpected(set.error());
  }
  if (const auto set = set_durability(database, durability); !set) {
    return tl::unexpected(set.error());
  }
  if (const auto current = bring_up_to_date(database, steps, path); !current) {
    return tl::unexpected(current.error());
  }
  return database;
}

Result<sqlite3_stmt*> Database::prepared(const char* sql) {
  if (const auto found = m_statements.find(sql); found != m_statements.end()) {
    return found->second.get();
  }
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(m_connection.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
    return fault(m_connection.get(), m_path);
  }
  m_statements.emplace(sql, raw);
  return raw;
}

Status Database::run(const char* sql, std::initializer_list<Cell> parameters) {
  return for_each_row(sql, parameters, [](const Row&) {});
}

Status Database::run_all(const char* sql) {
  if (sqlite3_exec(m_connection.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fault(m_connection.get(), m_path);
  }
  return {};
}

Result<std::vector<Row>> Database::rows(const char* sql, std::initializer_list<Cell> parameters) {
  std::vector<Row> rows;
  if (const auto done = for_each_row(sql, parameters, [&](const Row& row) { rows.push_back(row); }); !done) {
    return tl::unexpected(done.error());
  }
  return rows;
}

Status Database::for_each_row(const char* sql, std::initializer_list<Cell> parameters,
                              const std::function<void(const Row&)>& show) {
  const auto statement = prepared(sql);
  if (!statement) {
    return tl::unexpected(statement.error());
  }
  const Use use(*statement);
  int place = 0;
  for (const Cell& parameter : parameters) {
    if (bind(*statement, ++place, parameter) != SQLITE_OK) {
      return fail(Errc::failed, "'{}': {}", m_path.string(), sqlite3_errmsg(m_connection.get()));
    }
  }
  Row row(static_cast<std::size_t>(sqlite3_column_count(*statement)));
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(*statement)) == SQLITE_ROW) {
    row.resize(static_cast<std::size_t>(sqlite3_data_count(*statement)));
    for (std::size_t column = 0; column < row.size(); ++column) {
      row[column] = cell_at(*statement, static_cast<int>(column));
    }
    show(row);
  }
  if (step != SQLITE_DONE) {
    return fault(m_connection.get(), m_path);
  }
  return {};
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

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/store/files.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace kscale::store {

/// One cell of a table: NULL, INTEGER, REAL, or TEXT and BLOB alike.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;

/// The number in the cell; nothing where it holds something else.
std::optional<std::int64_t> integer(const Cell& cell);
/// The number in the cell, whole or not; nothing where it holds something else, or infinity.
std::optional<double> real(const Cell& cell);
/// The text in the cell; empty where it holds something else.
std::string text(const Cell& cell);

/// When a write counts as done.
enum class Durability {
  process_crash,  ///< it outlives the process; the last ones may be lost with the power, never torn
  power_cut,      ///< it outlives the machine
};

/// What an open database is for.
enum class Access {
  write,
  read,  ///< that the file, or its disk, is read-only does not matter
};

/// How much of a file is looked at when it is opened.
enum class Check {
  every_page,  ///< damage shows now, and not in the middle of the work; the larger the file, the longer it takes
  as_read,     ///< damage shows when the work comes upon it
};

/// A connection to an SQLite database, for one thread. Only this room knows of it.
///
/// Failures: `invalid` where the file is damaged, no database, or lacks what a statement names; `busy` where another
/// process holds it for long; else `failed`. The text names the file.
class Database {
 public:
  /// Opens a database of ours and brings its tables up to date, or makes the file with mode 0600 whatever the umask.
  /// A symlink, another user's file and another program's database are `refused`; one that cannot be written, unless it
  /// is only to be read, `failed`.
  ///
  /// Step n of `steps` is the SQL that leads from version n to n + 1; a step that was released is never changed.
  /// A file that has a higher version than there are steps is `invalid`.
  static Result<Database> open(const std::filesystem::path& path, std::span<const char* const> steps,
                               Durability durability, Check check = Check::every_page, Access access = Access::write);

  /// Which file it is.
  const FileIdentity& identity() const { return m_identity; }
  /// Whether that file still has its name: false when it was removed, set aside or replaced. Closing the database then
  /// leaves alone what lies beside the file of that name now.
  bool is_in_place() const { return identity_of(m_path) == m_identity; }

  /// Runs one statement, its parameters bound in order. Here and below a statement is kept ready for the next time.
  Status run(const char* sql, std::initializer_list<Cell> parameters = {});
  /// Runs several statements, one after another, as many as there are.
  Status run_all(const char* sql);
  /// Runs one statement and gives all its rows.
  Result<std::vector<Row>> rows(const char* sql, std::initializer_list<Cell> parameters = {});
  /// Runs one statement and shows its rows one by one, however many there are.
  Status for_each_row(const char* sql, std::initializer_list<Cell> parameters,
                      const std::function<void(const Row&)>& show);

 private:
  struct Close {
    std::filesystem::path path;
    FileIdentity identity;

    void operator()(sqlite3* connection) const;
  };
  using Connection = std::unique_ptr<sqlite3, Close>;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  Database(Connection connection, std::filesystem::path path, const FileIdentity& identity);

  Result<sqlite3_stmt*> prepared(const char* sql);

  Connection m_connection;
  std::map<std::string, Statement, std::less<>> m_statements;  ///< by their SQL; they go before the connection
  std::filesystem::path m_path;
  FileIdentity m_identity;
};

/// Several statements that happen together or not at all. Ends without effect unless committed.
class Transaction {
 public:
  /// `database` must outlive the transaction, and stay where it is.
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Status commit();

 private:
  explicit Transaction(Database& database) : m_database(&database) {}

  Database* m_database;  ///< null once it has ended
};

}  // namespace kscale::store

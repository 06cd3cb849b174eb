#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libscale/base/result.hpp"

struct sqlite3;

namespace kscale::store {

/// One cell of a table: NULL, INTEGER, REAL, or TEXT and BLOB alike.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;

/// The number in the cell; nothing where it holds something else.
std::optional<std::int64_t> integer(const Cell& cell);
/// The number in the cell, whole or not; nothing where it holds something else.
std::optional<double> real(const Cell& cell);
/// The text in the cell; empty where it holds something else.
std::string text(const Cell& cell);

/// When a write counts as done.
enum class Durability {
  process_crash,  ///< it outlives the process; the last ones may be lost with the power, never torn
  power_cut,      ///< it outlives the machine
};

/// A connection to an SQLite database. Only this room knows of it.
///
/// Failures: `invalid` where the file is damaged or no database, `busy` where another process holds it for long,
/// else `failed`; the text names the file.
class Database {
 public:
  /// Opens a database of ours and brings its tables up to date, or makes the file with mode 0600 whatever the umask.
  /// A symlink, another user's file and another program's database are `refused`.
  ///
  /// Step n of `steps` is the SQL that leads from version n to n + 1; a step that was released is never changed.
  /// A file that has a higher version than there are steps is `invalid`. Every page is checked, so that damage shows
  /// now and not in the middle of the work.
  static Result<Database> open(const std::filesystem::path& path, std::span<const char* const> steps,
                               Durability durability);

  /// Runs one statement, its parameters bound in order.
  Status run(const char* sql, std::initializer_list<Cell> parameters = {});
  /// Runs several statements, one after another, as many as there are.
  Status run_all(const char* sql);
  /// Runs one statement and gives all its rows.
  Result<std::vector<Row>> rows(const char* sql, std::initializer_list<Cell> parameters = {});

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  using Connection = std::unique_ptr<sqlite3, Close>;

  Database(Connection connection, std::filesystem::path path);

  Connection m_connection;
  std::filesystem::path m_path;
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

#include <array>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/store/sqlite.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using fakes::TempDir;
using test::mode_of;
using test::Umask;

constexpr std::array<const char*, 2> k_steps = {
    "CREATE TABLE first(value); INSERT INTO first VALUES ('kept');",
    "CREATE TABLE second(value);",
};

Result<Database> open(const fs::path& path) {
  return Database::open(path, k_steps, Durability::process_crash);
}

TEST_CASE("what is bound comes back as it was") {
  const TempDir dir;
  auto database = open(dir / "db").value();
  const std::string odd("'; DROP TABLE first; --\0\xff", 25);
  const std::string sql = "SELECT ?, ?, ?, ?, ?, x'00ff'";
  const auto rows = database.rows(sql.c_str(), {std::int64_t{1} << 62U, 0.1, odd, std::string(), Cell()}).value();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0] == Row{std::int64_t{1} << 62U, 0.1, odd, std::string(), Cell(), std::string("\0\xff", 2)});
}

TEST_CASE("a cell of another kind is no number and no text") {
  CHECK(integer(Cell(0.5)) == std::nullopt);
  CHECK(real(Cell(std::int64_t{2})) == 2.0);
  CHECK(real(Cell(std::string("2"))) == std::nullopt);
  CHECK(real(Cell(-std::numeric_limits<double>::infinity())) == std::nullopt);
  CHECK(text(Cell(std::int64_t{2})).empty());
}

TEST_CASE("a fault in a statement names the file") {
  const TempDir dir;
  auto database = open(dir / "db").value();
  CHECK(database.run("SELECT * FROM none").error() ==
        Error{Errc::invalid, "'" + (dir / "db").string() + "' is damaged: no such table: none"});
}

TEST_CASE("the database and what lies beside it are private, whatever the umask") {
  const TempDir dir;
  for (const mode_t mask : {0U, 0777U}) {
    const Umask scope(mask);
    const auto path = dir / fmt::format("{:o}", mask);
    auto database = open(path).value();
    CHECK(database.run("INSERT INTO second VALUES (1)"));
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(path.string() + "-wal") == 0600);
    CHECK(mode_of(path.string() + "-shm") == 0600);
  }
}

TEST_CASE("the tables are brought up to date, step by step, and keep what they hold") {
  const TempDir dir;
  CHECK(Database::open(dir / "db", std::span(k_steps).first(1), Durability::process_crash));
  auto database = open(dir / "db").value();
  CHECK(database.rows("SELECT value FROM first").value() == std::vector<Row>{{std::string("kept")}});
  CHECK(database.run("SELECT * FROM second"));
  CHECK(open(dir / "db"));
}

TEST_CASE("a step that fails changes nothing") {
  const TempDir dir;
  CHECK(Database::open(dir / "db", std::span(k_steps).first(1), Durability::process_crash));
  constexpr std::array<const char*, 3> k_broken = {k_steps[0], k_steps[1], "CREATE TABLE first(value);"};
  CHECK(Database::open(dir / "db", k_broken, Durability::process_crash).error().what ==
        "bring the tables up to date: '" + (dir / "db").string() + "' is damaged: table first already exists");
  CHECK(open(dir / "db"));
}

TEST_CASE("a database of a newer kscale is not touched") {
  const TempDir dir;
  CHECK(open(dir / "db"));
  CHECK(Database::open(dir / "db", std::span(k_steps).first(1), Durability::process_crash).error() ==
        Error{Errc::invalid,
              "'" + (dir / "db").string() + "' was written by a newer kscale: it has version 2, and this one knows 1"});
}

TEST_CASE("the database of another program is not touched") {
  const TempDir dir;
  {
    auto other = Database::open(dir / "db", {}, Durability::power_cut).value();
    CHECK(other.run_all("CREATE TABLE theirs(value); PRAGMA application_id = 7; PRAGMA user_version = 1"));
  }
  CHECK(open(dir / "db").error() ==
        Error{Errc::refused, "'" + (dir / "db").string() + "' is the database of another program"});
}

TEST_CASE("a symlink and another user's file are no database of ours") {
  const TempDir dir;
  const std::string link = (dir / "link").string();
  fs::create_symlink(dir / "victim", link);
  CHECK(open(link).error() == Error{Errc::refused, "'" + link + "' is a symlink, which kscale does not follow here"});
  CHECK_FALSE(fs::exists(dir / "victim"));
  std::ofstream(dir / "foreign") << "";
  if (!test::give_away(dir / "foreign")) {
    WARN("skipped in part: only root can give a file away");
    return;
  }
  CHECK(open(dir / "foreign").error().code == Errc::refused);
}

TEST_CASE("a database cannot be made where there is no directory") {
  const TempDir dir;
  CHECK(open(dir / "none/db").error() ==
        Error{Errc::failed, "make '" + (dir / "none/db").string() + "': No such file or directory"});
}

TEST_CASE("a file that is no database is damaged") {
  const TempDir dir;
  std::ofstream(dir / "db") << std::string(5120, 'x');
  CHECK(open(dir / "db").error() ==
        Error{Errc::invalid, "'" + (dir / "db").string() + "' is damaged: file is not a database"});
}

TEST_CASE("a database that was cut within its last page is damaged") {
  const TempDir dir;
  CHECK(open(dir / "db"));
  const auto size = fs::file_size(dir / "db");
  for (const auto cut : {size - 1, std::uintmax_t{1}}) {
    fs::resize_file(dir / "db", cut);
    CHECK(open(dir / "db").error() ==
          Error{Errc::invalid, "'" + (dir / "db").string() + "' is damaged: its end is missing"});
  }
}

TEST_CASE("a last page that the journal mends is no damage") {
  const TempDir dir;
  const int status = test::in_child([&]() -> int {
    const auto database = open(dir / "db");
    _exit(database ? 0 : 1);  // without closing: the journal stays
  });
  REQUIRE(status == 0);
  fs::resize_file(dir / "db", fs::file_size(dir / "db") - 1);
  auto database = open(dir / "db").value();
  CHECK(database.rows("SELECT value FROM first").value() == std::vector<Row>{{std::string("kept")}});
}

TEST_CASE("damage that was not looked for shows when it is read") {
  const TempDir dir;
  const auto path = dir / "db";
  CHECK(open(path));
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(4096) << std::string(4096, 'x');
  CHECK(open(path).error().code == Errc::invalid);
  auto database = Database::open(path, k_steps, Durability::process_crash, Check::as_read).value();
  CHECK(database.rows("SELECT * FROM first").error() ==
        Error{Errc::invalid, "'" + path.string() + "' is damaged: database disk image is malformed"});
  CHECK(database.run("INSERT INTO second VALUES (1)"));
}

TEST_CASE("a database that says by itself that it cannot be written is damaged") {
  const TempDir dir;
  const auto path = dir / "db";
  CHECK(Database::open(path, k_steps, Durability::power_cut));
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(18) << '\x7';
  auto database = Database::open(path, k_steps, Durability::power_cut).value();
  CHECK(database.run("INSERT INTO second VALUES (1)").error() ==
        Error{Errc::invalid, "'" + path.string() + "' is damaged: attempt to write a readonly database"});
}

TEST_CASE("a database whose file lost its name knows that, and leaves alone what its successor has") {
  const TempDir dir;
  const auto path = dir / "db";
  auto first = std::optional(open(path).value());
  CHECK(first->run("INSERT INTO second VALUES (1)"));
  CHECK(first->is_in_place());
  REQUIRE(set_aside(path, identity_of(path).value(), WallTime{}));
  CHECK_FALSE(first->is_in_place());
  auto successor = open(path).value();
  CHECK(successor.is_in_place());
  CHECK(successor.identity() != first->identity());
  CHECK(successor.run("INSERT INTO second VALUES (2)"));
  first.reset();
  CHECK(fs::exists(path.string() + "-wal"));
  auto beside = open(path).value();
  CHECK(beside.rows("SELECT value FROM second").value() == std::vector<Row>{{std::int64_t{2}}});
}

TEST_CASE("a new database does not take up the journal that one of its name left") {
  const TempDir dir;
  const auto path = dir / "db";
  const int status = test::in_child([&]() -> int {
    auto database = open(path);
    _exit(database && database->run("INSERT INTO second VALUES (1)") ? 0 : 1);  // without closing
  });
  REQUIRE(status == 0);
  fs::remove(path);
  REQUIRE(fs::exists(path.string() + "-wal"));
  CHECK(open(path).value().rows("SELECT value FROM second").value().empty());
}

TEST_CASE("rows are shown one by one") {
  const TempDir dir;
  auto database = open(dir / "db").value();
  CHECK(database.run("INSERT INTO first VALUES (?)", {std::int64_t{7}}));
  std::vector<Row> shown;
  CHECK(database.for_each_row("SELECT value, ? FROM first ORDER BY rowid", {0.5},
                              [&](const Row& row) { shown.push_back(row); }));
  CHECK(shown == std::vector<Row>{{std::string("kept"), 0.5}, {std::int64_t{7}, 0.5}});
}

TEST_CASE("an empty file is a database without tables yet, as a crash at the start leaves it") {
  const TempDir dir;
  std::ofstream(dir / "db") << "";
  CHECK(open(dir / "db"));
}

TEST_CASE("a transaction that is not committed has no effect") {
  const TempDir dir;
  auto database = open(dir / "db").value();
  {
    const auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    CHECK(database.run("DELETE FROM first"));
  }
  CHECK(database.rows("SELECT * FROM first").value().size() == 1);
  {
    auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    CHECK(database.run("DELETE FROM first"));
    CHECK(transaction->commit());
  }
  CHECK(database.rows("SELECT * FROM first").value().empty());
}

}  // namespace
}  // namespace kscale::store

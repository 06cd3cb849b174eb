#include "libscale/store/state_file.hpp"

#include <array>

#include "libscale/store/files.hpp"
#include "libscale/store/sqlite.hpp"
#include "libscale/store/state_rows.hpp"

namespace kscale::store {

namespace {

constexpr std::array<const char*, 1> k_steps = {
    "CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;",
};

Status replace_rows(Database& database, const State& state) {
  auto transaction = Transaction::begin(database);
  if (!transaction) {
    return tl::unexpected(transaction.error());
  }
  if (auto cleared = database.run("DELETE FROM state"); !cleared) {
    return cleared;
  }
  for (const auto& [key, value] : rows_of(state)) {
    if (auto added = database.run("INSERT INTO state(key, value) VALUES (?, ?)", {key, value}); !added) {
      return added;
    }
  }
  return transaction->commit();
}

}  // namespace

Result<State> load_state(const std::filesystem::path& path) {
  if (const auto own = require_own_file(path); !own && own.error().code == Errc::not_found) {
    return State{};
  }
  auto database = Database::open(path, k_steps, Durability::power_cut, Check::every_page, Access::read);
  if (!database) {
    return wrap(database.error(), "load the state");
  }
  StateRows rows;
  const auto read = database->for_each_row("SELECT key, value FROM state", {}, [&rows](const Row& row) {
    rows.emplace_back(text(row.at(0)), text(row.at(1)));
  });
  if (!read) {
    return wrap(read.error(), "load the state");
  }
  auto state = state_of(rows);
  if (!state) {
    return wrap(state.error(), "load the state: '{}' is damaged", path.string());
  }
  return state;
}

Status save_state(const std::filesystem::path& path, const State& state) {
  auto database = Database::open(path, k_steps, Durability::power_cut);
  if (!database) {
    return wrap(database.error(), "save the state");
  }
  if (const auto saved = replace_rows(*database, state); !saved) {
    return wrap(saved.error(), "save the state");
  }
  return {};
}

}  // namespace kscale::store

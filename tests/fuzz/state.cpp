// The state of a deployment: a database of ours with any rows, or one that is damaged.

#include "libscale/store/state.hpp"

#include <array>
#include <fstream>
#include <iterator>

#include "libscale/store/sqlite.hpp"
#include "tests/fuzz/damage.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using namespace std::chrono_literals;

constexpr std::array<const char*, 1> k_made_already{""};
constexpr Now k_now{.instant = Instant(1h), .wall = WallTime(1'795'472'071'755ms)};

/// The bytes of a file with this state.
std::string bytes_of(const store::State& state) {
  const auto path = folder() / "sound";
  require(store::save_state(path, state).has_value(), "a state is saved");
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void remove_file() {
  for (const auto* const name : {"state", "state-wal", "state-shm", "state-journal"}) {
    std::filesystem::remove(folder() / name);
  }
}

/// Parts of `key=value` become rows.
std::filesystem::path with_rows(std::string_view bytes) {
  static const auto empty = bytes_of({});
  const auto path = file("state", empty);
  auto database = store::Database::open(path, k_made_already, store::Durability::process_crash);
  require(database.has_value(), "an empty state is a database");
  while (!bytes.empty()) {
    const auto part = take_part(bytes);
    const auto key = part.substr(0, part.find('='));
    const auto value = part.substr(std::min(key.size() + 1, part.size()));
    static_cast<void>(database->run("INSERT OR REPLACE INTO state(key, value) VALUES (?, ?)",
                                    {std::string(key), std::string(value)}));
  }
  return path;
}

std::filesystem::path with_damage(std::string_view bytes) {
  static const auto sound = [] {
    const store::Stamp at{Instant(30min), WallTime(1'795'470'000'000ms), "boot"};
    return bytes_of({.last_up = at,
                     .last_down = at,
                     .failures = 2,
                     .last_failure = at,
                     .acting = std::vector<int>{3, 4},
                     .reading = store::Reading{at, std::string(5000, 'x')},
                     .pause = store::Pause{at, 60s},
                     .last_check = store::LastCheck{at, "hold"}});
  }();
  return file("state", damaged(sound, bytes));
}

void look_at(const std::optional<store::Stamp>& stamp) {
  if (stamp) {
    for (const auto* const boot : {"boot", "another", ""}) {
      const auto instant = store::on_this_boot(*stamp, k_now, boot);
      require(instant <= k_now.instant, "nothing was in the future");
      require(k_now.instant - instant <= 24h * 365 * 100, "nothing was longer ago than can be told");
    }
  }
}

}  // namespace

void take(std::string_view bytes) {
  remove_file();
  const auto path = take_byte(bytes) % 2 == 0 ? with_rows(bytes) : with_damage(bytes);
  const auto state = store::load_state(path);
  if (!state) {
    require_printable(state.error().what, "why a state is not taken");
    return;
  }
  look_at(state->last_up);
  look_at(state->last_down);
  look_at(state->last_failure);
  require(state->failures >= 0, "a count is not negative");
  for (const int number : state->acting.value_or(std::vector<int>())) {
    require(number >= 0, "an instance's number is not negative");
  }
  require(!state->pause || !state->pause->length || state->pause->length >= 0s, "a pause is not negative");
  require(store::save_state(path, *state).has_value(), "a state that was read can be saved");
  require(store::load_state(path) == *state, "a state is read as it was saved");
}

}  // namespace kscale::fuzz

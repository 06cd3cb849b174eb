// The state of a deployment as the rows of its file: any keys, with any values.

#include "libscale/store/state_rows.hpp"

#include <algorithm>

#include "libscale/store/state_file.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using namespace std::chrono_literals;

constexpr Now k_now{.instant = Instant(1h), .wall = WallTime(1'795'472'071'755ms)};

/// Parts of `key=value`.
store::StateRows rows_in(std::string_view bytes) {
  store::StateRows rows;
  while (!bytes.empty()) {
    const auto part = take_part(bytes);
    const auto key = part.substr(0, part.find('='));
    rows.emplace_back(key, part.substr(std::min(key.size() + 1, part.size())));
  }
  return rows;
}

void look_at(const store::Stamp& stamp) {
  for (const auto* const boot : {"boot", "another", ""}) {
    const auto instant = store::on_this_boot(stamp, k_now, boot);
    require(instant <= k_now.instant, "nothing was in the future");
    require(k_now.instant - instant <= 24h * 365 * 100, "nothing was longer ago than can be told");
  }
}

void look_at(const store::State& state) {
  for (const auto& stamp : {state.last_up, state.last_down, state.last_failure}) {
    if (stamp) {
      look_at(*stamp);
    }
  }
  require(state.failures >= 0, "a count is not negative");
  for (const auto& numbers : {state.acting.value_or(std::vector<int>()), state.restarting}) {
    require(std::ranges::all_of(numbers, [](int number) { return number >= 0; }),
            "an instance's number is not negative");
  }
  if (state.pause) {
    look_at(state.pause->since);
    require(state.pause->length.value_or(0s) >= 0s, "a pause is not negative");
    static_cast<void>(store::is_paused(state, k_now, "boot"));
  }
}

}  // namespace

void take(std::string_view bytes) {
  auto state = store::state_of(rows_in(bytes));
  if (!state) {
    require(state.error().code == Errc::invalid, "rows that are not understood are invalid");
    require_printable(state.error().what, "why a state is not taken");
    return;
  }
  look_at(*state);
  require(store::state_of(store::rows_of(*state)) == *state, "a state is read as it was kept");
  if (lot_of(bytes) % 256 == 0) {
    const auto path = folder() / "state";
    require(store::save_state(path, *state).has_value(), "a state that was read can be saved");
    require(store::load_state(path) == *state, "a state is read as it was saved");
  }
  store::take_over(*state, k_now, "another");
  look_at(*state);
}

}  // namespace kscale::fuzz

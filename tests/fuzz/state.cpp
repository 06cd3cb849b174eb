// The state of a deployment: a file that is damaged.

#include <fstream>
#include <iterator>

#include "libscale/store/state_file.hpp"
#include "tests/fuzz/damage.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using namespace std::chrono_literals;

/// The bytes of a file with this state.
std::string bytes_of(const store::State& state) {
  const auto path = folder() / "sound";
  require(store::save_state(path, state).has_value(), "a state is saved");
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::filesystem::path with_damage(std::string_view bytes) {
  static const auto sound = [] {
    const store::Stamp at{Instant(30min), WallTime(1'795'470'000'000ms), "boot"};
    return bytes_of({.last_up = at,
                     .last_down = at,
                     .failures = 2,
                     .last_failure = at,
                     .acting = std::vector<int>{3, 4},
                     .restarting = {2},
                     .reading = store::Reading{at, std::string(5000, 'x')},
                     .pause = store::Pause{at, 60s, true},
                     .last_check = store::LastCheck{at, "hold"}});
  }();
  return file("state", damaged(sound, bytes));
}

}  // namespace

void take(std::string_view bytes) {
  for (const auto* const beside : {"state-wal", "state-shm", "state-journal"}) {
    std::filesystem::remove(folder() / beside);
  }
  const auto path = with_damage(bytes);
  const auto state = store::load_state(path);
  if (!state) {
    require_printable(state.error().what, "why a state is not taken");
    return;
  }
  if (lot_of(bytes) % 16 == 0) {
    const auto saved = store::save_state(path, *state);
    require(saved || saved.error().code == Errc::invalid, "a state that was read can be saved, or its file is damaged");
    require(store::load_state(path) == *state, "a state is read as it was saved, or as it was");
  }
}

}  // namespace kscale::fuzz

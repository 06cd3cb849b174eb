#include <chrono>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "libscale/store/files.hpp"
#include "libscale/store/sqlite.hpp"
#include "libscale/store/state_file.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using fakes::TempDir;

constexpr WallTime k_wall{1'700'000'000s};
constexpr Instant k_instant{5000s};
constexpr Now k_now{.instant = k_instant, .wall = k_wall};

Stamp stamp(std::chrono::seconds ago) {
  return {k_instant - ago, k_wall - ago, "this boot"};
}

State full_state() {
  return {.last_up = stamp(1s),
          .last_down = stamp(2s),
          .failures = 3,
          .last_failure = stamp(4s),
          .acting = std::vector{7, 4},
          .restarting = {2, 5},
          .reading = Reading{stamp(5s), std::string("opaque\0 'text'\n", 15)},
          .pause = Pause{stamp(6s), 600s, true},
          .last_check = LastCheck{stamp(7s), "hold: idle, at min 3"}};
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST_CASE("within one boot a stamp is its instant, whatever the wall clock did") {
  const Stamp before = stamp(100s);
  for (const auto jump : {0s, 3600s, -3600s, 1'000'000'000s, -1'700'000'000s}) {
    const Now now{.instant = k_instant + 60s, .wall = k_wall + jump};
    CHECK(on_this_boot(before, now, "this boot") == k_instant - 100s);
  }
}

TEST_CASE("after a reboot a stamp is as long ago as the wall clock says") {
  const Now now{.instant = Instant(20s), .wall = k_wall + 60s};
  CHECK(on_this_boot(stamp(100s), now, "next boot") == Instant(20s - 160s));
}

TEST_CASE("after a reboot with the clock set back a stamp counts as now") {
  const Now now{.instant = Instant(20s), .wall = k_wall - 3600s};
  CHECK(on_this_boot(stamp(100s), now, "next boot") == Instant(20s));
}

TEST_CASE("an instant that is still to come counts as now") {
  CHECK(on_this_boot(stamp(-100s), k_now, "this boot") == k_instant);
}

TEST_CASE("a state that is taken over ages from then on, also where its boot's clock was ahead") {
  State state = full_state();
  const Now now{.instant = Instant(20s), .wall = k_wall - 3600s};
  take_over(state, now, "next boot");
  const Stamp just_now{now.instant, now.wall, "next boot"};
  CHECK(state.last_up == just_now);
  CHECK(state.last_down == just_now);
  CHECK(state.last_failure == just_now);
  CHECK(state.pause->since == just_now);
  const auto once = state;
  take_over(state, {.instant = Instant(80s), .wall = k_wall}, "next boot");
  CHECK(state == once);
}

TEST_CASE("a state of the boot before keeps its age") {
  State state{.last_up = stamp(100s)};
  take_over(state, {.instant = Instant(20s), .wall = k_wall + 60s}, "next boot");
  CHECK(state.last_up == Stamp{Instant(20s - 160s), k_wall - 100s, "next boot"});
}

TEST_CASE("a boot without a name is never the same boot") {
  Stamp nameless = stamp(100s);
  nameless.boot_id.clear();
  const Now now{.instant = Instant(20s), .wall = k_wall};
  CHECK(on_this_boot(nameless, now, "") == Instant(20s - 100s));
}

TEST_CASE("a stamp from the end of time does no harm") {
  constexpr auto k_century = std::chrono::hours(24 * 365 * 100);
  using Limits = std::numeric_limits<std::int64_t>;
  const Stamp first{Instant(std::chrono::nanoseconds(Limits::min())), WallTime(WallTime::duration(Limits::min())), "a"};
  const Stamp last{Instant(std::chrono::nanoseconds(Limits::max())), WallTime(WallTime::duration(Limits::max())), "a"};
  for (const auto* boot : {"a", "b"}) {
    CHECK(on_this_boot(first, k_now, boot) == k_instant - k_century);
    CHECK(on_this_boot(last, k_now, boot) == k_instant);
  }
}

TEST_CASE("the boot has a name that stays") {
  CHECK(boot_id().size() == 36);
  CHECK(boot_id() == boot_id());
}

TEST_CASE("a state comes back as it was saved, and nothing of the one before") {
  const TempDir dir;
  CHECK(save_state(dir / "state", full_state()));
  CHECK(load_state(dir / "state").value() == full_state());
  CHECK(save_state(dir / "state", State{}));
  CHECK(load_state(dir / "state").value() == State{});
  CHECK(test::mode_of(dir / "state") == 0600);
}

TEST_CASE("without a file the state is empty, and none is made by looking") {
  const TempDir dir;
  CHECK(load_state(dir / "state").value() == State{});
  CHECK_FALSE(fs::exists(dir / "state"));
}

TEST_CASE("a value that is not understood is told by its name") {
  const TempDir dir;
  const std::string path = (dir / "state").string();
  const auto loaded_with = [&](const std::string& key, const std::string& value) {
    REQUIRE(save_state(path, full_state()));
    auto database = Database::open(dir / "other", {}, Durability::process_crash).value();
    REQUIRE(database.run(("ATTACH '" + path + "' AS damaged").c_str()));
    REQUIRE(database.run("INSERT OR REPLACE INTO damaged.state(key, value) VALUES (?, ?)", {key, value}));
    return load_state(path);
  };
  for (const auto& [key, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"last_up", ""},
                                                                  {"last_up", "1"},
                                                                  {"last_up", "1 x boot"},
                                                                  {"last_down", "99999999999999999999 1 boot"},
                                                                  {"failures", ""},
                                                                  {"failures", "-1"},
                                                                  {"failures", "1 2"},
                                                                  {"failures", "99999999999"},
                                                                  {"last_failure", "1.5 2 boot"},
                                                                  {"acting", "1,2"},
                                                                  {"acting", "1 -2"},
                                                                  {"acting", "1 two"},
                                                                  {"restarting", "2 -1"},
                                                                  {"pause_seconds", "soon"},
                                                                  {"pause_is_stop", "no"},
                                                                  {"pause_since", "1"},
                                                                  {"reading_at", "never"}}) {
    INFO(key << " = " << value);
    CHECK(loaded_with(key, value).error() ==
          Error{Errc::invalid, "load the state: '" + path + "' is damaged: its " + key + " is not understood"});
  }
  CHECK(loaded_with("key of a later kscale", "x").value() == full_state());
}

TEST_CASE("what SQLite says of a damaged file is told on one line") {
  const TempDir dir;
  const fs::path path = dir / "state";
  State state = full_state();
  state.reading->text.assign(20'000, 'x');
  REQUIRE(save_state(path, state));
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out)
      .seekp(8192)
      .write(std::string(100, 'x').data(), 100);
  const auto loaded = load_state(path);
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().what.starts_with("load the state: '" + path.string() +
                                        "' is damaged: *** in database main ***\\x0a"));
  CHECK(loaded.error().what.find('\n') == std::string::npos);
}

TEST_CASE("a damaged file is an error until it is set aside") {
  const TempDir dir;
  const std::string path = (dir / "state").string();
  put(path, std::string(5120, 'x'));
  CHECK(load_state(path).error() ==
        Error{Errc::invalid, "load the state: '" + path + "' is damaged: file is not a database"});
  CHECK(save_state(path, State{}).error() ==
        Error{Errc::invalid, "save the state: '" + path + "' is damaged: file is not a database"});
  CHECK(content(path) == std::string(5120, 'x'));
  CHECK(set_aside(path, identity_of(path).value(), k_wall));
  CHECK(save_state(path, full_state()));
  CHECK(load_state(path).value() == full_state());
}

TEST_CASE("a state cut anywhere, or with random bytes anywhere, is the state or an error") {
  const TempDir dir;
  REQUIRE(save_state(dir / "state", full_state()));
  const std::string whole = content(dir / "state");
  std::mt19937 random(1);  // the same bytes at each run
  for (std::size_t size = 1; size < whole.size(); size += 500) {
    INFO("cut at " << size << " of " << whole.size());
    put(dir / "state", whole.substr(0, size));
    CHECK(load_state(dir / "state").error().code == Errc::invalid);

    std::string torn = whole;
    for (std::size_t n = size; n < std::min(size + 40, whole.size()); ++n) {
      torn[n] = static_cast<char>(random());
    }
    put(dir / "state", torn);
    static_cast<void>(load_state(dir / "state"));
  }
}

TEST_CASE("a process killed while it saves leaves the state before or after, whole") {
  const TempDir dir;
  for (int saves = 1; saves <= 8; ++saves) {
    fs::remove(dir / "state");
    test::Victim saver(saves, [&](const auto& report) {
      for (int n = 1;; ++n) {
        if (save_state(dir / "state",
                       {.failures = n, .acting = std::vector{n}, .reading = Reading{stamp(1s), std::to_string(n)}})) {
          report();
        }
      }
    });
    saver.kill();
    const State state = load_state(dir / "state").value();
    CHECK(state.failures >= saves);
    CHECK(state.acting == std::vector{state.failures});
    REQUIRE(state.reading);
    CHECK(state.reading->text == std::to_string(state.failures));
  }
}

TEST_CASE("the old state survives a full disk") {
  const TempDir dir;
  REQUIRE(save_state(dir / "state", full_state()));
  for (const std::size_t room : {0U, 600U, 5000U, 20000U, 60000U}) {
    INFO("room for " << room);
    const int status = test::in_child([&] {
      test::fill_disk_after(room);
      State large = full_state();
      large.reading->text.assign(200'000, 'x');
      const auto saved = save_state(dir / "state", large);
      return !saved && saved.error().what.starts_with("save the state: '") ? 0 : 1;
    });
    CHECK(status == 0);
    CHECK(load_state(dir / "state").value() == full_state());
  }
}

}  // namespace
}  // namespace kscale::store

#include <chrono>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include <catch2/catch.hpp>

#include "libscale/store/scaling_log.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using fakes::TempDir;
using test::mode_of;
using test::Umask;

constexpr WallTime k_time{std::chrono::milliseconds(1'700'000'000'900)};

void put(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ScalingEvent event(int from, int to) {
  return {.at = k_time, .from = from, .to = to};
}

TEST_CASE("the log has the format that the first scripts wrote") {
  const TempDir dir;
  ScalingEvent up = event(3, 4);
  up.cpu = Percent{85.236};
  up.memory = Percent{60};
  up.request_rate = RequestsPerSecond{120.5};
  up.response_time = Milliseconds{0.001};
  ScalingEvent down = event(4, 3);
  down.memory = Percent{-0.001};
  down.request_rate = RequestsPerSecond{std::numeric_limits<double>::quiet_NaN()};
  CHECK(append_to_log(dir / "log", up));
  CHECK(append_to_log(dir / "log", down));
  CHECK(content(dir / "log") ==
        "1700000000,SCALE_UP,3,4,85.24,60,120.5,0\n"
        "1700000000,SCALE_DOWN,4,3,,0,,\n");
}

TEST_CASE("the log reads back what was written") {
  const TempDir dir;
  CHECK(read_log(dir / "log").value().empty());
  ScalingEvent up = event(3, 4);
  up.at = WallTime(std::chrono::seconds(1'700'000'000));
  up.cpu = Percent{85.25};
  up.response_time = Milliseconds{1200.5};
  CHECK(append_to_log(dir / "log", up));
  CHECK(read_log(dir / "log").value() == std::vector{up});
}

TEST_CASE("what changed nothing is not in the log, and what succeeded in part is") {
  const TempDir dir;
  ScalingEvent failed = event(3, 3);
  failed.outcome = "add instance 4: no such image";
  CHECK(append_to_log(dir / "log", failed));
  CHECK_FALSE(fs::exists(dir / "log"));
  failed.from = 1;
  CHECK(append_to_log(dir / "log", failed));
  CHECK(read_log(dir / "log")->size() == 1);
}

TEST_CASE("the log keeps its last 50 lines") {
  const TempDir dir;
  std::string old;
  for (int n = 0; n < 60; ++n) {
    old += fmt::format("{},SCALE_UP,3,4,85.2,60,120,500\n", 1'600'000'000 + n);
  }
  put(dir / "log", old);
  CHECK(read_log(dir / "log").value().size() == 50);
  CHECK(append_to_log(dir / "log", event(4, 3)));
  const auto events = read_log(dir / "log").value();
  REQUIRE(events.size() == 50);
  CHECK(events.front().at == WallTime(std::chrono::seconds(1'600'000'011)));
  CHECK(events.back().to == 3);
}

TEST_CASE("lines of another shape are dropped") {
  const TempDir dir;
  std::string old = "1600000000,SCALE_UP,3,4,85";
  old += '\0';
  old +=
      ",60,120,500\n"
      "1600000000,SCALE_UP,3,4,.5,60,120,500\n"
      "\n"
      "hello\n"
      "1600000000,SCALE_UP,3,4,85.2,60,120\n"
      "1600000000,SCALE_UP,3,4,85.2,60,120,500,9\n"
      "1600000000,SCALE_SIDEWAYS,3,4,85.2,60,120,500\n"
      "1600000000,SCALE_UP,4,3,85.2,60,120,500\n"
      "1600000000,SCALE_DOWN,3,3,85.2,60,120,500\n"
      "1600000000,SCALE_UP,-3,4,85.2,60,120,500\n"
      "99999999999999999999,SCALE_UP,3,4,85.2,60,120,500\n"
      "999999999999999,SCALE_UP,3,4,85.2,60,120,500\n"
      "1600000000,SCALE_UP,3,4,inf,60,120,500\n"
      "1600000000,SCALE_UP,3,4,nan,60,120,500\n"
      "1600000000,SCALE_UP,3,4,1e9,60,120,500\n"
      "1600000000,SCALE_UP,3,4,85.2%,60,120,500\n"
      "1600000000,SCALE_UP,3,4,85.2,60,120,500\r\n"
      "1600000001,SCALE_DOWN,4,3,,,,";
  put(dir / "log", old);
  const auto events = read_log(dir / "log").value();
  REQUIRE(events.size() == 2);
  CHECK(events[0].cpu == Percent{0.5});
  CHECK(events[1].at == WallTime(std::chrono::seconds(1'600'000'001)));
  CHECK(append_to_log(dir / "log", event(3, 4)));
  CHECK(content(dir / "log") ==
        "1600000000,SCALE_UP,3,4,0.5,60,120,500\n"
        "1600000001,SCALE_DOWN,4,3,,,,\n"
        "1700000000,SCALE_UP,3,4,,,,\n");
}

TEST_CASE("of an overlong log only whole lines of its end count") {
  const TempDir dir;
  std::string old = "1500000000,SCALE_UP,3,4,,,,\n" + std::string(k_log_bytes, 'x') + "\n";
  const std::string last = "1600000001,SCALE_UP,3,4,,,,\n";
  SECTION("one with a line that is cut") {
    old += "9";
    const std::string cut = "1600000000,SCALE_UP,3,4,,,,\n";
    put(dir / "log", old + cut + std::string(k_log_bytes - cut.size() - last.size(), '\n') + last);
  }
  SECTION("one that is a single line but for the last") {
    put(dir / "log", old + last);
  }
  const auto events = read_log(dir / "log").value();
  REQUIRE(events.size() == 1);
  CHECK(events[0].at == WallTime(std::chrono::seconds(1'600'000'001)));
  CHECK(append_to_log(dir / "log", event(4, 3)));
  CHECK(content(dir / "log") == last + "1700000000,SCALE_DOWN,4,3,,,,\n");
}

TEST_CASE("the log can be read by all and written by us, whatever the umask") {
  const TempDir dir;
  for (const mode_t mask : {0U, 0777U}) {
    const Umask scope(mask);
    CHECK(append_to_log(dir / "log", event(3, 4)));
    CHECK(mode_of(dir / "log") == 0644);
  }
}

TEST_CASE("a symlink laid in the place of the log is neither read nor followed") {
  const TempDir dir;
  put(dir / "shadow", "root:secret");
  fs::create_symlink(dir / "shadow", dir / "log");
  const std::string refused =
      "read the scaling log: '" + (dir / "log").string() + "' is a symlink, which kscale does not follow here";
  CHECK(append_to_log(dir / "log", event(3, 4)).error() == Error{Errc::refused, refused});
  CHECK(read_log(dir / "log").error() == Error{Errc::refused, refused});
  CHECK(content(dir / "shadow") == "root:secret");
}

TEST_CASE("another user's log is not added to") {
  const TempDir dir;
  put(dir / "log", "1600000000,SCALE_UP,3,4,,,,\n");
  if (!test::give_away(dir / "log")) {
    WARN("skipped: only root can give a file away");
    return;
  }
  CHECK(append_to_log(dir / "log", event(4, 3)).error().code == Errc::refused);
  CHECK(content(dir / "log") == "1600000000,SCALE_UP,3,4,,,,\n");
  CHECK(read_log(dir / "log").value().size() == 1);
}

TEST_CASE("the old log survives a full disk") {
  const TempDir dir;
  CHECK(append_to_log(dir / "log", event(3, 4)));
  const int status = test::in_child([&] {
    test::fill_disk_after(40);
    return append_to_log(dir / "log", event(4, 3)) ? 1 : 0;
  });
  CHECK(status == 0);
  CHECK(content(dir / "log") == "1700000000,SCALE_UP,3,4,,,,\n");
}

}  // namespace
}  // namespace kscale::store

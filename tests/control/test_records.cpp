#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/control/records.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using control::Records;

TEST_CASE("that scaling goes on when the state cannot be read is told by the autoscaler alone") {
  const auto told_by = [](const std::string& tool) {
    fakes::TempDir dir;
    fakes::HandClock clock;
    auto settings = fakes::FakeMachine::settings();
    settings.state_dir = (dir / "state").string();
    settings.history_log.clear();
    std::string told;
    const control::Log log([&](control::Level, std::string_view line) { told += line; });
    auto records = Records::open(
        settings, [](const std::string&) { return std::nullopt; }, clock, log, tool);
    REQUIRE(records);
    std::filesystem::create_directory(dir / "state" / "shop.state");
    records->load();
    return told;
  };
  CHECK_THAT(told_by("kscale-auto"), Catch::EndsWith("; scaling goes on"));
  for (const auto* const tool : {"kscale-monitor", "kscale-deploy"}) {
    CAPTURE(tool);
    const auto told = told_by(tool);
    CHECK_FALSE(told.empty());
    CHECK(told.find("scaling") == std::string::npos);
  }
}

TEST_CASE("a state whose file can only be read any more is kept in a new one") {
  using namespace std::chrono_literals;
  fakes::TempDir dir;
  fakes::HandClock clock;
  auto settings = fakes::FakeMachine::settings();
  settings.state_dir = (dir / "state").string();
  settings.history_log.clear();
  std::vector<std::string> told;
  const control::Log log([&](control::Level, std::string_view line) { told.emplace_back(line); });
  const auto opened = [&] {
    return Records::open(
        settings, [](const std::string&) { return std::nullopt; }, clock, log);
  };
  auto records = opened();
  REQUIRE(records->pause(60s));
  constexpr std::streamoff k_write_version = 18;  // SQLite reads a file of a later one, and does not write to it
  std::fstream(dir / "state" / "shop.state", std::ios::binary | std::ios::in | std::ios::out)
      .seekp(k_write_version)
      .put('0');
  auto state = records->load();
  CHECK(state.pause);
  CHECK(told.empty());
  state.failures = 3;
  records->save(state);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("the damaged state was kept as "));
  CHECK(opened()->load() == state);
}

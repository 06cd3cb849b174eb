#include <memory>
#include <optional>

#include <catch2/catch.hpp>

#include "libscale/control/loop.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace kscale::control;
using namespace std::chrono_literals;
using fakes::Fate;
using Names = std::vector<std::string>;

namespace {

/// A loop on a machine in this process. It is told to stop when as many checks as allowed were tried.
struct Looped {
  Looped() {
    settings.state_dir = (dir / "state").string();
    settings.history_log = (dir / "scaling.log").string();
    auto opened = Records::open(
        settings, [](const std::string&) { return std::nullopt; }, machine.clock, log);
    REQUIRE(opened);
    records = std::make_unique<Records>(std::move(*opened));
    autoscaler = std::make_unique<Autoscaler>(settings, machine.world(), *records, log, [](const CheckReport&) {});
  }

  Result<LoopEnd> run() {
    return run_loop(
        *autoscaler, machine.clock, machine.clock, 30s,
        [this](const Result<CheckReport>& report, std::chrono::nanoseconds took) {
          if (!report) {
            failures.push_back(report.error());
            return;
          }
          at.push_back(report->at);
          spans.push_back(took);
          if (on_report) {
            on_report();
          }
        },
        wishes, log);
  }

  fakes::TempDir dir;
  fakes::FakeMachine machine;
  Settings settings = fakes::FakeMachine::settings();
  Names said;                                   ///< of errors
  Names noticed;                                ///< of all else
  std::vector<WallTime> at;                     ///< when each report was made
  std::vector<std::chrono::nanoseconds> spans;  ///< how long each of these checks took
  std::vector<Error> failures;                  ///< of the other checks
  std::function<void()> on_report;
  bool stop = false;
  bool reload = false;
  Wishes wishes{.stop = [this] { return stop; }, .reload = [this] { return std::exchange(reload, false); }};
  Log log{[this](Level level, std::string_view text) { (level == Level::error ? said : noticed).emplace_back(text); }};
  std::unique_ptr<Records> records;
  std::unique_ptr<Autoscaler> autoscaler;
};

}  // namespace

TEST_CASE("the loop checks at every interval until it is told to stop") {
  Looped loop;
  loop.on_report = [&] { loop.stop = loop.at.size() == 4; };
  const auto end = loop.run();
  REQUIRE(end.has_value());
  CHECK(*end == LoopEnd::stopped);
  REQUIRE(loop.at.size() == 4);
  CHECK(loop.at[2] - loop.at[1] == 30s);
  CHECK(loop.at[3] - loop.at[2] == 30s);
  CHECK(loop.spans == std::vector<std::chrono::nanoseconds>{2s, 0s, 0s, 0s});  // two looks at first
  CHECK(loop.failures.empty());
  CHECK(loop.said.empty());
}

TEST_CASE("the loop ends when the settings are to be read anew, and takes the wish back") {
  Looped loop;
  loop.on_report = [&] { loop.reload = true; };
  const auto end = loop.run();
  REQUIRE(end.has_value());
  CHECK(*end == LoopEnd::reload);
  CHECK(loop.at.size() == 1);
  CHECK_FALSE(loop.reload);
}

TEST_CASE("told to stop and to read the settings anew, the loop stops") {
  Looped loop;
  loop.on_report = [&] { loop.reload = loop.stop = true; };
  CHECK(loop.run() == LoopEnd::stopped);
}

TEST_CASE("a first check that fails ends the loop, since the settings may be no good") {
  Looped loop;
  loop.machine.http.fate = [](int, const net::Request&) { return Fate::lost; };
  const auto end = loop.run();
  REQUIRE_FALSE(end.has_value());
  CHECK(end.error().code == Errc::unreachable);
  CHECK(loop.failures == std::vector{end.error()});
  CHECK(loop.at.empty());
  CHECK(loop.said.empty());
}

TEST_CASE("later failures are told once each and waited out") {
  Looped loop;
  int failures = 0;
  bool gone = false;
  loop.machine.http.fate = [&](int, const net::Request& request) {
    if (!gone || request.to.unix_socket.empty()) {
      return Fate::arrives;
    }
    gone = ++failures < 5;
    return Fate::lost;
  };
  loop.on_report = [&] {
    gone = loop.at.size() == 1 || loop.at.size() == 2;
    failures = 0;
    loop.stop = loop.at.size() == 3;
  };
  CHECK(loop.run() == LoopEnd::stopped);
  const auto told = Names(2, loop.said.empty() ? "" : loop.said.front());
  CHECK(loop.said == told);
  CHECK(told.front().find("cannot connect to unix:/run/fake-docker.sock: connection refused") != std::string::npos);
  CHECK(told.front().ends_with("; trying again every 30s"));
}

TEST_CASE("a loop that begins while another kscale acts waits for its turn") {
  Looped loop;
  auto lock = loop.records->lock_actions();
  REQUIRE(lock.has_value());
  std::optional<store::Lock> held(std::move(*lock));
  int asked = 0;
  loop.wishes.stop = [&] {
    if (++asked == 2) {
      held.reset();
    }
    return loop.stop;
  };
  loop.on_report = [&] { loop.stop = true; };
  CHECK(loop.run() == LoopEnd::stopped);
  CHECK(loop.at.size() == 1);
  CHECK(loop.said.empty());
  REQUIRE_FALSE(loop.noticed.empty());
  CHECK(loop.noticed.front().ends_with("; trying again every 30s"));
}

TEST_CASE("a check that a signal ended is the end of the loop, without a word") {
  Looped loop;
  loop.machine.clock.interrupt_after(0);
  CHECK(loop.run() == LoopEnd::stopped);
  CHECK(loop.at.empty());
  CHECK(loop.failures.empty());
  CHECK(loop.said.empty());
}

TEST_CASE("a check that takes longer than the interval is followed by a pause of a second") {
  Looped loop;
  loop.on_report = [&] {
    loop.machine.clock.forward(100s);
    loop.stop = loop.at.size() == 3;
  };
  CHECK(loop.run() == LoopEnd::stopped);
  REQUIRE(loop.at.size() == 3);
  CHECK(loop.at[2] - loop.at[1] == 101s);
}

TEST_CASE("after the settings were read anew a failure is waited out, as it was before") {
  Looped loop;
  loop.machine.http.fate = [&](int, const net::Request&) {
    loop.stop = loop.machine.clock.now().instant > Instant(2h);
    return Fate::lost;
  };
  const auto end = run_loop(
      *loop.autoscaler, loop.machine.clock, loop.machine.clock, 30s,
      [](const Result<CheckReport>&, std::chrono::nanoseconds) {}, loop.wishes, loop.log, FirstFailure::is_waited_out);
  REQUIRE(end.has_value());
  CHECK(*end == LoopEnd::stopped);
  CHECK(loop.said.size() == 1);
}

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "libscale/control/standby.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace kscale::control;
using namespace std::chrono_literals;

namespace {

/// A clock on which something happens when it has been waited on for so long.
class EventfulClock final : public fakes::HandClock {
 public:
  Waited wait(std::chrono::nanoseconds span) override {
    const auto waited = HandClock::wait(span);
    on_wait();
    return waited;
  }

  std::function<void()> on_wait = [] {};
};

/// Two kscale-auto of one deployment on one machine: the first is at work.
struct Two {
  Two() : first(open()), second(open()) {
    auto lock = first.lock_autoscaler();
    REQUIRE(lock);
    at_work.emplace(std::move(*lock));
  }

  Records open() {
    settings.state_dir = (dir / "state").string();
    settings.history_log.clear();
    auto opened = Records::open(
        settings, [](const std::string&) { return std::nullopt; }, clock, log);
    REQUIRE(opened);
    return std::move(*opened);
  }

  Result<Standby> stand_by() { return control::stand_by(second, clock, wishes, log); }

  fakes::TempDir dir;
  EventfulClock clock;
  Settings settings = fakes::FakeMachine::settings();
  std::vector<std::string> said;
  Log log{[this](Level, std::string_view text) { said.emplace_back(text); }};
  Records first;
  Records second;
  std::optional<store::Lock> at_work;
  std::optional<LoopEnd> wish;
  Wishes wishes{.stop = [this] { return wish == LoopEnd::stopped; },
                .reload = [this] { return wish == LoopEnd::reload; }};
};

}  // namespace

TEST_CASE("where nobody scales a deployment nobody is waited for") {
  Two two;
  two.at_work.reset();
  const auto standby = two.stand_by();
  REQUIRE(standby);
  CHECK(standby->lock);
  CHECK_FALSE(standby->has_waited);
  CHECK(two.said.empty());
}

TEST_CASE("a standby takes over within a second of the end of the first") {
  Two two;
  const auto begin = two.clock.now().instant;
  two.clock.on_wait = [&] {
    if (two.clock.now().instant - begin >= 1h) {
      two.at_work.reset();
    }
  };
  const auto standby = two.stand_by();
  REQUIRE(standby);
  CHECK(standby->lock);
  CHECK(standby->has_waited);
  CHECK(two.clock.now().instant - begin <= 1h + 1s);
  CHECK(two.said ==
        std::vector<std::string>{
            fmt::format("kscale-auto, pid {} scales this deployment; this one stands by, and takes over when that ends",
                        getpid()),
            "takes over"});
  CHECK(two.first.lock_autoscaler().error().code == Errc::locked);
}

TEST_CASE("a standby gives way to a wish to stop or to read the settings again") {
  for (const auto wish : {LoopEnd::stopped, LoopEnd::reload}) {
    Two two;
    two.clock.on_wait = [&] { two.wish = wish; };
    const auto standby = two.stand_by();
    REQUIRE(standby);
    CHECK_FALSE(standby->lock);
    CHECK(standby->wish == wish);
  }
}

TEST_CASE("a lock that cannot be had at all is not waited for") {
  Two two;
  two.at_work.reset();
  const auto lock = two.dir / "state" / (two.settings.deployment.prefix + ".autoscaler.lock");
  std::filesystem::remove(lock);
  std::filesystem::create_directory(lock);
  const auto standby = two.stand_by();
  REQUIRE_FALSE(standby);
  CHECK(standby.error().what.starts_with("lock '"));
}

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "libscale/control/autoscaler.hpp"
#include "libscale/operate/lookout.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using fakes::FakeMachine;
using fakes::Fate;
using operate::json_of;
using operate::Lookout;
using operate::Overview;
using sandbox::KongMode;

namespace {

/// What the stand-in's Kong, which nobody has asked for anything, makes an overview say.
const std::string k_unmeasured =
    "note: Kong does not measure service 'shop' (no request counter): until a request comes, or the Prometheus plugin "
    "gets status_code_metrics and latency_metrics: true, the request rate is that of all of Kong, and the response "
    "time that of one timed request\n";

/// A deployment and its records, as they are found by who looks on.
struct Scene {
  explicit Scene(KongMode mode = KongMode::database, int instances = 3) : machine(mode, instances) {
    settings.state_dir = (dir / "state").string();
    settings.history_log = "";
  }

  control::Records records(bool dry_run) {
    auto with = settings;
    with.dry_run = dry_run;
    auto opened = control::Records::open(
        with, [](const std::string&) { return std::nullopt; }, machine.clock, log);
    REQUIRE(opened);
    return std::move(*opened);
  }

  Overview look() {
    auto kept = records(true);
    auto overview = Lookout(settings, machine.world(), kept).look();
    REQUIRE(overview);
    return *overview;
  }

  store::Stamp stamp(std::chrono::seconds ago) {
    const auto now = machine.clock.now();
    return {now.instant - ago, now.wall - ago, store::boot_id()};
  }

  /// One check of the autoscaler, which leaves its readings and its decision.
  void check() {
    auto kept = records(false);
    control::Autoscaler autoscaler(settings, machine.world(), kept, log, [](const control::CheckReport&) {});
    REQUIRE(autoscaler.check());
  }

  void lose(bool docker) {
    machine.http.fate = [docker](int, const net::Request& request) {
      return request.to.unix_socket.empty() == docker ? Fate::arrives : Fate::lost;
    };
  }

  fakes::TempDir dir;
  FakeMachine machine;
  control::Settings settings = FakeMachine::settings();
  control::Log log{[](control::Level, std::string_view) {}};
};

/// The text without the line about this machine, which is another one every time.
std::string told(const Overview& overview) {
  auto text = text_of(overview);
  const auto host = text.find("\nhost ");
  return host == std::string::npos ? text : text.erase(host, text.find('\n', host + 1) - host);
}

}  // namespace

TEST_CASE("the overview of a deployment that is well") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Scene scene(mode);
    const std::string kong_line =
        mode == KongMode::database ? "Kong        3.4.2, with a database, 1 connection, 5 requests, http://kong:8001\n"
                                   : "Kong        3.4.2, DB-less, 1 connection, 14 requests, http://kong:8001\n";
    CHECK(told(scene.look()) == fmt::format("health      Healthy\n{}"
                                            "traffic     1.0/s, response 0.0 ms\n"
                                            "autoscaler  not running\n"
                                            "cooldown    up: none, down: none\n"
                                            "\n"
                                            "INSTANCE  STATE    HEALTH    CPU       MEMORY  UPTIME  PORT  IMAGE\n"
                                            "shop-1    running  -       25.0%  0.4% 32 MiB  10m 2s  3020  shop:1\n"
                                            "shop-2    running  -       25.0%  0.4% 32 MiB  10m 2s  3021  shop:1\n"
                                            "shop-3    running  -       25.0%  0.4% 32 MiB  10m 2s  3022  shop:1\n"
                                            "\n"
                                            "TARGET          WEIGHT  HEALTH            INSTANCE\n"
                                            "127.0.0.1:3020     100  HEALTHCHECKS_OFF  shop-1\n"
                                            "127.0.0.1:3021     100  HEALTHCHECKS_OFF  shop-2\n"
                                            "127.0.0.1:3022     100  HEALTHCHECKS_OFF  shop-3\n"
                                            "\n"
                                            "drift: none\n{}",
                                            kong_line, k_unmeasured));
    CHECK(scene.machine.http.changes.empty());
    CHECK_FALSE(std::filesystem::exists(scene.settings.state_dir));
  }
}

TEST_CASE("the overview goes on from what the autoscaler read, and tells what it decided") {
  Scene scene;
  scene.check();
  scene.machine.clock.forward(8s);
  const auto holding = scene.records(false).lock_autoscaler();
  REQUIRE(holding);
  const auto before = scene.machine.clock.now().instant;
  const auto overview = scene.look();
  CHECK(scene.machine.clock.now().instant == before);
  CHECK(overview.instances.at(0).cpu->value == Approx(25));
  REQUIRE(overview.autoscaler.last);
  CHECK(overview.autoscaler.last->ago == 8s);
  const auto text = told(overview);
  CHECK(text.find(fmt::format("autoscaler  running (kscale-auto, pid {}), last: hold: idle, at min 3 (8s ago)\n",
                              getpid())) != std::string::npos);
}

TEST_CASE("the overview tells of a pause, how long it lasts, and of one that is over nothing") {
  Scene scene;
  auto kept = scene.records(false);
  store::State state;
  state.pause = store::Pause{.since = scene.stamp(60s), .length = 660s};
  kept.save(state);
  auto seen = scene.look().autoscaler;
  CHECK(seen.paused);
  CHECK(seen.pause_left == 600s);
  state.pause = store::Pause{.since = scene.stamp(60s)};
  kept.save(state);
  seen = scene.look().autoscaler;
  CHECK(seen.paused);
  CHECK_FALSE(seen.pause_left);
  CHECK(told(scene.look()).find("autoscaler  not running, paused until it is resumed\n") != std::string::npos);
  state.pause = store::Pause{.since = scene.stamp(60s), .length = 60s};
  kept.save(state);
  seen = scene.look().autoscaler;
  CHECK_FALSE(seen.paused);
  CHECK_FALSE(seen.pause_left);
}

TEST_CASE("a scale-up holds both back for the cooldown, a scale-down only the next one down") {
  Scene scene;
  auto kept = scene.records(false);
  store::State state;
  state.last_up = scene.stamp(100s);
  state.last_down = scene.stamp(50s);
  kept.save(state);
  auto seen = scene.look().autoscaler;
  CHECK(seen.cooldown_up_left == 200s);
  CHECK(seen.cooldown_down_left == 250s);
  state.last_up = scene.stamp(10s);
  kept.save(state);
  seen = scene.look().autoscaler;
  CHECK(seen.cooldown_up_left == 290s);
  CHECK(seen.cooldown_down_left == 290s);
  state.last_up = state.last_down = scene.stamp(300s);
  kept.save(state);
  seen = scene.look().autoscaler;
  CHECK(seen.cooldown_up_left == 0s);
  CHECK(seen.cooldown_down_left == 0s);
}

TEST_CASE("the overview shows stopped instances, foreign targets, and where containers and targets disagree") {
  Scene scene(KongMode::database, 2);
  scene.machine.compose_up(3);
  scene.machine.docker.answer({.method = "POST", .target = "/containers/shop-2/stop"});
  REQUIRE(scene.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::add, "10.1.1.1:80", 5, "other"}}));
  const auto text = told(scene.look());
  CHECK(text.substr(text.find("\nINSTANCE")) ==
        "\nINSTANCE  STATE    HEALTH    CPU       MEMORY  UPTIME  PORT  IMAGE\n"
        "shop-1    running  -       25.0%  0.4% 32 MiB  10m 2s  3020  shop:1\n"
        "shop-2    exited   -           -            -       -     -  shop:1\n"
        "shop-3    running  -       25.0%  0.4% 32 MiB      2s  3022  shop:1\n"
        "\n"
        "TARGET          WEIGHT  HEALTH            INSTANCE\n"
        "127.0.0.1:3020     100  HEALTHCHECKS_OFF  shop-1\n"
        "10.1.1.1:80          5  HEALTHCHECKS_OFF  -\n"
        "127.0.0.1:3021     100  HEALTHCHECKS_OFF  -\n"
        "\n"
        "drift: shop-3 runs, but Kong has no target 127.0.0.1:3022\n"
        "drift: Kong has a target 127.0.0.1:3021, but no instance runs there\n" +
            k_unmeasured);
}

TEST_CASE("a Kong that is down hides no instance") {
  Scene scene;
  scene.lose(false);
  const auto overview = scene.look();
  CHECK(told(overview) ==
        "health      Unhealthy\n"
        "Kong        error: Kong's status: cannot connect to http://kong:8001: connection refused\n"
        "autoscaler  not running\n"
        "cooldown    up: none, down: none\n"
        "\n"
        "INSTANCE  STATE    HEALTH    CPU       MEMORY  UPTIME  PORT  IMAGE\n"
        "shop-1    running  -       25.0%  0.4% 32 MiB  10m 2s  3020  shop:1\n"
        "shop-2    running  -       25.0%  0.4% 32 MiB  10m 2s  3021  shop:1\n"
        "shop-3    running  -       25.0%  0.4% 32 MiB  10m 2s  3022  shop:1\n"
        "\n"
        "drift: unknown\n");
  REQUIRE(overview.error());
  CHECK(overview.error()->code == Errc::unreachable);
}

TEST_CASE("a Docker that is down hides neither Kong nor its targets") {
  Scene scene;
  scene.lose(true);
  const auto overview = scene.look();
  CHECK(told(overview) ==
        "health      Unhealthy\n"
        "Kong        3.4.2, with a database, 1 connection, 5 requests, http://kong:8001\n"
        "Docker      error: list containers named 'shop': cannot connect to unix:/run/fake-docker.sock: connection "
        "refused\n"
        "traffic     1.0/s, response 0.0 ms\n"
        "autoscaler  not running\n"
        "cooldown    up: none, down: none\n"
        "\n"
        "TARGET          WEIGHT  HEALTH            INSTANCE\n"
        "127.0.0.1:3020     100  HEALTHCHECKS_OFF  -\n"
        "127.0.0.1:3021     100  HEALTHCHECKS_OFF  -\n"
        "127.0.0.1:3022     100  HEALTHCHECKS_OFF  -\n"
        "\n"
        "drift: unknown\n" +
            k_unmeasured);
  REQUIRE(overview.error());
  CHECK(overview.error()->code == Errc::unreachable);
}

TEST_CASE("a Kong that cannot reach its database says so, and not which targets there are") {
  Scene scene;
  scene.machine.kong.set_database_reachable(false);
  const auto overview = scene.look();
  const auto text = told(overview);
  CHECK(text.substr(0, text.find("autoscaler")) ==
        "health      Degraded\n"
        "Kong        version unknown, with a database that it cannot reach, 1 connection, 5 requests, "
        "http://kong:8001\n"
        "targets     error: targets of 'shop': Kong cannot reach its database\n");
  REQUIRE(overview.error());
  CHECK(overview.error()->code == Errc::busy);
}

TEST_CASE("an upstream that is not there is an error of the targets alone") {
  Scene scene(KongMode::dbless);
  scene.settings.deployment.upstream = "missing";
  const auto overview = scene.look();
  REQUIRE(overview.targets_error);
  CHECK(overview.targets_error->what == "Kong at http://kong:8001 has no upstream 'missing'");
  CHECK_FALSE(overview.kong.error);
  CHECK_FALSE(overview.drift);
  CHECK(overview.instances.size() == 3);
  CHECK(overview.verdict == operate::Verdict::degraded);
}

TEST_CASE("the overview tells an action that is under way from a check, and from an action that a crash cut short") {
  Scene scene;
  CHECK_FALSE(scene.look().is_acted_on);
  auto kept = scene.records(false);
  {
    const auto checking = kept.lock_actions();
    REQUIRE(checking);
    CHECK_FALSE(scene.look().is_acted_on);
    store::State state;
    state.acting.emplace();
    kept.save(state);
    CHECK(scene.look().is_acted_on);
  }
  CHECK_FALSE(scene.look().is_acted_on);
}

TEST_CASE("an action that goes on from look to look is told with its length") {
  Scene scene;
  auto kept = scene.records(false);
  Lookout lookout(scene.settings, scene.machine.world(), kept);
  store::State state;
  state.acting.emplace();
  kept.save(state);
  {
    const auto acting = kept.lock_actions();
    REQUIRE(acting);
    CHECK(lookout.look()->acted_on_for == 0s);
    scene.machine.clock.forward(70s);
    CHECK(lookout.look()->acted_on_for >= 70s);
  }
  scene.machine.clock.forward(5s);
  CHECK(lookout.look()->acted_on_for == 0s);
  const auto acting = kept.lock_actions();
  REQUIRE(acting);
  CHECK(lookout.look()->acted_on_for == 0s);
}

TEST_CASE("an action that begins while the overview is taken is seen") {
  Scene scene;
  auto kept = scene.records(false);
  std::optional<store::Lock> acting;
  scene.machine.http.fate = [&](int, const net::Request& request) {
    if (!acting && request.path.find("/targets") != std::string::npos) {
      auto taken = kept.lock_actions();
      REQUIRE(taken);
      acting.emplace(std::move(*taken));
      store::State state;
      state.acting.emplace();
      kept.save(state);
    }
    return Fate::arrives;
  };
  CHECK(scene.look().is_acted_on);
}

TEST_CASE("an overview of nothing") {
  Scene scene(KongMode::database, 0);
  const auto text = told(scene.look());
  CHECK(text.substr(text.find("\nno")) == "\nno instance of 'shop'\n\nno target\n\ndrift: none\n" + k_unmeasured);
}

TEST_CASE("an overview ends at a signal") {
  Scene scene;
  auto kept = scene.records(true);
  scene.machine.clock.interrupt_after(0);  // between the two looks
  auto overview = Lookout(scene.settings, scene.machine.world(), kept).look();
  REQUIRE_FALSE(overview);
  CHECK(overview.error().code == Errc::interrupted);
  scene.machine.clock.no_interrupt();
  scene.machine.http.interrupted = true;
  overview = Lookout(scene.settings, scene.machine.world(), kept).look();
  REQUIRE_FALSE(overview);
  CHECK(overview.error().code == Errc::interrupted);
}

TEST_CASE("an overview ends at a signal while a request is timed") {
  struct Proxy final : net::HttpTransport {
    explicit Proxy(net::HttpTransport& to) : others(to) {}
    std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests) override {
      if (requests.size() == 1 && requests[0].to.base_url == "http://proxy:8000") {
        return {fail(Errc::interrupted, "interrupted")};
      }
      return others.send_all(requests);
    }
    net::HttpTransport& others;
  };
  Scene scene;
  scene.settings.proxy_url = "http://proxy:8000";
  scene.settings.service = "unmeasured";
  auto kept = scene.records(true);
  Proxy proxy(scene.machine.http);
  const fleet::World world{scene.machine.engine, scene.machine.admin, proxy, scene.machine.clock, "127.0.0.1", {}};
  const auto overview = Lookout(scene.settings, world, kept).look();
  REQUIRE_FALSE(overview);
  CHECK(overview.error().code == Errc::interrupted);
}

TEST_CASE("nobody is told a secret by an overview") {
  Scene scene(KongMode::dbless);
  const auto overview = scene.look();
  CHECK((told(overview) + json::dump(json_of(overview))).find("planted-secret") == std::string::npos);
}

#include <algorithm>
#include <memory>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "libscale/control/autoscaler.hpp"
#include "libscale/operate/overview.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/golden.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using fakes::FakeMachine;
using fakes::Fate;
using operate::json_of;
using operate::look_over;
using operate::Overview;
using operate::text_of;
using sandbox::KongMode;

namespace {

const WallTime k_time{std::chrono::milliseconds(1'795'514'400'999)};

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
    auto overview = look_over(settings, machine.world(), kept);
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

/// One that knows everything, and has something of each kind.
Overview full_overview() {
  Overview overview;
  overview.at = k_time;
  overview.deployment = "shop";
  overview.kong.url = "http://kong:8001";
  overview.kong.status = kong::NodeStatus{.total_requests = 4711, .active_connections = 12};
  overview.kong.version = "3.4.2";
  overview.instances = {{.number = 1,
                         .name = "shop-1",
                         .state = docker::State::running,
                         .health = docker::Health::healthy,
                         .cpu = Percent{12.345},
                         .memory = Percent{4.1},
                         .memory_used = Bytes{22'020'096},
                         .uptime = 10'920s,
                         .host_port = 3020,
                         .image = "shop:1"},
                        {.number = 2, .name = "shop-2", .state = docker::State::exited, .image = "shop:1"}};
  overview.targets = {
      {.address = "127.0.0.1:3020", .weight = 100, .health = "HEALTHY", .instance = "shop-1"},
      {.address = "other:80", .weight = 0},
  };
  overview.autoscaler.holder = "kscale-auto, pid 4711";
  overview.autoscaler.paused = true;
  overview.autoscaler.pause_left = 600s;
  overview.autoscaler.last = {
      "2026-11-24T09:59:52Z hold instances=1 reason=\"hold: idle, cooldown, 120s left\" cpu=12% memory=4% rate=0.5/s "
      "response=20ms",
      k_time - 8s, 8s};
  overview.autoscaler.cooldown_up_left = 60s;
  overview.autoscaler.cooldown_down_left = 120s;
  overview.drift = {"Kong has a target 127.0.0.1:3029, but no instance runs there"};
  overview.problems = {"stats of shop-1: no answer"};
  return overview;
}

}  // namespace

TEST_CASE("the overview of a deployment that is well") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Scene scene(mode);
    const std::string kong_line =
        mode == KongMode::database ? "Kong        3.4.2, with a database, 1 connection, 5 requests, http://kong:8001\n"
                                   : "Kong        3.4.2, DB-less, 1 connection, 8 requests, http://kong:8001\n";
    CHECK(text_of(scene.look()) == kong_line +
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
                                       "drift: none\n");
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
  const auto text = text_of(overview);
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
  CHECK(text_of(scene.look()).find("autoscaler  not running, paused until it is resumed\n") != std::string::npos);
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
  const auto text = text_of(scene.look());
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
        "drift: Kong has a target 127.0.0.1:3021, but no instance runs there\n");
}

TEST_CASE("a Kong that is down hides no instance") {
  Scene scene;
  scene.lose(false);
  const auto overview = scene.look();
  CHECK(text_of(overview) ==
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
  CHECK(text_of(overview) ==
        "Kong        3.4.2, with a database, 1 connection, 5 requests, http://kong:8001\n"
        "Docker      error: list containers named 'shop': cannot connect to unix:/run/fake-docker.sock: connection "
        "refused\n"
        "autoscaler  not running\n"
        "cooldown    up: none, down: none\n"
        "\n"
        "TARGET          WEIGHT  HEALTH            INSTANCE\n"
        "127.0.0.1:3020     100  HEALTHCHECKS_OFF  -\n"
        "127.0.0.1:3021     100  HEALTHCHECKS_OFF  -\n"
        "127.0.0.1:3022     100  HEALTHCHECKS_OFF  -\n"
        "\n"
        "drift: unknown\n");
  REQUIRE(overview.error());
  CHECK(overview.error()->code == Errc::unreachable);
}

TEST_CASE("a Kong that cannot reach its database says so, and not which targets there are") {
  Scene scene;
  scene.machine.kong.set_database_reachable(false);
  const auto overview = scene.look();
  const auto text = text_of(overview);
  CHECK(text.substr(0, text.find("autoscaler")) ==
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
}

TEST_CASE("an overview of nothing") {
  Scene scene(KongMode::database, 0);
  const auto text = text_of(scene.look());
  CHECK(text.substr(text.find("\nno")) == "\nno instance of 'shop'\n\nno target\n\ndrift: none\n");
}

TEST_CASE("an overview ends at a signal") {
  Scene scene;
  auto kept = scene.records(true);
  scene.machine.clock.interrupt_after(0);  // between the two looks
  auto overview = look_over(scene.settings, scene.machine.world(), kept);
  REQUIRE_FALSE(overview);
  CHECK(overview.error().code == Errc::interrupted);
  scene.machine.clock.no_interrupt();
  scene.machine.http.interrupted = true;
  overview = look_over(scene.settings, scene.machine.world(), kept);
  REQUIRE_FALSE(overview);
  CHECK(overview.error().code == Errc::interrupted);
}

TEST_CASE("nobody is told a secret by an overview") {
  Scene scene(KongMode::dbless);
  const auto overview = scene.look();
  CHECK((text_of(overview) + json::dump(json_of(overview))).find("planted-secret") == std::string::npos);
}

TEST_CASE("an overview that knows all shows all") {
  CHECK(text_of(full_overview()) ==
        "Kong        3.4.2, with a database, 12 connections, 4711 requests, http://kong:8001\n"
        "autoscaler  running (kscale-auto, pid 4711), paused (10m 0s left), last: hold: idle, cooldown, 120s left (8s "
        "ago)\n"
        "cooldown    up: 1m 0s left, down: 2m 0s left\n"
        "\n"
        "INSTANCE  STATE    HEALTH     CPU       MEMORY  UPTIME  PORT  IMAGE\n"
        "shop-1    running  healthy  12.3%  4.1% 21 MiB   3h 2m  3020  shop:1\n"
        "shop-2    exited   -            -            -       -     -  shop:1\n"
        "\n"
        "TARGET          WEIGHT  HEALTH   INSTANCE\n"
        "127.0.0.1:3020     100  HEALTHY  shop-1\n"
        "other:80             0  -        -\n"
        "\n"
        "drift: Kong has a target 127.0.0.1:3029, but no instance runs there\n"
        "not read: stats of shop-1: no answer\n");
}

TEST_CASE("the last decision is told without its time and figures") {
  const auto last = [](std::string line) {
    auto overview = full_overview();
    overview.autoscaler.paused = false;
    overview.autoscaler.last->decision = std::move(line);
    const auto text = text_of(overview);
    const auto begin = text.find("last: ") + 6;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  CHECK(last("2026-11-24T10:00:00Z scale from=2 to=3 reason=\"cpu 91% > 80%\" cpu=91% memory=1% rate=unknown "
             "response=unknown") == "scale from=2 to=3: cpu 91% > 80% (8s ago)");
  CHECK(last("what a later kscale\x1b[31m wrote") == "what a later kscale\\x1b[31m wrote (8s ago)");
  CHECK(last("") == " (8s ago)");
  CHECK(last("x reason=\"\" cpu=1%") == "x reason=\"\" cpu=1% (8s ago)");
}

TEST_CASE("outside text in an overview cannot reach the terminal as it is") {
  auto overview = full_overview();
  overview.kong.version = "3\x1b[2J";
  overview.instances[0].image = "img\x1b[2J";
  overview.targets[0].health = "H\n\x1b[2J";
  overview.drift = {"d\x1b[2J"};
  overview.problems = {"p\x1b[2J"};
  overview.autoscaler.holder = "h\x1b[2J";
  CHECK(text_of(overview).find('\x1b') == std::string::npos);
}

TEST_CASE("the overview for programs is as its golden file shows it") {
  CHECK(fakes::in_lines(json_of(full_overview())) + '\n' == fakes::golden("overview.json"));
}

TEST_CASE("the overview for programs has the same fields when nothing is known, and they are null or empty") {
  const auto known = json_of(full_overview());
  const auto unknown = json_of(Overview{});
  REQUIRE(unknown.members().size() == known.members().size());
  for (std::size_t i = 0; i < known.members().size(); ++i) {
    CHECK(unknown.members()[i].first == known.members()[i].first);
  }
  CHECK(unknown["drift"].is_null());
  for (const auto* const key : {"version", "mode", "configured", "database_reachable", "active_connections"}) {
    CAPTURE(key);
    CHECK(unknown["kong"].has(key));
    CHECK(unknown["kong"][key].is_null());
  }
  CHECK(unknown["kong"]["reachable"].as_bool() == false);
  CHECK(unknown["autoscaler"]["running"].as_bool() == false);
  CHECK(unknown["autoscaler"]["last_decision"].is_null());
}

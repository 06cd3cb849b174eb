#include <catch2/catch.hpp>

#include "libscale/operate/overview.hpp"
#include "tests/fakes/golden.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using operate::json_of;
using operate::Overview;
using operate::text_of;

namespace {

const WallTime k_time{std::chrono::milliseconds(1'795'514'400'999)};

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
                         .received = BytesPerSecond{1536},
                         .sent = BytesPerSecond{2048},
                         .uptime = 10'920s,
                         .serving = true,
                         .host_port = 3020,
                         .image = "shop:1"},
                        {.number = 2,
                         .name = "shop-2",
                         .state = docker::State::exited,
                         .fault = "it ended with exit code 1",
                         .image = "shop:1"}};
  overview.verdict = operate::Verdict::degraded;
  overview.sample.instances = {{.number = 1,
                                .name = "shop-1",
                                .cpu = Percent{12.345},
                                .memory = Percent{4.1},
                                .memory_used = Bytes{22'020'096}}};
  overview.sample.request_rate = RequestsPerSecond{40.25};
  overview.sample.error_rate = Percent{0.5};
  overview.sample.response_time = Milliseconds{20};
  overview.sample.response_time_p95 = Milliseconds{45};
  overview.sample.host_cpu = Percent{35};
  overview.sample.host_memory = Percent{60.2};
  overview.sample.host_disk = Percent{71};
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
  overview.sample.notice = "Kong does not measure service 'shop'";
  return overview;
}

}  // namespace

TEST_CASE("an overview that knows all shows all") {
  CHECK(text_of(full_overview()) ==
        "health      Degraded\n"
        "Kong        3.4.2, with a database, 12 connections, 4711 requests, http://kong:8001\n"
        "traffic     40.2/s, 0.5% errors, response 20 ms, p95 45 ms\n"
        "host        CPU 35.0%, memory 60.2%, disk 71.0%\n"
        "autoscaler  running (kscale-auto, pid 4711), paused (10m 0s left), last: hold: idle, cooldown, 120s left (8s "
        "ago)\n"
        "cooldown    up: 1m 0s left, down: 2m 0s left\n"
        "\n"
        "INSTANCE  STATE    HEALTH     CPU       MEMORY  UPTIME  PORT  IMAGE\n"
        "shop-1    running  healthy  12.3%  4.1% 21 MiB   3h 2m  3020  shop:1\n"
        "shop-2    exited   -            -            -       -     -  shop:1\n"
        "\n"
        "unhealthy: shop-2: it ended with exit code 1\n"
        "\n"
        "TARGET          WEIGHT  HEALTH   INSTANCE\n"
        "127.0.0.1:3020     100  HEALTHY  shop-1\n"
        "other:80             0  -        -\n"
        "\n"
        "drift: Kong has a target 127.0.0.1:3029, but no instance runs there\n"
        "not read: stats of shop-1: no answer\n"
        "note: Kong does not measure service 'shop'\n");
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
  overview.sample.notice = "n\x1b[2J";
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

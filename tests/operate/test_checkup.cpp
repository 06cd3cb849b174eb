#include <catch2/catch.hpp>

#include "libscale/operate/checkup.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/golden.hpp"
#include "tests/fakes/scripted_transport.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using fakes::FakeMachine;
using fakes::Fate;
using operate::check_up;
using operate::Checkup;
using operate::json_of;
using operate::text_of;
using operate::Verdict;
using sandbox::KongMode;

namespace {

Checkup checkup_of(FakeMachine& machine) {
  auto settings = FakeMachine::settings();
  settings.proxy_url = "http://kong:8000";
  const auto checkup = check_up(settings, machine.world());
  REQUIRE(checkup);
  return *checkup;
}

/// So many backends, the first ones of them not healthy, behind a Kong that is up.
Checkup checkup_with(int backends, int unhealthy) {
  Checkup checkup;
  for (int i = 0; i < backends; ++i) {
    checkup.instances.push_back({.number = i + 1, .fault = i < unhealthy ? "it is paused" : ""});
  }
  return checkup;
}

/// One that knows everything, and has something of each kind.
Checkup full_checkup() {
  Checkup checkup;
  checkup.at = WallTime{std::chrono::milliseconds(1'795'514'400'999)};
  checkup.deployment = "shop";
  checkup.kong = {.url = "http://kong:8001", .took = Milliseconds(3.25), .fault = ""};
  checkup.status = kong::NodeStatus{};
  checkup.proxy = {.url = "http://kong:8000/health", .took = Milliseconds(12.5), .fault = "it answered 404"};
  checkup.instances = {{.number = 1,
                        .name = "shop-1",
                        .state = docker::State::running,
                        .is_backend = true,
                        .by_healthcheck = true,
                        .took = Milliseconds(2.5)},
                       {.number = 2, .name = "shop-2", .state = docker::State::running, .took = Milliseconds(110)},
                       {.number = 3,
                        .name = "shop-3",
                        .state = docker::State::running,
                        .fault = "http://127.0.0.1:3022/health: it answered 500"},
                       {.number = 4,
                        .name = "shop-4",
                        .state = docker::State::exited,
                        .is_backend = false,
                        .fault = "it ended with exit code 0"}};
  return checkup;
}

}  // namespace

TEST_CASE("the verdict follows the rule of the original scripts") {
  CHECK(checkup_with(3, 0).verdict() == Verdict::healthy);
  CHECK(checkup_with(3, 1).verdict() == Verdict::degraded);
  CHECK(checkup_with(2, 1).verdict() == Verdict::unhealthy);
  CHECK(checkup_with(5, 2).verdict() == Verdict::degraded);
  CHECK(checkup_with(4, 2).verdict() == Verdict::unhealthy);
  CHECK(checkup_with(1, 1).verdict() == Verdict::unhealthy);
  CHECK(checkup_with(0, 0).verdict() == Verdict::unhealthy);
  auto without_kong = checkup_with(3, 0);
  without_kong.kong.fault = "no answer";
  CHECK(without_kong.verdict() == Verdict::unhealthy);
  CHECK(checkup_with(3, 0).is_healthy());
  CHECK_FALSE(checkup_with(3, 1).is_healthy());
  CHECK_FALSE(without_kong.is_healthy());
}

TEST_CASE("a stopped instance does not count") {
  auto checkup = checkup_with(3, 2);
  checkup.instances[0].is_backend = false;
  checkup.instances[1].is_backend = false;
  CHECK(backends(checkup.instances) == 1);
  CHECK(unhealthy(checkup.instances) == 0);
  CHECK(checkup.verdict() == Verdict::healthy);
  checkup.instances[2].is_backend = false;
  CHECK(checkup.verdict() == Verdict::unhealthy);
}

TEST_CASE("a deployment that is well is Healthy, with and without a database") {
  FakeMachine machine(KongMode::database);
  CHECK(text_of(checkup_of(machine)) ==
        "Healthy: 3 of 3 instances healthy, Kong is up\n"
        "\n"
        "Kong      up, database, 0.0 ms, http://kong:8001\n"
        "database  reachable\n"
        "proxy     well, 0.0 ms, http://kong:8000/health\n"
        "\n"
        "INSTANCE  HEALTH     TIME  FAULT\n"
        "shop-1    healthy  0.0 ms\n"
        "shop-2    healthy  0.0 ms\n"
        "shop-3    healthy  0.0 ms\n");
  FakeMachine dbless(KongMode::dbless, 1);
  CHECK(text_of(checkup_of(dbless)) ==
        "Healthy: 1 of 1 instances healthy, Kong is up\n"
        "\n"
        "Kong      up, DB-less, 0.0 ms, http://kong:8001\n"
        "proxy     well, 0.0 ms, http://kong:8000/health\n"
        "\n"
        "INSTANCE  HEALTH     TIME  FAULT\n"
        "shop-1    healthy  0.0 ms\n");
}

TEST_CASE("an instance that fails, one that crashed and one that was stopped are told apart") {
  FakeMachine machine(KongMode::database, 5);
  machine.http.health_status = {{3020, 500}, {3021, 0}};
  machine.docker.answer({.method = "POST", .target = "/containers/shop-4/stop"});
  machine.docker.answer({.method = "POST", .target = "/containers/shop-5/pause"});
  const auto checkup = checkup_of(machine);
  CHECK(text_of(checkup) ==
        "Unhealthy: 1 of 4 instances healthy, Kong is up\n"
        "\n"
        "Kong      up, database, 0.0 ms, http://kong:8001\n"
        "database  reachable\n"
        "proxy     well, 0.0 ms, http://kong:8000/health\n"
        "\n"
        "INSTANCE  HEALTH       TIME  FAULT\n"
        "shop-1    unhealthy       -  http://127.0.0.1:3020/health: it answered 500\n"
        "shop-2    unhealthy       -  cannot connect to http://127.0.0.1:3021: connection refused\n"
        "shop-3    healthy    0.0 ms\n"
        "shop-4    stopped         -\n"
        "shop-5    unhealthy       -  it is paused\n");
}

TEST_CASE("one that ended with a failure counts, one that was stopped or killed does not") {
  const auto ended_with = [](int code) {
    FakeMachine machine(KongMode::database, 3);
    machine.behaviour->exit_code_of_stop = code;
    machine.docker.answer({.method = "POST", .target = "/containers/shop-2/stop"});
    return checkup_of(machine).instances.at(1);
  };
  CHECK_FALSE(ended_with(0).is_backend);
  CHECK_FALSE(ended_with(137).is_backend);
  CHECK_FALSE(ended_with(143).is_backend);
  CHECK(ended_with(1).is_backend);
  CHECK(ended_with(1).fault == "it ended with exit code 1");
}

TEST_CASE("one that the kernel killed for want of memory counts, and so says") {
  FakeMachine machine(KongMode::database, 0);
  const auto ended_with = [&](int code) {
    docker::Container container{.name = "shop-2", .state = docker::State::exited, .exit_code = code};
    container.out_of_memory = true;
    return operate::questions_to({{.number = 2, .container = container}}, machine.world(), FakeMachine::deployment(),
                                 operate::Ask::all)
        .checks.at(0);
  };
  CHECK(ended_with(137).is_backend);
  CHECK(ended_with(137).fault == "it was killed for want of memory");
  CHECK_FALSE(ended_with(143).is_backend);  // a process beside the first one was killed, before somebody stopped it
  CHECK(ended_with(1).fault == "it ended with exit code 1");
}

TEST_CASE("a HEALTHCHECK decides over the health path, whose time is told all the same") {
  FakeMachine machine(KongMode::database, 0);
  for (const auto* const name : {"shop-1", "shop-2"}) {
    const int port = name[5] == '1' ? 3020 : 3021;
    machine.docker.answer({.method = "POST",
                           .target = fmt::format("/containers/create?name={}", name),
                           .headers = {{"Content-Type", "application/json"}},
                           .body = fmt::format(R"({{"Image":"checked:1","HostConfig":{{"PortBindings":{{"3020/tcp":)"
                                               R"([{{"HostIp":"127.0.0.1","HostPort":"{}"}}]}}}}}})",
                                               port)});
    machine.docker.answer({.method = "POST", .target = fmt::format("/containers/{}/start", name)});
  }
  machine.http.health_status = {{3021, 500}};
  machine.behaviour->health = "healthy";
  const auto healthy = checkup_of(machine);
  REQUIRE(healthy.instances.size() == 2);
  CHECK(healthy.is_healthy());
  CHECK(healthy.instances[0].by_healthcheck);
  CHECK(healthy.instances[0].took.has_value());
  CHECK_FALSE(healthy.instances[1].took.has_value());
  machine.behaviour->health = "unhealthy";
  CHECK(checkup_of(machine).instances[0].fault == "its HEALTHCHECK says unhealthy");
  machine.behaviour->health = "starting";
  CHECK(checkup_of(machine).instances[0].fault == "its HEALTHCHECK says starting");
}

TEST_CASE("a Kong that is down makes it Unhealthy, and the instances are asked all the same") {
  FakeMachine machine;
  machine.http.fate = [](int, const net::Request& request) {
    return request.to.unix_socket.empty() ? Fate::lost : Fate::arrives;
  };
  machine.http.health_status = {{8000, 0}};
  CHECK(text_of(checkup_of(machine)) ==
        "Unhealthy: 3 of 3 instances healthy, Kong is not up\n"
        "\n"
        "Kong      Kong's status: cannot connect to http://kong:8001: connection refused, http://kong:8001\n"
        "proxy     cannot connect to http://kong:8000: connection refused, http://kong:8000/health\n"
        "\n"
        "INSTANCE  HEALTH     TIME  FAULT\n"
        "shop-1    healthy  0.0 ms\n"
        "shop-2    healthy  0.0 ms\n"
        "shop-3    healthy  0.0 ms\n");
}

TEST_CASE("a database that Kong cannot reach, and a proxy that answers badly, are told and do not count") {
  FakeMachine machine;
  machine.kong.set_database_reachable(false);
  machine.http.health_status = {{8000, 503}};
  const auto checkup = checkup_of(machine);
  CHECK(checkup.is_healthy());
  CHECK(text_of(checkup) ==
        "Healthy: 3 of 3 instances healthy, Kong is up without its database; the health path through the proxy is not "
        "well\n"
        "\n"
        "Kong      up, database, 0.0 ms, http://kong:8001\n"
        "database  Kong cannot reach it\n"
        "proxy     it answered 503, 0.0 ms, http://kong:8000/health\n"
        "\n"
        "INSTANCE  HEALTH     TIME  FAULT\n"
        "shop-1    healthy  0.0 ms\n"
        "shop-2    healthy  0.0 ms\n"
        "shop-3    healthy  0.0 ms\n");
}

TEST_CASE("a Kong that fails, and one that has no configuration yet, is not up") {
  FakeMachine machine(KongMode::dbless, 0);
  fakes::ScriptedTransport http;
  const auto world = machine.world();
  const fleet::World scripted{world.engine, world.kong, http, world.clock, world.docker_host, {}};
  http.expect("GET /status", 500, R"({"message":"An unexpected error occurred"})");
  http.expect("GET /health", 200);
  CHECK(check_up(FakeMachine::settings(), scripted)->kong.fault ==
        "Kong's status from http://kong:8001: Kong: An unexpected error occurred");
  http.expect("GET /status", 200,
              R"({"server":{"total_requests":1},"configuration_hash":"00000000000000000000000000000000"})");
  http.expect("GET /health", 404);
  CHECK(check_up(FakeMachine::settings(), scripted)->kong.fault == "Kong has no configuration yet");
}

TEST_CASE("without Docker no instance is known, and Kong is asked all the same") {
  FakeMachine machine;
  machine.http.fate = [](int, const net::Request& request) {
    return request.to.unix_socket.empty() ? Fate::arrives : Fate::lost;
  };
  const auto checkup = checkup_of(machine);
  REQUIRE(checkup.docker_error);
  CHECK(checkup.docker_error->code == Errc::unreachable);
  CHECK(text_of(checkup) ==
        "Unhealthy: Docker could not be asked for the instances, Kong is up\n"
        "\n"
        "Kong      up, database, 0.0 ms, http://kong:8001\n"
        "database  reachable\n"
        "proxy     well, 0.0 ms, http://kong:8000/health\n"
        "Docker    list containers named 'shop': cannot connect to unix:/run/fake-docker.sock: connection refused\n");
}

TEST_CASE("where nothing runs it is Unhealthy") {
  FakeMachine machine(KongMode::database, 0);
  CHECK(text_of(checkup_of(machine)) ==
        "Unhealthy: no instance runs, Kong is up\n"
        "\n"
        "Kong      up, database, 0.0 ms, http://kong:8001\n"
        "database  reachable\n"
        "proxy     well, 0.0 ms, http://kong:8000/health\n");
}

TEST_CASE("a checkup ends at a signal") {
  FakeMachine machine;
  machine.http.interrupted = true;
  const auto checkup = check_up(FakeMachine::settings(), machine.world());
  REQUIRE_FALSE(checkup);
  CHECK(checkup.error().code == Errc::interrupted);
}

TEST_CASE("no question of a checkup may take longer than five seconds, however long others may") {
  struct Deadlines final : net::HttpTransport {
    std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests) override {
      for (const auto& request : requests) {
        if (request.to.unix_socket.empty()) {
          longest = std::max(longest, request.deadline);
        }
      }
      batches.push_back(requests.size());
      return machine->http.send_all(requests);
    }
    FakeMachine* machine = nullptr;
    std::chrono::milliseconds longest{};
    std::vector<std::size_t> batches;
  };
  FakeMachine machine;
  Deadlines http;
  http.machine = &machine;
  auto world = machine.world();
  const fleet::World watched{world.engine, world.kong, http, world.clock, world.docker_host, {}};
  REQUIRE(check_up(FakeMachine::settings(), watched));
  CHECK(http.longest == 5s);
  CHECK(http.batches == std::vector<std::size_t>{5});  // Kong, the proxy and three instances, all at once
}

TEST_CASE("the checkup for programs is as its golden file shows it") {
  CHECK(fakes::in_lines(json_of(full_checkup())) + '\n' == fakes::golden("checkup.json"));
}

TEST_CASE("a checkup that knows all shows all") {
  CHECK(text_of(full_checkup()) ==
        "Degraded: 2 of 3 instances healthy, Kong is up; the health path through the proxy is not well\n"
        "\n"
        "Kong      up, database, 3.2 ms, http://kong:8001\n"
        "database  reachable\n"
        "proxy     it answered 404, 12 ms, http://kong:8000/health\n"
        "\n"
        "INSTANCE  HEALTH       TIME  FAULT\n"
        "shop-1    healthy    2.5 ms\n"
        "shop-2    healthy    110 ms\n"
        "shop-3    unhealthy       -  http://127.0.0.1:3022/health: it answered 500\n"
        "shop-4    stopped         -\n");
}

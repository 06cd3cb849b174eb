#include <catch2/catch.hpp>

#include "libscale/docker/engine.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/scripted_transport.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using docker::AnonymousVolumes;
using docker::Engine;
using net::Urgency;
using Names = std::vector<std::string>;

namespace {

const net::Endpoint k_endpoint{.base_url = "http://localhost", .unix_socket = "/run/fake-docker.sock"};
constexpr const char* k_secret = "planted-secret";
/// How those are asked for whose names begin with "shop".
constexpr const char* k_list_shop = "GET /v1.41/containers/json?all=true&filters=%7B%22name%22:%5B%22shop%22%5D%7D";
constexpr const char* k_reading =
    R"({"read":"2026-11-23T22:12:15Z","cpu_stats":{"cpu_usage":{"total_usage":5},"system_cpu_usage":7}})";

/// The client, in front of answers written down beforehand.
struct Scripted {
  explicit Scripted(std::optional<std::string> version = std::nullopt)
      : engine(http, k_endpoint, std::move(version), 10s) {}
  ~Scripted() { CHECK(http.is_done()); }

  void expect_ping(const std::string& version = "1.41") {
    http.expect("GET /_ping", 200, "OK", {{"Api-Version", version}});
  }

  fakes::ScriptedTransport http;
  Engine engine;
};

/// The client, in front of a stand-in of its own.
struct Host {
  explicit Host(const std::string& minimum = "1.12", const std::string& maximum = "1.41")
      : docker(clock, sandbox::model_workloads(behaviour),
               {.minimum_version = minimum,
                .maximum_version = maximum,
                .images = {{.name = "shop:1", .ports = {"3020/tcp"}}},
                .networks = {"shop_net"},
                .sample_period = 0ms}),
        kong({}, clock),
        http(docker, kong) {}

  Engine engine(std::optional<std::string> version = std::nullopt) {
    return {http, k_endpoint, std::move(version), 10s};
  }

  std::shared_ptr<sandbox::ModelBehaviour> behaviour = std::make_shared<sandbox::ModelBehaviour>();
  fakes::HandClock clock;
  sandbox::Docker docker;
  sandbox::Kong kong;
  fakes::InProcess http;
};

template <class T>
Error error_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().what.find(k_secret) == std::string::npos);
  return result.error();
}

std::vector<Error> errors_in(const std::vector<Status>& outcomes) {
  std::vector<Error> errors;
  for (const auto& outcome : outcomes) {
    if (!outcome) {
      errors.push_back(outcome.error());
    }
  }
  return errors;
}

/// A container with a secret in its environment, published at a port of the host.
docker::NewContainer new_container(const std::string& name, int port) {
  const auto body =
      fmt::format(R"({{"Image":"shop:1","Env":["MONGO_URL=mongodb://{}@db"],"HostConfig":{{"PortBindings":)"
                  R"({{"3020/tcp":[{{"HostIp":"127.0.0.1","HostPort":"{}"}}]}}}}}})",
                  k_secret, port);
  return {name, json::parse(body).value()};
}

}  // namespace

TEST_CASE("the version agreed on is the engine's, but none that kscale does not know") {
  CHECK(docker::agreed_version("1.41") == "1.41");
  CHECK(docker::agreed_version("1.24") == "1.24");
  CHECK(docker::agreed_version("1.51") == "1.51");
  CHECK(docker::agreed_version("1.52") == "1.51");
  CHECK(docker::agreed_version("1.100") == "1.51");
}

TEST_CASE("what is no version is not agreed on, so that it gets into no path") {
  for (const auto* const odd : {"", "1", "1.", ".41", "1.41/../..", "1.41 ", "1.-1", "v1.41", "1.41.2"}) {
    CAPTURE(odd);
    CHECK_FALSE(docker::agreed_version(odd).has_value());
  }
  Scripted docker;
  docker.expect_ping("1.41/containers");
  CHECK(error_of(docker.engine.connect()) ==
        Error{Errc::invalid, "unix:/run/fake-docker.sock does not answer as a Docker engine"});
}

TEST_CASE("an odd version of the engine is no trouble where another was asked for") {
  Scripted docker("1.40");
  docker.expect_ping("new");
  docker.http.expect("GET /v1.40/info", 200, "{}");
  CHECK(docker.engine.info().has_value());
}

TEST_CASE("the engine is asked once who it is, and then spoken to in its version") {
  Scripted docker;
  docker.expect_ping("1.41");
  docker.http.expect("GET /v1.41/info", 200, R"({"ServerVersion":"20.10.24","MemTotal":8589934592})");
  const auto info = docker.engine.info();
  REQUIRE(info.has_value());
  CHECK(info->host_memory == Bytes{8'589'934'592});
  docker.http.expect("GET /v1.41/info", 200, R"({"ServerVersion":"","MemTotal":0})");
  CHECK_FALSE(docker.engine.info()->host_memory.has_value());
}

TEST_CASE("an engine newer than kscale is spoken to in the newest version that kscale knows") {
  Scripted docker;
  docker.expect_ping("1.52");
  docker.http.expect("GET /v1.51/info", 200, "{}");
  CHECK(docker.engine.info().has_value());
}

TEST_CASE("an engine that no longer speaks old versions is no trouble") {
  Host host("1.44", "1.52");
  auto engine = host.engine();
  CHECK(engine.info().has_value());
}

TEST_CASE("a version that was asked for switches the negotiation off, and the engine says what is wrong with it") {
  Host host("1.44", "1.52");
  auto old = host.engine("1.41");
  CHECK(error_of(old.info()) ==
        Error{Errc::refused,
              "ask for the engine's data: Docker: client version 1.41 is too old. Minimum supported API version is "
              "1.44, please upgrade your client to a newer version"});
  Host other;
  auto young = other.engine("1.44");
  CHECK(error_of(young.info()) ==
        Error{Errc::refused,
              "ask for the engine's data: Docker: client version 1.44 is too new. Maximum supported API version is "
              "1.41"});
  auto fitting = other.engine("1.40");
  CHECK(fitting.info().has_value());
}

TEST_CASE("an engine that refuses the version agreed on is agreed with anew: it is another") {
  const std::vector<Result<net::Response>> all{
      net::Response{.status = 400, .body = R"({"message":"client version 1.41 is too old. Minimum is 1.44"})"},
      net::Response{.status = 400, .body = "client version 1.41 is too old. Minimum is 1.44\n"}};
  for (const auto& replaced : all) {
    Scripted docker;
    docker.http.expect("GET /_ping", 200, "OK", {{"Api-Version", "1.41"}, {"Libpod-Api-Version", "4.3.1"}});
    docker.http.expect("GET /v1.41/info", replaced);
    CHECK_FALSE(docker.engine.info().has_value());
    docker.expect_ping("1.44");
    docker.http.expect("POST /v1.44/containers/a/start", replaced);
    CHECK_FALSE(docker.engine.start({"a"}).front().has_value());
    docker.expect_ping("1.45");
    CHECK(docker.engine.connect().has_value());
    CHECK_FALSE(docker.engine.read_stats(replaced).has_value());
    docker.expect_ping("1.46");
    CHECK(docker.engine.connect().has_value());
    CHECK(docker.engine.read_stats(net::Response{.status = 200, .body = k_reading}).value()->cpu.system == 7ns);
  }
}

TEST_CASE("a version that was asked for stays, whatever becomes of the engine") {
  Scripted docker("1.40");
  docker.expect_ping();
  docker.http.expect("GET /v1.40/info", 400, "client version 1.40 is too old. Minimum is 1.44\n");
  CHECK_FALSE(docker.engine.info().has_value());
  docker.expect_ping("1.44");
  docker.http.expect("GET /v1.40/info", 200, "{}");
  CHECK(docker.engine.info().has_value());
}

TEST_CASE("an engine that only says no, or is not there, is not asked again who it is") {
  Scripted docker;
  docker.expect_ping();
  for (const auto& answer : std::vector<Result<net::Response>>{
           net::Response{.status = 400, .body = "{}"}, net::Response{.status = 500, .body = "client version"},
           fail(Errc::timed_out, "no answer"), fail(Errc::interrupted, "interrupted"),
           fail(Errc::unreachable, "cannot connect")}) {
    docker.http.expect("GET /v1.41/info", answer);
    CHECK_FALSE(docker.engine.info().has_value());
  }
}

TEST_CASE("what is not a Docker engine is told so, and asked again the next time") {
  Scripted docker;
  docker.http.expect("GET /_ping", 200, "OK");
  CHECK(error_of(docker.engine.connect()) ==
        Error{Errc::invalid, "unix:/run/fake-docker.sock does not answer as a Docker engine"});
  docker.http.expect("GET /_ping", 404, "nothing here");
  CHECK(error_of(docker.engine.connect()) ==
        Error{Errc::not_found, "Docker at unix:/run/fake-docker.sock answered 404 to a ping"});
  docker.expect_ping();
  CHECK(docker.engine.connect().has_value());
  CHECK(docker.engine.connect().has_value());
}

TEST_CASE("an engine that is not there fails every call, for each of its containers, and what was tried is said") {
  const Error gone{Errc::unreachable, "cannot connect to unix:/run/fake-docker.sock: connection refused"};
  const auto told = [&gone](const std::string& tried) { return Error{gone.code, tried + ": " + gone.what}; };
  const auto both = [&told](const std::string& tried) { return std::vector<Error>(2, told(tried)); };
  Scripted docker;
  const auto next = [&]() -> Engine& {
    docker.http.expect("GET /_ping", tl::unexpected(gone));
    return docker.engine;
  };
  CHECK(error_of(next().connect()) == gone);
  CHECK(error_of(next().info()) == told("ask for the engine's data"));
  CHECK(error_of(next().find("shop")) == told("list containers named 'shop'"));
  CHECK(error_of(next().inspect("a")) == told("inspect container a"));
  CHECK(error_of(next().image_id("shop:1")) == told("inspect image 'shop:1'"));
  CHECK(error_of(next().log_tail("a", 5)) == told("read the log of container a"));
  CHECK(error_of(next().labelled("a", "b")) == told("list containers labelled 'a=b'"));
  CHECK(error_of(next().rename("a", "b")) == told("rename container"));
  CHECK(error_of(next().create({{"a", {}}}).front()) == told("create container"));
  CHECK(errors_in(next().start({"a", "b"})) == both("start container"));
  CHECK(errors_in(next().stop({"a", "b"}, 10s)) == both("stop container"));
  CHECK(errors_in(next().remove({"a", "b"}, AnonymousVolumes::keep, Urgency::interruptible)) ==
        both("remove container"));
  CHECK(errors_in(next().connect_networks({{"n", "a", {}}, {"n", "b", {}}})) ==
        both("connect the container to its network"));
}

TEST_CASE("calls that change something agree on a version first, too") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect("POST /v1.41/containers/a/start", 204);
  CHECK(docker.engine.start({"a"}).front().has_value());
}

TEST_CASE("find gives whole containers by the beginning of their name") {
  fakes::FakeMachine machine;
  const auto found = machine.engine.find("shop-");
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 3);
  for (const auto& container : *found) {
    CHECK(container.name.starts_with("shop-"));
    CHECK(container.is_running());
    CHECK(container.ports.size() == 1);
  }
  CHECK(machine.engine.find("nothing")->empty());
}

TEST_CASE("find asks for all names at once, and leaves out what vanishes meanwhile") {
  Scripted docker;
  docker.expect_ping();
  const auto* const third = R"({"Id":"3","Name":"/shop-3","State":{"Status":"running"}})";
  docker.http.expect(
      k_list_shop, 200,
      R"([{"Id":"1","Names":["/shop-1"]},{"Id":"2","Names":["/my-shop"]},{"Id":"3","Names":["/shop-3"]}])");
  docker.http.expect("GET /v1.41/containers/1/json", 404, R"({"message":"No such container: 1"})");
  docker.http.expect("GET /v1.41/containers/3/json", 200, third);
  docker.http.expect(k_list_shop, 200, R"([{"Id":"2","Names":["/my-shop"]},{"Id":"3","Names":["/shop-3"]}])");
  docker.http.expect("GET /v1.41/containers/3/json", 200, third);
  const auto found = docker.engine.find("shop");
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 1);
  CHECK(found->front().name == "shop-3");
  CHECK(docker.http.batches == std::vector<std::size_t>{1, 1, 2, 1, 1});
}

TEST_CASE("a container that is listed is not taken for gone because the engine does not find it") {
  Scripted docker;
  docker.expect_ping();
  for (int tries = 0; tries < 3; ++tries) {
    docker.http.expect(k_list_shop, 200, R"([{"Id":"1","Names":["/shop-1"]}])");
    docker.http.expect("GET /v1.41/containers/1/json", 404, R"({"message":"No such container: 1"})");
  }
  CHECK(error_of(docker.engine.find("shop")) ==
        Error{Errc::failed, "inspect containers named 'shop': Docker: No such container: 1, though it is listed"});
}

TEST_CASE("a list with an entry that has no id is none") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect(k_list_shop, 200, R"([{"Id":{},"Names":"x"}])");
  CHECK(error_of(docker.engine.find("shop")) ==
        Error{Errc::invalid, "list containers named 'shop': an entry has no id"});
}

TEST_CASE("a container that is listed twice is found once") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect(k_list_shop, 200, R"([{"Id":"1","Names":["/shop-1"]},{"Id":"1","Names":["/shop-1"]}])");
  docker.http.expect("GET /v1.41/containers/1/json", 200,
                     R"({"Id":"1","Name":"/shop-1","State":{"Status":"running"}})");
  const auto found = docker.engine.find("shop");
  REQUIRE(found.has_value());
  CHECK(found->size() == 1);
}

TEST_CASE("find fails as a whole where one container cannot be read") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect(k_list_shop, 200, R"([{"Id":"1","Names":["/shop-1"]}])");
  docker.http.expect("GET /v1.41/containers/1/json", 500, R"({"message":"disk on fire"})");
  CHECK(error_of(docker.engine.find("shop")) ==
        Error{Errc::failed, "inspect containers named 'shop': Docker: disk on fire"});
  docker.http.expect(k_list_shop, 200, R"({"message":"no list"})");
  CHECK(error_of(docker.engine.find("shop")) ==
        Error{Errc::invalid, "list containers named 'shop': the answer is no list"});
  docker.http.expect(k_list_shop, 500, R"({"message":"disk on fire"})");
  CHECK(error_of(docker.engine.find("shop")) ==
        Error{Errc::failed, "list containers named 'shop': Docker: disk on fire"});
}

TEST_CASE("a container or an image that is missing is not found") {
  fakes::FakeMachine machine;
  CHECK(error_of(machine.engine.inspect("nope")) ==
        Error{Errc::not_found, "inspect container nope: Docker: No such container: nope"});
  CHECK(error_of(machine.engine.image_id("nope:1")).code == Errc::not_found);
  CHECK(machine.engine.image_id("shop:1")->starts_with("sha256:"));
}

TEST_CASE("the slashes inside the name of an image stay, and all else is escaped") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect("GET /v1.41/images/registry.example:5000/team/shop:1%3F/json", 200, R"({"Id":"sha256:1"})");
  CHECK(docker.engine.image_id("registry.example:5000/team/shop:1?") == "sha256:1");
}

TEST_CASE("containers are made, started, stopped and removed, several at once") {
  Host host;
  auto engine = host.engine();
  const auto made = engine.create({new_container("shop-1", 3020), new_container("shop-2", 3021)});
  REQUIRE(made.size() == 2);
  REQUIRE(made[0].has_value());
  REQUIRE(made[1].has_value());
  const Names ids{*made[0], *made[1]};
  CHECK(errors_in(engine.start(ids)).empty());
  CHECK(engine.inspect("shop-2")->is_running());
  CHECK(errors_in(engine.start(ids)).empty());  // 304: they run already
  CHECK(errors_in(engine.connect_networks({{"shop_net", ids[0], json::Value::object()}})).empty());
  CHECK(engine.inspect("shop-1")->networks.size() == 2);
  CHECK(errors_in(engine.stop(ids, 10s)).empty());
  CHECK_FALSE(engine.inspect("shop-2")->is_running());
  CHECK(errors_in(engine.stop(ids, 10s)).empty());
  CHECK(errors_in(engine.start({ids[0]})).empty());
  CHECK(errors_in(engine.remove(ids, AnonymousVolumes::keep, Urgency::interruptible)).empty());  // one of them runs
  CHECK(engine.find("shop")->empty());
  CHECK(errors_in(engine.remove(ids, AnonymousVolumes::remove, Urgency::to_the_end)).empty());  // gone already
}

TEST_CASE("a name that is taken is a conflict, in the engine's words") {
  Host host;
  auto engine = host.engine();
  const auto first = engine.create({new_container("shop-1", 3020)}).front();
  REQUIRE(first.has_value());
  CHECK(error_of(engine.create({new_container("shop-1", 3021)}).front()) ==
        Error{Errc::conflict,
              fmt::format("create container: Docker: Conflict. The container name \"/shop-1\" is already in use by "
                          "container \"{}\". You have to remove (or rename) that container to be able to reuse that "
                          "name.",
                          *first)});
}

TEST_CASE("Podman's 500 for a name that is taken is a conflict too") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect("POST /v1.41/containers/create?name=a", 500,
                     R"({"message":"container create: the container name \"a\" is already in use by 12"})");
  CHECK(error_of(docker.engine.create({{"a", {}}}).front()).code == Errc::conflict);
}

TEST_CASE("a port that is taken is a conflict, though the engine answers 500") {
  Host host;
  auto engine = host.engine();
  const auto made = engine.create({new_container("shop-1", 3020), new_container("shop-2", 3020)});
  const auto started = engine.start({made[0].value(), made[1].value()});
  CHECK(started[0].has_value());
  const auto error = error_of(started[1]);
  CHECK(error.code == Errc::conflict);
  CHECK(error.what.starts_with("start container: Docker: driver failed programming external connectivity"));
  CHECK(error.what.ends_with("Bind for 127.0.0.1:3020 failed: port is already allocated"));
}

TEST_CASE("no error names the environment of a container") {
  Host host;
  auto engine = host.engine();
  auto without_image = new_container("shop-1", 3020);
  without_image.body.set("Image", "nope:1");
  CHECK(error_of(engine.create({without_image}).front()) ==
        Error{Errc::not_found, "create container: Docker: No such image: nope:1"});
  auto bad_name = new_container("shop 1!", 3020);
  CHECK(error_of(engine.create({bad_name}).front()).code == Errc::refused);
  CHECK(error_of(engine.start({"nope"}).front()) ==
        Error{Errc::not_found, "start container: Docker: No such container: nope"});
}

TEST_CASE("an engine that made a container must name it") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect("POST /v1.41/containers/create?name=a", 201, "{}");
  CHECK(error_of(docker.engine.create({{"a", {}}}).front()) ==
        Error{Errc::invalid, "create container: the answer has no Id"});
}

TEST_CASE("a stop gets its grace besides the time of a call, and gives way only where it may") {
  Scripted docker("1.41");
  docker.expect_ping();
  docker.http.expect("POST /v1.41/containers/a/stop?t=30", 204);
  CHECK(docker.engine.stop({"a"}, 30s, Urgency::to_the_end).front().has_value());
  CHECK(docker.http.sent.back().deadline == 40s);
  CHECK(docker.http.sent.back().urgency == net::Urgency::to_the_end);
  docker.http.expect("DELETE /v1.41/containers/a?force=true&v=true", 204);
  CHECK(docker.engine.remove({"a"}, AnonymousVolumes::remove, Urgency::interruptible).front().has_value());
  CHECK(docker.http.sent.back().urgency == net::Urgency::interruptible);
  docker.http.expect("DELETE /v1.41/containers/a?force=true", 404, R"({"message":"No such container: a"})");
  CHECK(docker.engine.remove({"a"}, AnonymousVolumes::keep, Urgency::to_the_end).front().has_value());
  docker.http.expect("DELETE /v1.41/containers/a?v=true", 409,
                     R"({"message":"You cannot remove a running container a. Stop the container before"})");
  CHECK(docker.engine.remove_stopped({"a"}, Urgency::change).front().error().code == Errc::conflict);
  // After --rm Docker begins to remove it by itself.
  docker.http.expect("DELETE /v1.41/containers/a?force=true", 409,
                     R"({"message":"removal of container a is already in progress"})");
  CHECK(docker.engine.remove({"a"}, AnonymousVolumes::keep, Urgency::to_the_end).front().has_value());
}

TEST_CASE("making, connecting and starting are changes, and a stop that waits for a container gives way") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect("POST /v1.41/containers/create?name=a", 201, R"({"Id":"a"})");
  docker.http.expect("POST /v1.41/networks/n/connect", 200);
  docker.http.expect("POST /v1.41/containers/a/start", 204);
  docker.http.expect("POST /v1.41/containers/a/stop?t=10", 204);
  CHECK(docker.engine.create({{"a", {}}}).front().has_value());
  CHECK(docker.engine.connect_networks({{"n", "a", {}}}).front().has_value());
  CHECK(docker.engine.start({"a"}).front().has_value());
  CHECK(docker.engine.stop({"a"}, 10s).front().has_value());
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(docker.http.sent.at(i).urgency == Urgency::change);  // the ping first
  }
  CHECK(docker.http.sent.at(4).urgency == Urgency::interruptible);
}

TEST_CASE("what is done to the end agrees on a version to the end") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect("DELETE /v1.41/containers/a?force=true", 204);
  CHECK(docker.engine.remove({"a"}, AnonymousVolumes::keep, Urgency::to_the_end).front().has_value());
  CHECK(docker.http.sent.front().urgency == Urgency::to_the_end);
}

TEST_CASE("a container without data, one that is missing and one that is read are told apart") {
  fakes::FakeMachine machine;
  machine.behaviour->memory = Bytes{64};
  CHECK(machine.engine.stop({"shop-2"}, 1s).front().has_value());
  const auto reading = [&machine](std::string_view id) {
    return machine.engine.read_stats(machine.http.send(machine.engine.stats_request(id)));
  };
  CHECK(error_of(reading("nope")) == Error{Errc::not_found, "Docker: No such container: nope"});
  CHECK_FALSE(reading("shop-2").value().has_value());
  CHECK(reading("shop-3").value().has_value());
}

TEST_CASE("one reading is asked for without waiting for a second, and a long answer is none") {
  Scripted docker("1.41");
  const auto request = docker.engine.stats_request("a");
  CHECK(request.path == "/v1.41/containers/a/stats?stream=false&one-shot=true");
  CHECK(request.max_answer == 1'048'576);
  docker.expect_ping();
  CHECK(docker.engine.connect().has_value());
  CHECK(docker.http.sent.back().max_answer == 1'048'576);
}

TEST_CASE("the system counter of an engine that says it is Podman is not used") {
  const net::Response answer{.status = 200, .body = k_reading};
  Scripted podman;
  podman.http.expect("GET /_ping", 200, "OK", {{"Api-Version", "1.41"}, {"Libpod-Api-Version", "4.3.1"}});
  CHECK(podman.engine.connect().has_value());
  CHECK_FALSE(podman.engine.read_stats(answer).value()->cpu.system.has_value());
  Scripted docker;
  docker.expect_ping();
  CHECK(docker.engine.connect().has_value());
  CHECK(docker.engine.read_stats(answer).value()->cpu.system == 7ns);
}

TEST_CASE("the end of a container's log is read") {
  fakes::FakeMachine machine;
  machine.behaviour->log = "one\ntwo\nthree\n";
  CHECK(machine.engine.log_tail("shop-1", 2) == "two\nthree\n");
  CHECK(error_of(machine.engine.log_tail("nope", 2)) ==
        Error{Errc::not_found, "read the log of container nope: Docker: No such container: nope"});
}

TEST_CASE("a log is asked for from a nanosecond on, and what an engine gives besides is left out") {
  Scripted docker;
  docker.expect_ping();
  const auto* const log =
      "2026-11-24T13:42:07.000000004Z early\r\n2026-11-24T13:42:07.000000005Z just\r\n"
      "2026-11-24T13:42:08Z late\r\n";
  docker.http.expect(
      "GET /v1.41/containers/a/logs?stdout=true&stderr=true&timestamps=true&tail=50&since=1795527727.000000005", 200,
      log);
  const auto lines = docker.engine.logs("a", {.tail = 50, .since = 1'795'527'727s + 5ns});
  REQUIRE(lines.has_value());
  CHECK(*lines == std::vector<docker::LogLine>{{1'795'527'727s + 5ns, "just"}, {1'795'527'728s, "late"}});
  docker.http.expect("GET /v1.41/containers/a/logs?stdout=true&stderr=true&timestamps=true", 200, log);
  CHECK(docker.engine.logs("a", {})->size() == 3);
}

TEST_CASE("a container gets another name, unless that is taken") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect("POST /v1.41/containers/a/rename?name=shop-1%2Fb", 204);
  CHECK(docker.engine.rename("a", "shop-1/b").has_value());
  CHECK(docker.http.sent.back().urgency == Urgency::change);
  docker.http.expect("POST /v1.41/containers/a/rename?name=shop-1", 409,
                     R"({"message":"Conflict. The container name \"/shop-1\" is already in use by container \"b\"."})");
  CHECK(
      error_of(docker.engine.rename("a", "shop-1", Urgency::to_the_end)) ==
      Error{
          Errc::conflict,
          "rename container: Docker: Conflict. The container name \"/shop-1\" is already in use by container \"b\"."});
  CHECK(docker.http.sent.back().urgency == Urgency::to_the_end);
}

TEST_CASE("containers are found by a label, also where the engine's filter lets others through") {
  Scripted docker;
  docker.expect_ping();
  docker.http.expect(
      "GET /v1.41/containers/json?all=true&filters=%7B%22label%22:%5B%22tier%3Dweb%22%5D%7D", 200,
      R"([{"Id":"1","Labels":{"tier":"web"}},{"Id":"2","Labels":{"tier":"website"}},{"Id":"3","Labels":null},
          {"Id":"4","Labels":{"tier":"web"}}])");
  docker.http.expect("GET /v1.41/containers/1/json", 200, R"({"Id":"1","Name":"/shop-1","State":{"Status":"exited"}})");
  docker.http.expect("GET /v1.41/containers/4/json", 200, R"({"Id":"4","Name":"/shop-4","State":{"Status":"exited"}})");
  const auto found = docker.engine.labelled("tier", "web");
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 2);
  CHECK(found->back().name == "shop-4");
  docker.http.expect("GET /v1.41/containers/json?all=true&filters=%7B%22label%22:%5B%22tier%3D%22%5D%7D", 500,
                     R"({"message":"disk on fire"})");
  CHECK(error_of(docker.engine.labelled("tier", "")) ==
        Error{Errc::failed, "list containers labelled 'tier=': Docker: disk on fire"});
}

TEST_CASE("an error in plain text is told without its line break, one in HTML by its status") {
  Scripted docker;
  docker.expect_ping();
  const auto told = [&docker](int status, const std::string& body) {
    docker.http.expect("GET /v1.41/info", status, body);
    return error_of(docker.engine.info()).what;
  };
  CHECK(told(500, "out of\nspace\n") == R"(ask for the engine's data: Docker: out of\x0aspace)");
  CHECK(told(502, "<html>\r\n<title>502 Bad Gateway</title>") == "ask for the engine's data: Docker: status 502");
  CHECK(told(500, "") == "ask for the engine's data: Docker: status 500");
  CHECK(told(500, "{}") == "ask for the engine's data: Docker: status 500");
}

TEST_CASE("what an engine answers tells what kind of failure it is") {
  Scripted docker;
  docker.expect_ping();
  for (const auto& [status, code] : std::vector<std::pair<int, Errc>>{{400, Errc::refused},
                                                                      {401, Errc::unauthorized},
                                                                      {403, Errc::unauthorized},
                                                                      {404, Errc::not_found},
                                                                      {409, Errc::conflict},
                                                                      {500, Errc::failed},
                                                                      {503, Errc::busy}}) {
    docker.http.expect("GET /v1.41/info", status, R"({"message":"no"})");
    CHECK(error_of(docker.engine.info()) == Error{code, "ask for the engine's data: Docker: no"});
  }
}

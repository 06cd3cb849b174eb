#include <catch2/catch.hpp>

#include "libscale/operate/log_reader.hpp"
#include "tests/fakes/fake_machine.hpp"

using namespace kscale;
using namespace kscale::operate;
using namespace std::chrono_literals;
using fakes::FakeMachine;
using fakes::Fate;
using Names = std::vector<std::string>;

namespace {

/// A container beside the instances, as Compose makes it.
void compose_other(FakeMachine& machine, const std::string& name, const std::string& service,
                   const std::string& project) {
  const auto body = fmt::format(
      R"({{"Image":"shop:1","Labels":{{"com.docker.compose.service":"{}","com.docker.compose.project":"{}"}}}})",
      service, project);
  const auto made = machine.docker.answer({.method = "POST",
                                           .target = "/containers/create?name=" + name,
                                           .headers = {{"Content-Type", "application/json"}},
                                           .body = body});
  REQUIRE(made.status == 201);
}

Names meant_by(FakeMachine& machine, const std::string& word) {
  const auto containers = containers_meant_by(word, machine.world(), FakeMachine::deployment());
  Names names;
  for (const auto& container : containers.value_or(std::vector<docker::Container>{})) {
    names.push_back(container.name);
  }
  return names;
}

Error refusal(FakeMachine& machine, const std::string& word) {
  return containers_meant_by(word, machine.world(), FakeMachine::deployment()).error();
}

struct Reading {
  explicit Reading(LogQuestion question) : reader(std::move(question), machine.world(), deployment, log) {
    machine.behaviour->log = "one\n";
  }

  Names read() {
    const auto lines = reader.read();
    REQUIRE(lines);
    Names names;
    for (const auto& line : *lines) {
      names.push_back(line.container);
    }
    return names;
  }

  FakeMachine machine;
  fleet::Deployment deployment = FakeMachine::deployment();
  Names said;
  control::Log log{[this](control::Level, std::string_view text) { said.emplace_back(text); }};
  LogReader reader;
};

/// Lets no request through whose path has the part.
std::function<Fate(int, const net::Request&)> keeping_back(std::string part, Fate fate) {
  return [part = std::move(part), fate](int, const net::Request& request) {
    return request.path.find(part) != std::string::npos ? fate : Fate::arrives;
  };
}

}  // namespace

TEST_CASE("a word means all instances, one of them, a service or a container") {
  FakeMachine machine;
  const auto project = machine.engine.inspect("shop-1")->labels["com.docker.compose.project"];
  compose_other(machine, "kong-proxy", "kong", project);
  compose_other(machine, "their-kong", "kong", "another");
  const Names all{"shop-1", "shop-2", "shop-3"};
  CHECK(meant_by(machine, "") == all);
  CHECK(meant_by(machine, "backend") == all);
  CHECK(meant_by(machine, "2") == Names{"shop-2"});
  CHECK(meant_by(machine, "shop-3") == Names{"shop-3"});
  CHECK(meant_by(machine, "kong") == Names{"kong-proxy"});
  CHECK(meant_by(machine, "their-kong") == Names{"their-kong"});
}

TEST_CASE("the beginning of an id means nobody, though Docker takes it") {
  FakeMachine machine;
  compose_other(machine, "stranger", "theirs", "another");
  const auto id = machine.engine.inspect("stranger")->id;
  REQUIRE(machine.engine.inspect(id.substr(0, 8))->name == "stranger");
  CHECK(refusal(machine, id.substr(0, 8)) == Error{Errc::not_found, "logs: there is no " + id.substr(0, 8)});
  CHECK(meant_by(machine, id) == Names{"stranger"});
}

TEST_CASE("a word that means nothing is told, and so is an engine that cannot be asked") {
  FakeMachine machine(sandbox::KongMode::database, 0);
  CHECK(refusal(machine, "") == Error{Errc::not_found, "logs: there is no instance"});
  CHECK(refusal(machine, "no\x1b[2J") == Error{Errc::not_found, "logs: there is no no\\x1b[2J"});
  machine.http.fate = keeping_back("label", Fate::lost);
  CHECK(refusal(machine, "kong").code == Errc::unreachable);
}

TEST_CASE("after the last lines comes what is new, also of containers that are new") {
  Reading reading({.tail = 1});
  CHECK(reading.read() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(reading.read().empty());
  reading.machine.behaviour->log += "two\n";
  reading.machine.compose_up(4);
  CHECK(reading.read() == Names{"shop-1", "shop-2", "shop-3", "shop-4", "shop-4"});
}

TEST_CASE("a log that cannot be read hides no other, and what goes wrong later ends nothing") {
  Reading reading({.whose = "backend", .tail = 1});
  const auto second = reading.machine.engine.inspect("shop-2")->id;
  reading.machine.http.fate = keeping_back(second + "/logs", Fate::failed);
  CHECK(reading.read() == Names{"shop-1", "shop-3"});
  CHECK(reading.said.size() == 1);
  CHECK(reading.read().empty());
  CHECK(reading.said.size() == 1);
  reading.machine.http.fate = keeping_back("/containers/json", Fate::lost);
  CHECK(reading.read().empty());
  CHECK(reading.read().empty());
  CHECK(reading.said.size() == 2);
  reading.machine.http.fate = nullptr;
  CHECK(reading.read() == Names{"shop-2"});
  reading.machine.http.fate = keeping_back("/containers/json", Fate::lost);
  CHECK(reading.read().empty());
  CHECK(reading.said.size() == 3);
  reading.machine.http.fate = nullptr;
  reading.machine.http.interrupted = true;
  CHECK(reading.reader.read().error().code == Errc::interrupted);
}

TEST_CASE("where no log at all can be read, that is an error at first, and told once later") {
  Reading reading({});
  reading.machine.http.fate = keeping_back("/logs", Fate::lost);
  CHECK(reading.reader.read().error().code == Errc::unreachable);
  CHECK(reading.said.empty());
  CHECK(reading.read().empty());
  CHECK(reading.read().empty());
  CHECK(reading.said.size() == 3);
}

TEST_CASE("what is too much to be read at once is passed over, and that is told") {
  Reading reading({.whose = "1", .tail = 1});
  CHECK(reading.read() == Names{"shop-1"});
  auto& log = reading.machine.behaviour->log;
  const auto before = log;
  reading.machine.clock.forward(10s);
  log += std::string(std::size_t{33} * 1024 * 1024, 'x') + '\n';
  CHECK(reading.read().empty());
  REQUIRE(reading.said.size() == 1);
  CHECK(reading.said[0].find("is longer than 33554432 bytes") != std::string::npos);
  const auto failed_at = std::chrono::floor<std::chrono::seconds>(reading.machine.clock.now().wall.time_since_epoch());
  reading.machine.clock.forward(10s);
  log = before + "two\n";
  std::string asked;
  reading.machine.http.fate = [&asked](int, const net::Request& request) {
    asked = request.path.find("/logs") != std::string::npos ? request.path : asked;
    return Fate::arrives;
  };
  CHECK_FALSE(reading.read().empty());
  CHECK(asked.find(fmt::format("since={}", failed_at.count())) != std::string::npos);
  CHECK(reading.said.size() == 1);
}

TEST_CASE("an engine that is away at first is told") {
  Reading reading({});
  reading.machine.http.fate = keeping_back("/containers/json", Fate::lost);
  CHECK(reading.reader.read().error().code == Errc::unreachable);
}

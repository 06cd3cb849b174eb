#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libscale/net/json.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/sandbox/docker/docker.hpp"
#include "tests/sandbox/docker/model.hpp"
#include "tests/sandbox/docker/test_client.hpp"

namespace kscale::sandbox {

namespace {

using json::Value;

/// One line of the recordings: [name] METHOD path -> status type :: body
struct Recording {
  std::string name;
  std::string method;
  std::string target;
  int status = 0;
  std::string content_type;
  std::string body;  ///< the first 700 bytes or so
};

std::string text_of(const std::string& file) {
  std::ifstream in(std::string(KSCALE_DOCKER_RECORDINGS) + "/" + file);
  REQUIRE(in.good());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<Recording> recordings() {
  static const std::regex line_of(R"(^\[([^\]]+)\] (GET|POST|DELETE) (\S+) -> (\d+) (.*?) ?::(?: (.*))?$)");
  std::vector<Recording> all;
  std::istringstream lines(text_of("answers-20.10.txt"));
  std::string line;
  while (std::getline(lines, line)) {
    std::smatch part;
    if (std::regex_match(line, part, line_of)) {
      all.push_back({part[1], part[2], part[3], std::stoi(part[4]), part[5], part[6]});
    }
  }
  return all;
}

const std::map<std::string, std::string>& bodies() {
  static const std::string plain = R"({"Image":"perf:1"})";
  static const std::string first_port =
      R"({"Image":"perf:1","HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"23555"}]}}})";
  static const std::string second_port =
      R"({"Image":"perf:1","HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"23556"}]}}})";
  static const std::map<std::string, std::string> all = {
      {"create-ok", plain},
      {"name-conflict", plain},
      {"create-p1", first_port},
      {"create-p2", first_port},
      {"create-p3", second_port},
      {"no-image", R"({"Image":"nosuch:img"})"},
      {"bad-cmd-create", R"({"Image":"perf:1","Cmd":["/no/such"]})"},
      {"no-network-create", R"({"Image":"perf:1","HostConfig":{"NetworkMode":"perf-nonet"}})"},
      {"low-mem", R"({"Image":"perf:1","HostConfig":{"Memory":1048576}})"},
      {"bad-name", plain},
      {"no-cmd", R"({"Image":"bare"})"},
      {"bad-json", R"({"Image":)"},
      {"no-image-field", "{}"},
      {"wrong-content-type", plain},
      {"update-bad", R"({"Memory":1024})"},
  };
  return all;
}

/// The host port 23556 belongs to another program, and /no/such does not exist.
class RecordedWorkload final : public Workload {
 public:
  Status start(const ContainerSpec& spec, Now /*now*/) override {
    if (spec.command.front() == "/no/such") {
      return fail(Errc::invalid, "exec: \"/no/such\": stat /no/such: no such file or directory: unknown");
    }
    if (!spec.ports.empty() && spec.ports.front().host_port == 23'556) {
      return fail(Errc::conflict, "127.0.0.1:23556");
    }
    return {};
  }
  int stop(std::chrono::seconds /*grace*/) override { return 0; }
  WorkloadUsage usage(Now /*now*/) override { return {.cpu = std::chrono::milliseconds(30)}; }
};

/// Ids, times and numbers differ from run to run; what stands around them does not.
std::string without_ids(const std::string& text) {
  return std::regex_replace(text, std::regex("[0-9a-f]{64}"), "ID");
}

std::string without_numbers(const std::string& text) {
  static const std::regex time(R"("[0-9]{4}-[0-9-]+T[0-9:.]+Z")");
  return std::regex_replace(std::regex_replace(text, time, "TIME"), std::regex("[0-9]+"), "0");
}

/// The names of an object's members, and theirs, in order.
std::string shape_of(const Value& value) {
  std::string shape;
  for (const auto& [name, member] : value.members()) {
    shape.append(name).append(shape_of(member)).append(" ");
  }
  return "{" + shape + "}";
}

DockerOptions recorded_options() {
  return {.images = {{.name = "perf:1"}, {.name = "bare", .command = {}}}, .networks = {}};
}

WorkloadFactory recorded_workloads() {
  return [](const ContainerSpec&) { return std::make_unique<RecordedWorkload>(); };
}

}  // namespace

TEST_CASE("the stand-in answers what Docker 20.10 was recorded to answer") {
  fakes::HandClock clock;
  Docker docker(clock, recorded_workloads(), recorded_options());
  const auto all = recordings();
  REQUIRE(all.size() == 55);
  for (const auto& recording : all) {
    INFO("[" << recording.name << "] " << recording.method << " " << recording.target);
    const auto body = bodies().find(recording.name);
    Question question{.method = recording.method, .target = recording.target, .headers = {}, .body = {}};
    if (body != bodies().end()) {
      question.body = body->second;
      const bool is_plain = recording.name == "wrong-content-type";
      question.headers.emplace_back("Content-Type", is_plain ? "text/plain" : "application/json");
    }
    const Answer answer = docker.answer(question);
    CHECK(answer.status == recording.status);
    CHECK(answer.content_type == recording.content_type);
    auto got = answer.body;
    while (got.ends_with('\n')) {
      got.pop_back();
    }
    if (recording.name.find("stats") == std::string::npos && recording.name.find("oneshot") == std::string::npos) {
      CHECK(without_ids(got) == without_ids(recording.body));
    } else {
      // The recorder kept only the beginning of the long ones, cut within a number or a name.
      const auto wanted = without_numbers(recording.body.substr(0, recording.body.rfind(',')));
      CHECK(without_numbers(got).substr(0, wanted.size()) == wanted);
    }
  }
}

TEST_CASE("every request of the recordings is replayed") {
  // These lines are no single requests; the cases below hold the stand-in to them.
  const std::set<std::string> others = {"p2 state after failed start", "ping-head", "concurrent-rm",
                                        "concurrent-create-same-name"};
  std::set<std::string> replayed;
  for (const auto& recording : recordings()) {
    replayed.insert(recording.name);
  }
  std::istringstream lines(text_of("answers-20.10.txt"));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with('[')) {
      const auto name = line.substr(1, line.find(']') - 1);
      INFO(line);
      CHECK(replayed.contains(name) != others.contains(name));
    }
  }
}

TEST_CASE("a container whose port was taken stays behind as created, with the error") {
  fakes::HandClock clock;
  Docker docker(clock, recorded_workloads(), recorded_options());
  post(docker, "/v1.41/containers/create?name=perf-e1", bodies().at("create-p1"));
  post(docker, "/v1.41/containers/create?name=perf-e2", bodies().at("create-p2"));
  post(docker, "/v1.41/containers/perf-e1/start");
  const auto refused = post(docker, "/v1.41/containers/perf-e2/start");
  const auto inspected = json_of(get(docker, "/v1.41/containers/perf-e2/json"));
  const auto& state = inspected["State"];
  CHECK(fmt::format("[p2 state after failed start] {} exit={} err={}", state["Status"].text_or(""),
                    *state["ExitCode"].as_int(), without_ids(state["Error"].text_or(""))) ==
        without_ids(
            "[p2 state after failed start] created exit=128 err=driver failed programming external connectivity on "
            "endpoint perf-e2 (fcf51224f58342e5d9caf899febc5eeaa00341ec255ff510ebd304349eec0754): Bind for "
            "127.0.0.1:23555 failed: port is already allocated"));
  CHECK(state["Error"].text_or("") == message_of(refused));
}

TEST_CASE("HEAD of _ping has the headers of the recording") {
  fakes::HandClock clock;
  Docker docker(clock, recorded_workloads(), recorded_options());
  const auto answer = docker.answer({.method = "HEAD", .target = "/_ping", .headers = {}, .body = {}});
  CHECK(answer.status == 200);
  CHECK(answer.body.empty());
  std::set<std::string> given = {"Content-Type: " + answer.content_type};
  for (const auto& [name, value] : answer.headers) {
    given.insert(fmt::format("{}: {}", name, value));
  }
  std::istringstream lines(text_of("answers-20.10.txt"));
  std::string line;
  std::set<std::string> recorded;
  while (std::getline(lines, line)) {
    static const std::string start = "[ping-head] ";
    const bool is_header = line.starts_with(start) && line.find(": ") != std::string::npos;
    // The socket's server adds the length and the date.
    if (is_header && line.find("Content-Length") == std::string::npos && line.find("Date: ") == std::string::npos) {
      recorded.insert(line.substr(start.size()));
    }
  }
  CHECK(given == recorded);
}

TEST_CASE("stats have the shape of the recorded ones") {
  fakes::HandClock clock;
  const auto behaviour = std::make_shared<ModelBehaviour>();
  Docker docker(clock, model_workloads(behaviour), recorded_options());
  post(docker, "/containers/create?name=perf-probe", R"({"Image":"perf:1","HostConfig":{"Memory":16777216}})");
  post(docker, "/containers/perf-probe/start");
  clock.forward(std::chrono::seconds(2));
  const auto one_shot = json_of(get(docker, "/v1.41/containers/perf-probe/stats?stream=false&one-shot=true"));
  CHECK(shape_of(one_shot) == shape_of(json::parse(text_of("stats-one-shot.json")).value()));
  const auto two = json_of(get(docker, "/v1.41/containers/perf-probe/stats?stream=false"));
  CHECK(shape_of(two) == shape_of(json::parse(text_of("stats-two-samples.json")).value()));
}

}  // namespace kscale::sandbox

#include "tests/fakes/fake_machine.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "libscale/net/json.hpp"

namespace kscale::fakes {

namespace {

constexpr const char* k_socket = "/run/fake-docker.sock";
constexpr const char* k_kong_url = "http://kong:8001";

sandbox::Question question_of(const net::Request& request) {
  sandbox::Question question{
      .method = std::string(name_of(request.method)), .target = request.path, .headers = request.headers};
  question.headers.insert(question.headers.end(), request.to.headers.begin(), request.to.headers.end());
  question.body = request.body;
  return question;
}

net::Response response_of(const sandbox::Answer& answer) {
  net::Response response{.status = answer.status, .headers = answer.headers, .body = answer.body};
  if (!answer.content_type.empty()) {
    response.headers.emplace_back("Content-Type", answer.content_type);
  }
  return response;
}

/// The stand-in for Docker waits for the second sample of its stats on this clock; here no call takes time.
sandbox::DockerOptions docker_options() {
  return {.images = {{.name = "shop:1", .ports = {"3020/tcp"}},
                     {.name = "next:1", .command = {"/next"}, .ports = {"3020/tcp"}},
                     {.name = "broken:1", .ports = {"3020/tcp"}, .exits_at_once = 3},
                     {.name = "checked:1", .ports = {"3020/tcp"}, .health_check = true}},
          .networks = {"shop_net"},
          .sample_period = std::chrono::milliseconds(0)};
}

constexpr const char* k_configuration = R"(_format_version: "3.0"
services:
- name: shop
  host: shop
  port: 80
  routes:
  - name: shop
    paths: [/shop]
  plugins:
  - name: key-auth
consumers:
- username: operator
  keyauth_credentials:
  - key: planted-secret-key
upstreams:
- name: shop
- name: other
  targets:
  - target: 10.9.9.9:80
    weight: 7
plugins:
- name: prometheus
  config:
    status_code_metrics: true
    latency_metrics: true
    bandwidth_metrics: true
    upstream_health_metrics: true
)";

void must(bool done, std::string_view what) {
  if (!done) {
    throw std::logic_error(fmt::format("the fake machine could not {}", what));
  }
}

}  // namespace

std::vector<Result<net::Response>> InProcess::send_all(const std::vector<net::Request>& requests) {
  std::vector<Result<net::Response>> answers;
  answers.reserve(requests.size());
  for (const auto& request : requests) {
    answers.push_back(deliver(request));
  }
  return answers;
}

Result<net::Response> InProcess::deliver(const net::Request& request) {
  if (interrupted && request.urgency != net::Urgency::to_the_end) {
    return fail(Errc::interrupted, "interrupted");
  }
  const bool to_docker = !request.to.unix_socket.empty();
  if (!to_docker && request.to.base_url != k_kong_url) {
    return probe(request);
  }
  const auto what_happens = fate ? fate(sent++, request) : Fate::arrives;
  if (what_happens == Fate::lost) {
    return fail(Errc::unreachable, "cannot connect to {}: connection refused", request.to.shown());
  }
  if (what_happens == Fate::failed) {
    return net::Response{.status = 500, .headers = {}, .body = R"({"message":"An unexpected error occurred"})"};
  }
  if (request.method != net::Method::get && request.method != net::Method::head) {
    changes.push_back(fmt::format("{} {}", name_of(request.method), request.path.substr(0, request.path.find('?'))));
  }
  const auto question = question_of(request);
  const auto answer = to_docker ? m_docker.answer(question) : m_kong.answer(question);
  if (what_happens == Fate::answer_lost) {
    return fail(Errc::timed_out, "no answer from {} in 10s", request.to.shown());
  }
  if (answer.body.size() > request.max_answer) {
    return fail(Errc::invalid, "the answer of {} is longer than {} bytes", request.to.shown(), request.max_answer);
  }
  return response_of(answer);
}

Result<net::Response> InProcess::probe(const net::Request& request) const {
  const auto& url = request.to.base_url;
  int port = 0;
  const auto text = std::string_view(url).substr(url.rfind(':') + 1);
  std::from_chars(text.data(), text.data() + text.size(), port);
  const auto set = health_status.find(port);
  const int status = set != health_status.end() ? set->second : 200;
  if (status == 0) {
    return fail(Errc::unreachable, "cannot connect to {}: connection refused", url);
  }
  return net::Response{.status = status, .headers = {}, .body = "{}"};
}

FakeMachine::FakeMachine(sandbox::KongMode mode, int instances)
    : docker(clock, sandbox::model_workloads(behaviour), docker_options()),
      kong({.mode = mode, .resolve = [this](std::string_view host) { return resolve(host); }}, clock),
      http(docker, kong),
      engine(http, {.base_url = "http://localhost", .unix_socket = k_socket}, std::nullopt, std::chrono::seconds(10)),
      admin(http, clock, {.base_url = k_kong_url}, std::chrono::seconds(10)) {
  must(kong.load(k_configuration).has_value(), "configure Kong");
  for (int number = 1; number <= instances; ++number) {
    compose_up(number);
    add_target(number);
  }
  clock.forward(std::chrono::minutes(10));
  http.changes.clear();
  http.sent = 0;
}

std::optional<std::string> FakeMachine::resolve(std::string_view host) {
  if (!kong_resolves_names) {
    return std::nullopt;
  }
  if (const auto cached = kong_dns_cache.find(host); cached != kong_dns_cache.end()) {
    return cached->second;
  }
  const auto inspection = json::parse(docker.answer({.target = fmt::format("/containers/{}/json", host)}).body);
  return (*inspection)["NetworkSettings"]["Networks"]["shop_net"]["IPAddress"].text_or("");
}

fleet::World FakeMachine::world() {
  return {engine, admin, http, clock, "127.0.0.1", [this](std::string_view step) { steps.emplace_back(step); }};
}

fleet::Deployment FakeMachine::deployment() {
  return {.prefix = "shop", .upstream = "shop", .addressing = fleet::Addressing::host, .health_path = "/health"};
}

control::Settings FakeMachine::settings() {
  control::Settings settings;
  settings.deployment = deployment();
  settings.service = "shop";
  return settings;
}

void FakeMachine::compose_up(int number, const std::string& image) {
  const auto body = fmt::format(
      R"({{"Image":"{2}","Env":["PORT=3020","INSTANCE_ID=shop-{0}","MONGO_URL=mongodb://planted-secret@db"],)"
      R"("Labels":{{"com.docker.compose.service":"shop-{0}","com.docker.compose.container-number":"1"}},)"
      R"("ExposedPorts":{{"3020/tcp":{{}}}},"HostConfig":{{"PortBindings":{{"3020/tcp":[{{"HostIp":"127.0.0.1",)"
      R"("HostPort":"{1}"}}]}},"RestartPolicy":{{"Name":"unless-stopped"}},"NetworkMode":"shop_net"}},)"
      R"("NetworkingConfig":{{"EndpointsConfig":{{"shop_net":{{"Aliases":["shop-{0}"]}}}}}}}})",
      number, 3019 + number, image);
  const auto made = docker.answer({.method = "POST",
                                   .target = fmt::format("/containers/create?name=shop-{}", number),
                                   .headers = {{"Content-Type", "application/json"}},
                                   .body = body});
  must(made.status == 201, "create a container: " + made.body);
  const auto started = docker.answer({.method = "POST", .target = fmt::format("/containers/shop-{}/start", number)});
  must(started.status == 204, "start a container: " + started.body);
}

void FakeMachine::add_target(int number) {
  const auto added =
      admin.change_targets("shop", {deployment().to_add(fmt::format("127.0.0.1:{}", 3019 + number), 100)});
  must(added.has_value(), "add a target");
}

void FakeMachine::give_up(const std::vector<std::string>& addresses) {
  const auto ask = [this](std::string method, std::string target, std::string body) {
    const auto answer = kong.answer({.method = std::move(method),
                                     .target = std::move(target),
                                     .headers = {{"Content-Type", "application/json"}},
                                     .body = std::move(body)});
    if (answer.status >= 300) {
      throw std::runtime_error(fmt::format("the stand-in of Kong: {} {}", answer.status, answer.body));
    }
  };
  ask("PATCH", "/upstreams/shop", R"({"healthchecks":{"passive":{"unhealthy":{"http_failures":3}}}})");
  for (const auto& address : addresses) {
    ask("PUT", "/upstreams/shop/targets/" + address + "/unhealthy", "");
  }
}

std::vector<std::string> FakeMachine::running() {
  std::vector<std::string> names;
  for (const auto& line : containers()) {
    if (line.ends_with(" running")) {
      names.push_back(line.substr(0, line.find(' ')));
    }
  }
  return names;
}

std::vector<std::string> FakeMachine::containers() {
  const auto list = json::parse(docker.answer({.target = "/containers/json?all=true"}).body);
  std::vector<std::string> lines;
  for (const auto& container : list->items()) {
    const auto name = container["Names"].items().front().text_or("/");
    lines.push_back(name.substr(1) + ' ' + container["State"].text_or(""));
  }
  std::ranges::sort(lines);
  return lines;
}

std::vector<std::string> FakeMachine::targets() {
  const auto list = json::parse(kong.answer({.target = "/upstreams/shop/targets?size=1000"}).body);
  std::vector<std::string> lines;
  for (const auto& target : (*list)["data"].items()) {
    lines.push_back(fmt::format("{} {}", target["target"].text_or(""), target["weight"].as_int().value_or(-1)));
  }
  std::ranges::sort(lines);
  return lines;
}

std::string FakeMachine::configuration_without_targets() {
  const auto answer = json::parse(kong.answer({.target = "/config"}).body);
  std::string kept;
  bool in_targets = false;
  const auto text = (*answer)["config"].text_or("");
  for (std::string_view rest = text; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!line.empty() && line.front() != ' ' && line.front() != '-') {
      in_targets = line == "targets:";
    }
    if (!in_targets && line.find("_at: ") == std::string_view::npos) {
      kept += std::string(line) + '\n';
    }
  }
  return kept;
}

}  // namespace kscale::fakes

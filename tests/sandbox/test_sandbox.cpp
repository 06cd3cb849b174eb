#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "libscale/net/curl_transport.hpp"
#include "libscale/net/http.hpp"
#include "libscale/net/json.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/sandbox/machine.hpp"

namespace kscale::sandbox {

namespace {

using namespace std::chrono_literals;
using json::Value;
using net::Method;

/// A machine of three instances on ports that are free, and a client of its APIs.
struct Site {
  explicit Site(MachineOptions options = {}) : machine(started(std::move(options), directory.path().string())) {}

  static std::unique_ptr<Machine> started(MachineOptions options, const std::string& directory) {
    options.directory = directory;
    // The ports of the host are given before anything listens on them, so a free row of them has to be tried for.
    for (int attempt = 0; attempt < 20; ++attempt) {
      options.setup.host_port_base = static_cast<std::uint16_t>(21'000 + (::getpid() * 37 + attempt * 50) % 9'000);
      if (auto machine = Machine::start(options)) {
        return std::move(*machine);
      }
    }
    throw std::runtime_error("no three ports in a row are free");
  }

  net::Response call(const std::string& url, Method method, const std::string& path, const std::string& body = {}) {
    net::Request request;
    request.to.base_url = url;
    if (url.starts_with("unix://")) {
      request.to.unix_socket = url.substr(7);
      request.to.base_url = "http://docker";
    }
    request.method = method;
    request.path = path;
    request.body = body;
    if (!body.empty()) {
      request.headers.emplace_back("Content-Type", "application/json");
    }
    auto response = transport.send(request);
    INFO(path);
    REQUIRE(response);
    return std::move(*response);
  }

  net::Response docker(Method method, const std::string& path, const std::string& body = {}) {
    return call(machine->docker_host(), method, path, body);
  }
  net::Response kong(Method method, const std::string& path, const std::string& body = {}) {
    return call(machine->kong_url(), method, path, body);
  }
  net::Response shop() { return call(machine->proxy_url(), Method::get, "/street-noshery/customer"); }

  double cpu_seconds(const std::string& name) {
    const auto answer = docker(Method::get, "/v1.41/containers/" + name + "/stats?stream=false&one-shot=true");
    const auto stats = json::parse(answer.body);
    REQUIRE(stats);
    return (*stats)["cpu_stats"]["cpu_usage"]["total_usage"].as_number().value_or(-1) / 1e9;
  }

  /// Waits until the load has ended, at most five seconds.
  LoadReport report_at_end() const {
    for (int i = 0; i < 500 && machine->report().running; ++i) {
      std::this_thread::sleep_for(10ms);
    }
    return machine->report();
  }

  fakes::TempDir directory;
  net::CurlTransport transport;
  std::unique_ptr<Machine> machine;
};

LoadShape shape(const char* text) {
  return parse_shape(text).value();
}

std::string text(std::optional<std::string_view> value) {
  return std::string(value.value_or(""));
}

}  // namespace

TEST_CASE("requests go through the proxy to each instance in turn") {
  Site site;
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) {
    seen.insert(text(site.shop().header("x-backend")));
  }
  CHECK(seen == std::set<std::string>{"backend-1", "backend-2", "backend-3"});
  const auto answer = site.shop();
  CHECK(answer.body.starts_with(R"({"instance":"backend-)"));
  CHECK(text(answer.header("Via")) == "kong/3.4.2");
  CHECK(answer.header("X-Kong-Upstream-Latency"));
  CHECK(answer.header("X-Kong-Proxy-Latency"));
  CHECK(site.call(site.machine->proxy_url(), Method::get, "/nowhere").status == 404);
}

TEST_CASE("no request fails while an instance is added and another one drained") {
  MachineOptions options;
  options.capacity = 300;
  Site site(options);
  site.machine->start_load(shape("150:2"));

  auto body = Value(container_body({.host_port_base = 0}, 4));
  const auto first = json::parse(site.docker(Method::get, "/containers/street-noshery-backend-1/json").body).value();
  const auto port = first["NetworkSettings"]["Ports"]["3020/tcp"].items().front()["HostPort"].text_or("0");
  body.at("HostConfig")
      .at("PortBindings")
      .at("3020/tcp")
      .elements()
      .front()
      .set("HostPort", std::to_string(std::stoi(port) + 3));
  REQUIRE(site.docker(Method::post, "/containers/create?name=street-noshery-backend-4", json::dump(body)).status ==
          201);
  REQUIRE(site.docker(Method::post, "/containers/street-noshery-backend-4/start").status == 204);
  const std::string targets = "/upstreams/street-noshery-upstream/targets";
  REQUIRE(site.kong(Method::post, targets, R"({"target":"street-noshery-backend-4:3020","weight":100})").status == 201);
  std::this_thread::sleep_for(500ms);

  const auto target = targets + "/street-noshery-backend-3:3020";
  REQUIRE(site.kong(Method::patch, target, R"({"weight":0})").status == 200);
  std::this_thread::sleep_for(200ms);
  REQUIRE(site.kong(Method::del, target).status == 204);
  REQUIRE(site.docker(Method::post, "/containers/street-noshery-backend-3/stop?t=5").status == 204);

  const auto report = site.report_at_end();
  CHECK(report.sent == 300);
  CHECK(report.answered == 300);
  CHECK(report.failed() == 0);
  CHECK(report.by_status.size() == 1);
  CHECK(report.by_backend.size() == 4);
  const auto stopped = json::parse(site.docker(Method::get, "/containers/street-noshery-backend-3/json").body).value();
  CHECK(stopped["State"]["Status"].text_or("") == "exited");
  CHECK(stopped["State"]["ExitCode"].as_int() == 0);
}

TEST_CASE("an instance that is stopped without warning hides behind Kong's retries") {
  Site site;
  site.docker(Method::post, "/containers/street-noshery-backend-2/kill");
  for (int i = 0; i < 6; ++i) {
    CHECK(site.shop().status == 200);
  }
}

TEST_CASE("stats rise with the load, and Kong counts it") {
  MachineOptions options;
  options.capacity = 100;
  Site site(options);
  const auto before = site.cpu_seconds("street-noshery-backend-1");
  site.machine->start_load(shape("150:1"));
  const auto report = site.report_at_end();
  CHECK(report.failed() == 0);
  // 50 of its 100 requests per second, for a second.
  CHECK(site.cpu_seconds("street-noshery-backend-1") - before == Approx(0.5).margin(0.02));
  const auto metrics = site.kong(Method::get, "/metrics").body;
  CHECK(metrics.find("kong_http_requests_total{") != std::string::npos);
  CHECK(metrics.find("kong_upstream_latency_ms_bucket{") != std::string::npos);
}

TEST_CASE("an overload shows in latency, then in refusals") {
  MachineOptions options;
  options.capacity = 20;
  Site site(options);
  site.machine->start_load(shape("90:1"));
  const auto report = site.report_at_end();
  CHECK(report.failed() == 0);
  CHECK(report.latency(0.95)->count() > 250);
  CHECK(report.latency(0)->count() < 100);
}

TEST_CASE("an instance that starts up refuses connections until it is up") {
  MachineOptions options;
  options.start_up = 300ms;
  options.setup.instances = 1;
  Site site(options);
  REQUIRE(site.shop().status == 200);
  site.docker(Method::post, "/containers/street-noshery-backend-1/restart");
  CHECK(site.shop().status == 502);
  std::this_thread::sleep_for(500ms);
  CHECK(site.shop().status == 200);
}

TEST_CASE("an instance finishes what is in flight when it is stopped, an impolite one drops it") {
  for (const bool impolite : {false, true}) {
    MachineOptions options;
    options.impolite = impolite;
    options.setup.instances = 1;
    options.load.path = "/street-noshery/slow?ms=400";
    Site site(options);
    site.machine->start_load(shape("20:0.1"));
    std::this_thread::sleep_for(200ms);
    site.docker(Method::post, "/containers/street-noshery-backend-1/stop");
    const auto report = site.report_at_end();
    CHECK(report.sent >= 2);
    CHECK((report.failed() == 0) != impolite);
  }
}

TEST_CASE("one of so many requests of a load is a slow one") {
  MachineOptions options;
  options.load.slow_path = "/street-noshery/slow?ms=1000";
  options.load.slow_every = 10;
  Site site(options);
  site.machine->start_load(shape("100:0.3"));
  const auto report = site.report_at_end();
  CHECK(report.sent == 30);
  CHECK(report.failed() == 0);
  CHECK(std::ranges::count_if(report.latencies_ms, [](float latency) { return latency >= 1000; }) == 3);
}

TEST_CASE("the control port starts a load and tells what it came to") {
  Site site;
  const auto control = site.machine->control_url();
  CHECK(site.call(control, Method::post, "/load", "nonsense").status == 400);
  CHECK(site.call(control, Method::post, "/load", "100:0.2").status == 200);
  site.report_at_end();
  const auto report = json::parse(site.call(control, Method::get, "/report").body).value();
  CHECK(report["sent"].as_int() == 20);
  CHECK(report["failed"].as_int() == 0);
  CHECK(site.call(control, Method::post, "/restart-kong").status == 200);
  CHECK(site.call(control, Method::post, "/exit?street-noshery-backend-1").status == 200);
  CHECK(site.call(control, Method::post, "/exit?nobody").status == 404);
}

TEST_CASE("the machine goes within a second, whatever is under way") {
  MachineOptions options;
  options.load.path = "/street-noshery/slow?ms=5000";
  auto site = std::make_unique<Site>(options);
  site->machine->start_load(shape("50:5"));
  std::this_thread::sleep_for(200ms);
  const auto began = std::chrono::steady_clock::now();
  site.reset();
  CHECK(std::chrono::steady_clock::now() - began < 1s);
}

}  // namespace kscale::sandbox

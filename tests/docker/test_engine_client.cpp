#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/base/environment.hpp"
#include "libscale/docker/endpoint.hpp"
#include "libscale/docker/engine.hpp"
#include "libscale/net/curl_transport.hpp"

using namespace kscale;
using namespace std::chrono_literals;

namespace {

const std::string k_prefix = "kscale-test-client";

std::string name_of(int number) {
  return k_prefix + "-" + std::to_string(number);
}

json::Value body(const std::string& image = "kscale-test-app:latest") {
  auto environment = json::Value::array();
  environment.push_back("INSTANCE_ID=client");
  return json::Value::Object{
      {"Image", image}, {"Env", environment}, {"Labels", json::Value::Object{{"kscale.test", "client"}}}};
}

/// The engine that DOCKER_HOST names. Takes away what earlier runs left, and what this one leaves.
class RealEngine {
 public:
  static std::optional<net::Endpoint> endpoint() {
    if (std::getenv("DOCKER_HOST") == nullptr) {
      return std::nullopt;
    }
    const auto found = docker::resolve_endpoint(process_environment(), {});
    return found ? std::optional(*found) : std::nullopt;
  }

  explicit RealEngine(const net::Endpoint& endpoint) : engine(http, endpoint, std::nullopt, 20s) { clear(); }
  RealEngine(const RealEngine&) = delete;
  RealEngine& operator=(const RealEngine&) = delete;
  ~RealEngine() { clear(); }

  std::string make(int number) {
    const auto ids = engine.create({{name_of(number), body()}});
    REQUIRE(ids.at(0));
    return *ids[0];
  }

  Result<std::optional<docker::Stats>> stats(const std::string& id) {
    return engine.read_stats(http.send(engine.stats_request(id)));
  }

  net::Response ask(net::Method method, const std::string& path, const std::string& text = "") {
    net::Request request;
    request.to = engine.endpoint();
    request.method = method;
    request.path = path;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = text;
    return http.send(request).value_or(net::Response{});
  }

  net::CurlTransport http;
  docker::Engine engine;

 private:
  void clear() {
    const auto left = engine.find(k_prefix);
    for (const auto& container : left.value_or(std::vector<docker::Container>{})) {
      static_cast<void>(
          engine.remove({container.id}, docker::AnonymousVolumes::remove, net::Urgency::to_the_end).front());
    }
    ask(net::Method::del, "/networks/" + k_prefix);
  }
};

/// Says why a case does not run, in the words that ctest counts as skipped.
std::optional<net::Endpoint> endpoint_or_word() {
  auto endpoint = RealEngine::endpoint();
  if (!endpoint) {
    std::cout << "skipped: DOCKER_HOST names no engine\n";
  }
  return endpoint;
}

}  // namespace

TEST_CASE("the client agrees with a real engine on a version, and knows its memory") {
  const auto endpoint = endpoint_or_word();
  if (!endpoint) {
    return;
  }
  RealEngine real(*endpoint);
  REQUIRE(real.engine.connect());
  const auto info = real.engine.info();
  REQUIRE(info);
  CHECK(info->host_memory.has_value());
}

TEST_CASE("a container's life on a real engine") {
  const auto endpoint = endpoint_or_word();
  if (!endpoint) {
    return;
  }
  RealEngine real(*endpoint);
  auto& engine = real.engine;
  const auto id = real.make(1);
  CHECK(engine.inspect(id)->state == docker::State::created);
  REQUIRE(engine.start({id}).front());
  CHECK(engine.start({id}).front());  // it runs already

  const auto found = engine.find(k_prefix);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().id == id);
  CHECK(found->front().name == name_of(1));
  CHECK(found->front().is_running());
  CHECK(found->front().started_at.has_value());
  CHECK(found->front().labels.at("kscale.test") == "client");

  const auto stats = real.stats(id);
  REQUIRE(stats);
  REQUIRE(*stats);
  CHECK((*stats)->memory.has_value());

  // What it writes takes a moment to reach the log.
  std::string log;
  for (int tries = 0; tries < 100 && log.empty(); ++tries) {
    log = engine.log_tail(id, 1).value_or("");
    std::this_thread::sleep_for(20ms);
  }
  CHECK(log == "listening on port 3020 as client\n");

  REQUIRE(engine.stop({id}, 5s).front());
  CHECK(engine.stop({id}, 5s).front());  // it is stopped already
  const auto stopped = engine.inspect(id);
  REQUIRE(stopped);
  CHECK(stopped->state == docker::State::exited);
  CHECK(stopped->exit_code == 0);
  CHECK_FALSE(real.stats(id)->has_value());

  CHECK(engine.remove({id}, docker::AnonymousVolumes::remove, net::Urgency::interruptible).front());
  CHECK(engine.remove({id}, docker::AnonymousVolumes::remove, net::Urgency::interruptible).front());
  CHECK(engine.inspect(id).error().code == Errc::not_found);
}

TEST_CASE("a real engine's refusals keep its words, each in its place") {
  const auto endpoint = endpoint_or_word();
  if (!endpoint) {
    return;
  }
  RealEngine real(*endpoint);
  real.make(1);
  const auto ids =
      real.engine.create({{name_of(1), body()}, {name_of(2), body()}, {name_of(3), body("no-such-image")}});
  REQUIRE(ids.size() == 3);
  CHECK(ids[0].error().code == Errc::conflict);
  CHECK_THAT(ids[0].error().what, Catch::Contains("is already in use by container"));
  CHECK(ids[1]);
  CHECK(ids[2].error().code == Errc::not_found);
  CHECK_THAT(ids[2].error().what, Catch::Contains("no-such-image"));
  CHECK(real.engine.image_id("no-such-image").error().code == Errc::not_found);
}

TEST_CASE("a container is in two networks of a real engine") {
  const auto endpoint = endpoint_or_word();
  if (!endpoint) {
    return;
  }
  RealEngine real(*endpoint);
  const auto made = real.ask(net::Method::post, "/networks/create", R"({"Name": ")" + k_prefix + R"("})");
  REQUIRE(made.status == 201);
  const auto id = real.make(1);
  REQUIRE(real.engine.connect_networks({{k_prefix, id, json::Value::object()}}).front());
  REQUIRE(real.engine.start({id}).front());
  const auto container = real.engine.inspect(id);
  REQUIRE(container);
  REQUIRE(container->networks.size() == 2);
  for (const auto& attachment : container->networks) {
    CHECK_FALSE(attachment.ip.empty());
  }
  CHECK(real.engine.connect_networks({{"no-such-network", id, json::Value::object()}}).front().error().code ==
        Errc::not_found);
}

TEST_CASE("a real engine's log is read from a nanosecond on, of a terminal as well") {
  const auto endpoint = endpoint_or_word();
  if (!endpoint) {
    return;
  }
  RealEngine real(*endpoint);
  for (const bool has_terminal : {false, true}) {
    auto terminal = body();
    terminal.set("Tty", has_terminal);
    const auto id = real.engine.create({{name_of(has_terminal ? 2 : 1), terminal}}).front().value();
    REQUIRE(real.engine.start({id}).front());
    std::vector<docker::LogLine> lines;
    for (int tries = 0; tries < 100 && lines.empty(); ++tries) {
      lines = real.engine.logs(id, {.tail = 1}).value_or(std::vector<docker::LogLine>{});
      std::this_thread::sleep_for(20ms);
    }
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().text == "listening on port 3020 as client");
    CHECK(real.engine.logs(id, {.since = lines.front().at}) == lines);
    CHECK(real.engine.logs(id, {.since = lines.front().at + 1ns})->empty());
  }
}

TEST_CASE("containers of a real engine are renamed, and found by a label") {
  const auto endpoint = endpoint_or_word();
  if (!endpoint) {
    return;
  }
  RealEngine real(*endpoint);
  const auto id = real.make(1);
  real.make(2);
  CHECK(real.engine.labelled("kscale.test", "client")->size() == 2);
  CHECK(real.engine.labelled("kscale.test", "clien")->empty());
  REQUIRE(real.engine.rename(id, name_of(3)));
  CHECK(real.engine.inspect(name_of(3))->id == id);
  CHECK(real.engine.rename(id, name_of(2)).error().code == Errc::conflict);
  CHECK(real.engine.rename(name_of(1), name_of(4)).error().code == Errc::not_found);
}

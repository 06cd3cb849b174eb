#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libscale/net/json.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/sandbox/kong/kong.hpp"

namespace kscale::sandbox {
namespace {

using namespace std::chrono_literals;
using json::Value;

constexpr std::string_view k_shop = R"(_format_version: "3.0"
upstreams:
- name: shop
  targets:
  - target: 10.0.0.1:80
    weight: 50
  - target: 10.0.0.2:80
    weight: 10
services:
- name: shop
  host: shop
  routes:
  - name: shop
    paths:
    - /shop
plugins:
- name: prometheus
  config:
    status_code_metrics: true
    latency_metrics: true
    bandwidth_metrics: true
    upstream_health_metrics: true
)";

Answer ask(Kong& kong, std::string method, std::string target, const Value& body = {}) {
  Question question{.method = std::move(method), .target = std::move(target), .headers = {}, .body = ""};
  if (!body.is_null()) {
    question.headers.emplace_back("Content-Type", "application/json");
    question.body = json::dump(body);
  }
  return kong.answer(question);
}

Value body_of(const Answer& answer) {
  auto body = json::parse(answer.body);
  REQUIRE(body);
  return *body;
}

Value object(Value::Object members) {
  return {std::move(members)};
}

std::string picked(Kong& kong, std::string_view path = "/shop/cart") {
  const auto peer = kong.pick(path);
  return peer ? peer->target : fmt::format("{}", peer.error().status);
}

std::string config_of(Kong& kong) {
  return body_of(ask(kong, "GET", "/config"))["config"].text_or("");
}

/// The text with the times of change, which every load renews, cut out.
std::string without_updates(const std::string& text) {
  std::string kept;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto line = text.substr(at, text.find('\n', at) - at + 1);
    at += line.size();
    kept += line.find("updated_at:") == std::string::npos ? line : "";
  }
  return kept;
}

int occurrences(const std::string& text, std::string_view word) {
  int count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("turns are taken by weight, and smoothly") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::dbless}, clock);
  REQUIRE(kong.load(k_shop));
  std::string order;
  for (int i = 0; i < 12; ++i) {
    order += picked(kong) == "10.0.0.1:80" ? "1" : "2";
  }
  CHECK(order == "112111112111");
}

TEST_CASE("a target of weight 0 is never picked, and none is left when all have it") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::database}, clock);
  REQUIRE(kong.load(k_shop));
  ask(kong, "PATCH", "/upstreams/shop/targets/10.0.0.1:80", object({{"weight", 0}}));
  for (int i = 0; i < 10; ++i) {
    CHECK(picked(kong) == "10.0.0.2:80");
  }
  ask(kong, "PATCH", "/upstreams/shop/targets/10.0.0.2:80", object({{"weight", 0}}));
  CHECK(picked(kong) == "503");
  CHECK(kong.pick("/shop").error().body == "{\n  \"message\":\"failure to get a peer from the ring-balancer\"\n}");
}

TEST_CASE("a peer carries what the proxy needs") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::dbless}, clock);
  REQUIRE(kong.load(k_shop));
  const auto peer = kong.pick("/shop/cart?id=7");
  REQUIRE(peer);
  CHECK(peer->service == "shop");
  CHECK(peer->route == "shop");
  CHECK(peer->upstream == "shop");
  CHECK(peer->upstream_path == "/cart?id=7");
  CHECK(kong.pick("/shop")->upstream_path == "/");
  CHECK(picked(kong, "/other") == "404");
}

TEST_CASE("a write reaches the proxy after the propagation delay, the Admin API at once") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::database, .propagation = 60ms}, clock);
  REQUIRE(kong.load(k_shop));
  ask(kong, "DELETE", "/upstreams/shop/targets/10.0.0.1:80");
  CHECK(body_of(ask(kong, "GET", "/upstreams/shop/targets"))["data"].items().size() == 1);
  clock.forward(59ms);
  CHECK(picked(kong) == "10.0.0.1:80");
  clock.forward(1ms);
  CHECK(picked(kong) == "10.0.0.2:80");
  CHECK(picked(kong) == "10.0.0.2:80");
}

TEST_CASE("a restart without a database goes back to the file, with a database it forgets nothing") {
  fakes::HandClock clock;
  Kong dbless({.mode = KongMode::dbless}, clock);
  REQUIRE(dbless.load(k_shop));
  const auto first = without_updates(config_of(dbless));
  const auto posted =
      ask(dbless, "POST", "/config", object({{"config", "_format_version: '3.0'\nupstreams:\n- name: x\n"}}));
  CHECK(posted.status == 201);
  CHECK(ask(dbless, "GET", "/upstreams/shop").status == 404);
  dbless.restart();
  CHECK(ask(dbless, "GET", "/upstreams/x").status == 404);
  CHECK(without_updates(config_of(dbless)) == first);

  Kong database({.mode = KongMode::database}, clock);
  REQUIRE(database.load(k_shop));
  ask(database, "POST", "/upstreams/shop/targets", object({{"target", "10.0.0.3"}}));
  database.restart();
  CHECK(ask(database, "GET", "/upstreams/shop/targets/10.0.0.3:8000").status == 200);
}

TEST_CASE("requests are counted as the Prometheus plugin counts them") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::dbless}, clock);
  REQUIRE(kong.load(k_shop));
  const auto peer = kong.pick("/shop");
  REQUIRE(peer);
  kong.record(*peer, 200, "service", 40ms, 30ms, 100, 1000);
  kong.record(*peer, 200, "service", 90ms, 20ms, 100, 1000);
  kong.record(*peer, 502, "kong", 3ms, 1ms, 50, 60);
  const auto text = ask(kong, "GET", "/metrics").body;
  const auto has = [&](const std::string& line) { return text.find("\n" + line + "\n") != std::string::npos; };
  const std::string shop = R"(service="shop",route="shop")";
  CHECK(has("kong_http_requests_total{" + shop + R"(,code="200",source="service",consumer=""} 2)"));
  CHECK(has("kong_http_requests_total{" + shop + R"(,code="502",source="kong",consumer=""} 1)"));
  CHECK(has("kong_bandwidth_bytes{" + shop + R"(,direction="egress",consumer=""} 2060)"));
  CHECK(has("kong_bandwidth_bytes{" + shop + R"(,direction="ingress",consumer=""} 250)"));
  CHECK(has("kong_request_latency_ms_sum{" + shop + "} 133"));
  CHECK(has("kong_request_latency_ms_count{" + shop + "} 3"));
  CHECK(has("kong_request_latency_ms_bucket{" + shop + R"(,le="25"} 1)"));
  CHECK(has("kong_request_latency_ms_bucket{" + shop + R"(,le="50"} 2)"));
  CHECK(has("kong_request_latency_ms_bucket{" + shop + R"(,le="80"} 2)"));
  CHECK(has("kong_request_latency_ms_bucket{" + shop + R"(,le="100"} 3)"));
  CHECK(has("kong_request_latency_ms_bucket{" + shop + R"(,le="+Inf"} 3)"));
  CHECK(has("kong_upstream_latency_ms_sum{" + shop + "} 51"));
  CHECK(has("kong_kong_latency_ms_sum{" + shop + "} 82"));

  kong.restart();
  CHECK(ask(kong, "GET", "/metrics").body.find("kong_http_requests_total") == std::string::npos);
}

TEST_CASE("a bucket below every value seen is not shown") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::dbless}, clock);
  REQUIRE(kong.load(k_shop));
  kong.record(*kong.pick("/shop"), 200, "service", 300ms, 300ms, 1, 1);
  const auto text = ask(kong, "GET", "/metrics").body;
  CHECK(text.find(R"(kong_request_latency_ms_bucket{service="shop",route="shop",le="250"})") == std::string::npos);
  CHECK(text.find(R"(kong_request_latency_ms_bucket{service="shop",route="shop",le="400"} 1)") != std::string::npos);
}

TEST_CASE("a family is there only if its flag is on") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::dbless, .latency_metrics = false, .upstream_health_metrics = false}, clock);
  REQUIRE(kong.load(k_shop));
  kong.record(*kong.pick("/shop"), 200, "service", 3ms, 2ms, 1, 1);
  const auto text = ask(kong, "GET", "/metrics").body;
  CHECK(text.find("kong_http_requests_total") != std::string::npos);
  CHECK(text.find("latency_ms") == std::string::npos);
  CHECK(text.find("kong_upstream_target_health") == std::string::npos);
}

TEST_CASE("what GET /config gives can be posted back, with edits, and nothing else is lost") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::dbless}, clock);
  REQUIRE(kong.load(R"(_format_version: "3.0"
upstreams:
- name: shop
  tags: [a, "b: c"]
  targets:
  - target: 10.0.0.1:80
    tags: [slots]
services:
- name: shop
  url: https://shop/api
  routes:
  - name: shop
    paths: [/shop]
    headers:
      x-kind: [beta]
    plugins:
    - name: rate-limiting
      config:
        minute: 5
        policy: local
        note: "3.0"
        script: "first\n  second\n"
        odd: "yes"
        empty: ""
        long: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
consumers:
- username: "123"
  keyauth_credentials:
  - key: "0755"
  basicauth_credentials:
  - username: bob
    password: "# secret"
)"));
  const auto text = config_of(kong);
  CHECK(text.find("note: '3.0'\n") != std::string::npos);
  CHECK(text.find("username: '123'\n") != std::string::npos);
  CHECK(text.find("odd: 'yes'\n") != std::string::npos);
  CHECK(text.find("    script: |\n      first\n        second\n") != std::string::npos);
  CHECK(text.find("  protocol: https\n") != std::string::npos);

  clock.forward(1h);
  const auto again = ask(kong, "POST", "/config", object({{"config", text}}));
  CHECK(again.status == 201);
  CHECK(without_updates(config_of(kong)) == without_updates(text));

  const auto upstream = body_of(ask(kong, "GET", "/upstreams/shop"))["id"].text_or("");
  const auto added = fmt::format("targets:\n- target: 10.0.0.9:80\n  upstream: {}\n  tags: [new]\n", upstream);
  auto edited = text;
  edited.replace(edited.find("targets:\n"), std::string("targets:\n").size(), added);
  edited.replace(edited.find("weight: 100"), std::string("weight: 100").size(), "weight: 7");
  CHECK(ask(kong, "POST", "/config", object({{"config", edited}})).status == 201);
  const auto kept = config_of(kong);
  CHECK(body_of(ask(kong, "GET", "/upstreams/shop/targets/10.0.0.1:80"))["weight"] == Value(7));
  CHECK(body_of(ask(kong, "GET", "/upstreams/shop/targets/10.0.0.9:80"))["weight"] == Value(100));
  CHECK(occurrences(kept, "\n") > occurrences(text, "\n"));
  CHECK(kept.find("password: '# secret'\n") != std::string::npos);

  edited.erase(edited.find(added) + std::string("targets:\n").size(), added.size() - std::string("targets:\n").size());
  CHECK(ask(kong, "POST", "/config", object({{"config", edited}})).status == 201);
  CHECK(ask(kong, "GET", "/upstreams/shop/targets/10.0.0.9:80").status == 404);
}

TEST_CASE("ids stay the same across loads") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::dbless}, clock);
  REQUIRE(kong.load(k_shop));
  const auto before = body_of(ask(kong, "GET", "/upstreams/shop/targets"));
  REQUIRE(kong.load(k_shop));
  CHECK(before == body_of(ask(kong, "GET", "/upstreams/shop/targets")));
}

TEST_CASE("a version that is a number is refused, and so is a reference to nothing") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::dbless}, clock);
  CHECK(kong.load("_format_version: 3.0\n").error().what ==
        "declarative config is invalid: {_format_version=\"expected a string\"}");
  CHECK(
      kong.load("_format_version: '3.0'\ntargets:\n- target: a:1\n  upstream: gone\n").error().what ==
      "declarative config is invalid: {targets={{upstream=\"invalid reference 'upstream: gone' (no such entity)\"}}}");
}

TEST_CASE("the data plane goes on while the database is down") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::database}, clock);
  REQUIRE(kong.load(k_shop));
  kong.set_database_reachable(false);
  CHECK(ask(kong, "PATCH", "/upstreams/shop/targets/10.0.0.1:80", object({{"weight", 0}})).status == 500);
  CHECK(ask(kong, "GET", "/metrics").status == 500);
  CHECK(body_of(ask(kong, "GET", "/status"))["database"]["reachable"] == Value(false));
  CHECK(picked(kong) == "10.0.0.1:80");
  kong.set_database_reachable(true);
  CHECK(body_of(ask(kong, "GET", "/upstreams/shop/targets/10.0.0.1:80"))["weight"] == Value(50));
}

TEST_CASE("a key is asked for where one is set, in any case of its header") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::database, .admin_token_header = "Kong-Admin-Token", .admin_token = "right"}, clock);
  CHECK(ask(kong, "GET", "/status").status == 401);
  const auto with = [&](std::string key) {
    return kong.answer({.method = "GET", .target = "/status", .headers = {{"kong-admin-token", key}}, .body = ""});
  };
  CHECK(with("wrong").status == 401);
  CHECK(with("right").status == 200);
}

TEST_CASE("an unhealthy target is passed over until it is called healthy") {
  fakes::HandClock clock;
  Kong kong({.mode = KongMode::database}, clock);
  REQUIRE(kong.load(k_shop));
  const auto checks = object({{"passive", object({{"unhealthy", object({{"http_failures", 3}})}})}});
  ask(kong, "PATCH", "/upstreams/shop", object({{"healthchecks", checks}}));
  CHECK(ask(kong, "PUT", "/upstreams/shop/targets/10.0.0.1:80/unhealthy").status == 204);
  CHECK(picked(kong) == "10.0.0.2:80");
  CHECK(ask(kong, "PUT", "/upstreams/shop/targets/10.0.0.1:80/healthy").status == 204);
  CHECK(picked(kong) == "10.0.0.1:80");
}

}  // namespace kscale::sandbox

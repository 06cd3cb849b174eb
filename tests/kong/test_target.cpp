#include <catch2/catch.hpp>

#include "libscale/kong/target.hpp"
#include "tests/kong/recorded.hpp"

using namespace kscale;
using kong::parse_target;
using kong::parse_target_health;
using kong::Target;
using kong::TargetHealth;
using sandbox::recorded;
using Addresses = std::vector<TargetHealth::Address>;

namespace {

std::vector<Target> targets_in(const std::string& recording) {
  std::vector<Target> targets;
  for (const auto& entry : recorded(recording).body["data"].items()) {
    const auto target = parse_target(entry);
    REQUIRE(target.has_value());
    targets.push_back(*target);
  }
  return targets;
}

std::vector<TargetHealth> health_in(const std::string& recording) {
  std::vector<TargetHealth> all;
  for (const auto& entry : recorded(recording).body["data"].items()) {
    const auto health = parse_target_health(entry);
    REQUIRE(health.has_value());
    all.push_back(*health);
  }
  return all;
}

}  // namespace

TEST_CASE("recorded targets have an address and a weight") {
  CHECK(targets_in("dbless/08-targets") ==
        std::vector<Target>{{"127.0.0.1:19001", 100, {}}, {"127.0.0.1:19002", 100, {}}, {"127.0.0.1:19003", 100, {}}});
}

TEST_CASE("a target out of rotation is listed with weight 0") {
  const auto targets = targets_in("dbless/77-targets-weight-0");
  CHECK(std::ranges::count(targets, 0, &Target::weight) == 1);
}

TEST_CASE("a recorded target that was made with tags has them") {
  const auto target = parse_target(recorded("postgres/16-post-target-json").body);
  REQUIRE(target.has_value());
  CHECK(*target == Target{"127.0.0.1:19005", 10, {"slots"}});
}

TEST_CASE("what is no target is refused") {
  for (const auto* const text : {"{}", R"({"target":"a:1"})", R"({"weight":1})", R"({"target":1,"weight":1})", "[]"}) {
    CAPTURE(text);
    const auto target = parse_target(*json::parse(text));
    REQUIRE_FALSE(target.has_value());
    CHECK(target.error() == Error{Errc::invalid, "a target without target or weight"});
    CHECK_FALSE(parse_target_health(*json::parse(text)).has_value());
  }
}

TEST_CASE("recorded health tells the addresses behind a target") {
  const auto health = health_in("dbless/12-health");
  REQUIRE(health.size() == 3);
  CHECK(health[0].address == "127.0.0.1:19001");
  CHECK(health[0].weight == 100);
  CHECK(health[0].health == "HEALTHCHECKS_OFF");
  CHECK(health[0].resolved == Addresses{{"127.0.0.1", 19001}});
}

TEST_CASE("recorded health checks call one target unhealthy and another healthy") {
  const auto health = health_in("postgres/88-hc-health-after-unhealthy");
  REQUIRE(health.size() >= 2);
  CHECK(health[0].health == "UNHEALTHY");
  CHECK(health[1].health == "HEALTHY");
}

TEST_CASE("a target whose name cannot be resolved has no addresses, though Kong writes them as an object") {
  const auto health = health_in("postgres/120-target-unresolvable-health");
  REQUIRE(health.size() == 2);
  CHECK(health[0].address == "no-such-host.invalid:80");
  CHECK(health[0].health == "DNS_ERROR");
  CHECK(health[0].resolved.empty());
}

TEST_CASE("a target of an upstream only just made has no health yet") {
  const auto health = health_in("postgres/116-fresh-health-at-once");
  REQUIRE(health.size() == 1);
  CHECK(health[0].address == "127.0.0.1:19001");
  CHECK(health[0].health.empty());
  CHECK(health[0].resolved.empty());
}

TEST_CASE("a weight that Kong cannot have makes no target, rather than one out of rotation") {
  for (const auto* const weight : {"-1", "65536", "4294967296", "1.5", "1e3", "18446744073709551615"}) {
    CAPTURE(weight);
    const auto target = parse_target(*json::parse(fmt::format(R"({{"target":"a:1","weight":{}}})", weight)));
    REQUIRE_FALSE(target.has_value());
    CHECK(target.error() == Error{Errc::invalid, "a target without target or weight"});
  }
  CHECK(parse_target(*json::parse(R"({"target":"a:1","weight":65535})"))->weight == 65535);
}

TEST_CASE("a port that is none is not known") {
  const auto health = parse_target_health(*json::parse(
      R"({"target":"a:1","weight":1,"data":{"addresses":[{"ip":"a","port":4294967376},{"ip":"b","port":80}]}})"));
  REQUIRE(health.has_value());
  CHECK(health->resolved == Addresses{{"a", 0}, {"b", 80}});
}

#include <catch2/catch.hpp>

#include "tests/faults/fault.hpp"
#include "tests/faults/report.hpp"
#include "tests/faults/scene.hpp"

using namespace kscale::faults;
using kscale::sandbox::Question;
using Lines = std::vector<std::string>;

namespace {

const Question k_targets{.target = "/upstreams/shop/targets"};
const Question k_metrics{.target = "/metrics"};

Spoiled spoiled_by(Kind kind, unsigned variant, const Question& question, const std::string& body) {
  return spoiled({kind, variant}, question, {.body = body}, false);
}

std::string body_of(const Spoiled& answer) {
  return answer.bytes.substr(answer.bytes.find("\r\n\r\n") + 4);
}

Scene two_that_serve() {
  Scene scene;
  scene.containers = {{"127.0.0.1:1", {"shop-1", "running", false}}, {"127.0.0.1:2", {"shop-2", "running", true}}};
  scene.weights = {{"127.0.0.1:1", 100}, {"127.0.0.1:2", 100}};
  return scene;
}

Ended ended(int status, std::string out, std::string err) {
  return {.status = status, .out = std::move(out), .err = std::move(err)};
}

}  // namespace

TEST_CASE("each kind of fault has a name of its own") {
  for (const auto kind : all_kinds()) {
    CHECK(kind_named(name_of(kind)) == kind);
  }
  CHECK_FALSE(kind_named("no such"));
}

TEST_CASE("a spoiled answer is wrong in the way of its kind") {
  CHECK(body_of(spoiled_by(Kind::half, 0, k_targets, R"({"data":[]})")) == R"({"dat)");
  CHECK(spoiled_by(Kind::reset, 9, k_targets, "{}").bytes == "HTTP/1.1 ");
  CHECK(spoiled_by(Kind::length, 0, k_targets, "12345678").bytes.find("Content-Length: 4\r\n") != std::string::npos);
  CHECK(spoiled_by(Kind::status_429, 0, k_targets, "").bytes.find("Retry-After: 1\r\n") != std::string::npos);
  CHECK(body_of(spoiled_by(Kind::shape, 3, k_targets, "{}")) == "42");
  CHECK(body_of(spoiled_by(Kind::duplicate, 0, k_targets, R"({"data":[1,2]})")) == R"({"data":[1,2,1,2]})");
  CHECK(body_of(spoiled_by(Kind::duplicate, 0, k_metrics, "# HELP a\na 1\n")) == "# HELP a\na 1\na 1\n");
  CHECK(body_of(spoiled_by(Kind::number, 0, k_metrics, "a{b=\"1\"} 1\n")) == "a{b=\"1\"} NaN\n");
  const Question stats{.target = "/containers/x/stats?stream=false"};
  CHECK(body_of(spoiled_by(Kind::number, 1, stats, R"({"cpu1":12.5e3,"t":"12"})")) == R"({"cpu1":1e308,"t":"12"})");
  CHECK_FALSE(applies(Kind::number, k_targets));
}

TEST_CASE("a moment is wrong when too few serve, too many run, or something dead is in rotation") {
  const auto before = two_that_serve();
  CHECK(wrong_now(before, before, {2, 2}).empty());
  CHECK(wrong_now(before, before, {3, 1}) == Lines{"2 serve, fewer than 3", "2 run, more than 1"});
  auto now = before;
  now.containers["127.0.0.1:2"].state = "exited";
  CHECK(wrong_now(before, now, {1, 2}) == Lines{"127.0.0.1:2 is in rotation, and nothing runs there"});
  CHECK(wrong_now(now, now, {1, 2}).empty());
}

TEST_CASE("nothing is at rest while something is left to be mended") {
  CHECK(unrest(two_that_serve()).empty());
  auto scene = two_that_serve();
  scene.containers["127.0.0.1:2"].state = "created";
  scene.weights["127.0.0.1:1"] = 0;
  scene.containers["shop-1.kscale-old"] = {"shop-1.kscale-old", "exited", false};
  CHECK(unrest(scene) == Lines{"shop-1 runs without a target", "shop-2 of ours is created", "shop-1.kscale-old is left",
                               "target 127.0.0.1:2 with weight 100 has no container"});
}

TEST_CASE("a failure is to be reported once, with the right exit status, and to say where it was") {
  const auto& operation = *operation_named("auto-up");
  const Lines hit{"3: 500 GET /x"};
  CHECK(wrong_report(operation, ended(0, "", ""), hit).empty());
  CHECK(wrong_report(operation, ended(1, "", "a: error: list containers: Docker: no\n"), hit).empty());
  CHECK(wrong_report(operation, ended(1, "", "a: error: list containers: Docker: no\n"), {}) ==
        Lines{"exit status 1, which is not that of no fault"});
  CHECK(wrong_report(operation, ended(3, "", "a: error: Docker: no\n"), hit) ==
        Lines{"exit status 3, which is not that of 3: 500 GET /x"});
  for (const auto* const late : {"3: stalled GET /x", "0: gone"}) {
    CHECK(wrong_report(operation, ended(3, "", "a: error: Docker: no\n"), {late}).empty());
    CHECK(wrong_report(operation, ended(1, "", "a: error: Docker: no\n"), {late}).size() == 1);
    CHECK(wrong_report(operation, ended(3, "", "a: error: Docker: no\n"), {"1: html GET /x", late}).empty());
  }
  CHECK(wrong_report(operation, ended(1, "", ""), hit) == Lines{"0 lines tell of an error, with exit status 1"});
  CHECK(wrong_report(operation, ended(0, "", "a: warning: b\na: warning: b\n"), hit) ==
        Lines{"told more often than it came to pass: a: warning: b"});
  CHECK(wrong_report(operation, ended(0, "", "a: warning: b\na: warning: b\n"), {"1: gone", "3: 500 GET /x"}).empty());
  CHECK(wrong_report(operation, ended(1, "", "a: error: it failed\n"), hit) ==
        Lines{"an error does not say where it was: a: error: it failed"});
  CHECK(wrong_report(operation, ended(139, "", ""), hit).size() == 2);
}

TEST_CASE("fewer instances are never decided on when a reading was spoiled") {
  const auto& operation = *operation_named("auto-down");
  const std::string down = "scale from=3 to=2 reason=\"\" cpu=1% memory=1% rate=1.0/s\n";
  CHECK(wrong_decisions(operation, ended(0, down, ""), {}).empty());
  CHECK(wrong_decisions(operation, ended(0, down, ""), {"4: half GET /metrics"}).size() == 1);
  CHECK(wrong_decisions(operation, ended(0, "scale from=3 to=2 cpu=unknown\n", ""), {}).size() == 1);
  CHECK(wrong_decisions(*operation_named("auto-hold"), ended(0, down, ""), {}).size() == 1);
}

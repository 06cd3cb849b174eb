#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/faults/report.hpp"

namespace kscale::faults {

namespace {

using Lines = std::vector<std::string>;

const std::string k_error = "kscale-auto: error: GET /metrics: no answer from http://127.0.0.1:8001 in 3s\n";
const std::string k_decision = "hold instances=4 reason=\"within bounds\"\n";
const Lines k_hit{"7: stalled GET /metrics"};

}  // namespace

TEST_CASE("a service may end with the status of the fault when its first check fails") {
  CHECK(wrong_report(*operation_named("auto-service"), {.status = 3, .err = k_error}, k_hit).empty());
}

TEST_CASE("a service may not end with the status of the fault after a check that succeeded") {
  CHECK(wrong_report(*operation_named("auto-service"), {.status = 3, .out = k_decision, .err = k_error}, k_hit) ==
        Lines{"exit status 3 after a check that succeeded"});
}

TEST_CASE("what is called for one action may decide first and fail then") {
  CHECK(wrong_report(*operation_named("auto-down"), {.status = 3, .out = k_decision, .err = k_error}, k_hit).empty());
}

TEST_CASE("the exit status of another fault is wrong") {
  CHECK(wrong_report(*operation_named("auto-down"), {.status = 1, .err = k_error}, k_hit) ==
        Lines{"exit status 1, which is not that of 7: stalled GET /metrics"});
}

}  // namespace kscale::faults

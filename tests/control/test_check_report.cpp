#include <catch2/catch.hpp>

#include "libscale/control/check_report.hpp"
#include "tests/fakes/golden.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using control::CheckReport;
using control::InstanceSample;
using control::json_of;
using control::line_of;
using control::Outcome;
using control::outcome_line_of;
using policy::Action;

namespace {

const WallTime k_time{std::chrono::milliseconds(1'795'514'400'999)};

/// A check that knows everything and did something.
CheckReport full_report() {
  CheckReport report;
  report.at = k_time;
  report.sample.instances = {{.number = 1,
                              .name = "shop-1",
                              .health = docker::Health::healthy,
                              .warming_up = false,
                              .uptime = 3600s,
                              .cpu = Percent{91.256},
                              .memory = Percent{40},
                              .memory_used = Bytes{33'554'432},
                              .received = BytesPerSecond{1024.5},
                              .sent = BytesPerSecond{0}},
                             {.number = 2, .name = "shop-2", .health = docker::Health::starting, .warming_up = true}};
  report.sample.request_rate = RequestsPerSecond{12.345};
  report.sample.error_rate = Percent{0.5};
  report.sample.response_time = Milliseconds{20.126};
  report.sample.response_time_p95 = Milliseconds{48};
  report.sample.host_cpu = Percent{30};
  report.sample.host_memory = Percent{55.5};
  report.sample.host_disk = Percent{70};
  report.problems = {"stats of shop-2: no answer"};
  report.sample.notice = "Kong does not measure service 'shop'";
  report.decision = {.action = Action::up, .from = 2, .to = 3, .reason = "cpu 91% > 80%", .cause = policy::Cause::cpu};
  report.drift = {"target 127.0.0.1:3029 has no container"};
  report.mended = {"target 127.0.0.1:3021 added"};
  report.outcome = Outcome{.reached = 3, .names = {"shop-3"}, .status = {}, .took = 1250ms};
  return report;
}

/// A check that could see nothing, and had nothing to do.
CheckReport empty_report() {
  CheckReport report;
  report.at = k_time;
  report.decision = {.action = Action::hold, .from = 0, .to = 0, .reason = "hold: load unknown"};
  return report;
}

}  // namespace

TEST_CASE("the line of a check tells what was decided, why, and on which figures") {
  auto report = full_report();
  CHECK(line_of(report) ==
        "2026-11-24T10:00:00Z scale from=2 to=3 reason=\"cpu 91% > 80%\" cpu=46% memory=20% rate=12.3/s response=20ms");
  report.dry_run = true;
  CHECK(line_of(report) ==
        "2026-11-24T10:00:00Z scale from=2 to=3 (dry run: nothing is changed) reason=\"cpu 91% > 80%\" cpu=46% "
        "memory=20% rate=12.3/s response=20ms");
}

TEST_CASE("the line of a check that saw nothing says unknown") {
  CHECK(line_of(empty_report()) ==
        "2026-11-24T10:00:00Z hold instances=0 reason=\"hold: load unknown\" cpu=unknown memory=unknown rate=unknown "
        "response=unknown");
}

TEST_CASE("the line of an outcome tells what was done, and how long it took") {
  auto report = full_report();
  CHECK(outcome_line_of(report) == "2026-11-24T10:00:00Z scaled to=3 added=shop-3 in 1.2s");
  report.decision = {.action = Action::repair_down, .from = 8, .to = 6, .reason = ""};
  report.outcome = Outcome{.reached = 6, .names = {"shop-8", "shop-7"}, .status = {}, .took = 30s};
  CHECK(outcome_line_of(report) == "2026-11-24T10:00:00Z scaled to=6 removed=shop-8,shop-7 in 30.0s");
  report.outcome = Outcome{.reached = 8, .names = {}, .status = fail(Errc::failed, "no"), .took = 10ms};
  CHECK(outcome_line_of(report) == "2026-11-24T10:00:00Z scaled to=8 removed=nothing in 0.0s");
  CHECK(outcome_line_of(empty_report()).empty());
}

TEST_CASE("the report for programs is as its golden file shows it") {
  CHECK(fakes::in_lines(json_of(full_report())) + '\n' == fakes::golden("check_report.json"));
}

TEST_CASE("the report for programs has the same fields when nothing is known, and they are null or empty") {
  const auto known = json_of(full_report());
  const auto unknown = json_of(empty_report());
  REQUIRE(unknown.members().size() == known.members().size());
  for (std::size_t i = 0; i < known.members().size(); ++i) {
    CHECK(unknown.members()[i].first == known.members()[i].first);
  }
  for (const auto* const key :
       {"cpu_percent", "memory_percent", "requests_per_second", "error_percent", "response_milliseconds",
        "response_p95_milliseconds", "host_cpu_percent", "host_memory_percent", "host_disk_percent", "outcome"}) {
    CAPTURE(key);
    CHECK(unknown.has(key));
    CHECK(unknown[key].is_null());
  }
  for (const auto* const key : {"instances", "drift", "mended", "problems"}) {
    CAPTURE(key);
    CHECK(unknown[key].is_array());
    CHECK(unknown[key].items().empty());
  }
}

TEST_CASE("every figure in the report for programs has its unit in its name") {
  const auto check = [](const json::Value& object, auto&& self) -> void {
    for (const auto& [key, value] : object.members()) {
      CAPTURE(key);
      if (value.as_number() && key != "number") {
        const auto ends = [&key = key](std::string_view unit) { return key.ends_with(unit); };
        CHECK((ends("_percent") || ends("_seconds") || ends("_milliseconds") || ends("_bytes") || ends("_per_second") ||
               ends("_instances")));
      }
      self(value, self);
      for (const auto& item : value.items()) {
        self(item, self);
      }
    }
  };
  check(json_of(full_report()), check);
}

TEST_CASE("a failed outcome keeps its words in the report for programs") {
  auto report = full_report();
  report.outcome = Outcome{.reached = 2, .names = {}, .status = fail(Errc::conflict, "port taken"), .took = 1ms};
  CHECK(json_of(report)["outcome"]["error"].text_or("") == "port taken");
}

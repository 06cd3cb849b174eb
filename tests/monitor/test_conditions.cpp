#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libscale/monitor/conditions.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using alert::Rule;
using operate::InstanceView;
using operate::Overview;
using operate::Verdict;

namespace {

InstanceView instance(int number) {
  return {.number = number,
          .name = fmt::format("shop-{}", number),
          .state = docker::State::running,
          .cpu = Percent{40},
          .memory = Percent{30},
          .serving = true};
}

/// Three of at most six instances run, and all is well.
Overview well() {
  Overview overview;
  overview.deployment = "shop";
  overview.kong.status = kong::NodeStatus{.configured = true};
  overview.instances = {instance(1), instance(2), instance(3)};
  overview.autoscaler.holder = "kscale-auto, pid 4711";
  overview.autoscaler.last = {.ago = 8s};
  overview.verdict = Verdict::healthy;
  overview.sample.request_rate = RequestsPerSecond{12};
  overview.sample.error_rate = Percent{0.5};
  overview.sample.response_time = Milliseconds{20};
  overview.drift = std::vector<std::string>{};
  return overview;
}

/// What is found, each on its line: `severity rule subject: summary`, `unknown rule subject` or `idle rule`.
std::string found(const Overview& overview, const control::Settings& settings = {}) {
  const auto findings = monitor::find(overview, settings);
  std::string text;
  for (const auto& finding : findings.present) {
    text += fmt::format("{} {} {}: {}\n", name_of(finding.severity), info(finding.rule).name,
                        finding.subject.empty() ? "-" : finding.subject, finding.summary);
  }
  for (const auto& [rule, subject] : findings.unknown) {
    text += fmt::format("unknown {} {}\n", info(rule).name, subject.empty() ? "-" : subject);
  }
  for (const auto rule : findings.idle) {
    text += fmt::format("idle {}\n", info(rule).name);
  }
  return text;
}

const Error k_no_kong{Errc::timed_out, "Kong's status from http://kong:8001: no answer from http://kong:8001 in 2s"};
const Error k_no_docker{Errc::unreachable, "list containers of 'shop': cannot connect to unix:/var/run/docker.sock"};

/// As the overview is when Kong does not answer.
Overview without_kong() {
  auto overview = well();
  overview.kong.status.reset();
  overview.kong.error = k_no_kong;
  overview.targets_error = k_no_kong;
  overview.verdict = Verdict::unhealthy;
  overview.sample = {};
  overview.drift.reset();
  return overview;
}

/// As the overview is when Docker does not answer.
Overview without_docker() {
  auto overview = well();
  overview.docker_error = k_no_docker;
  overview.instances.clear();
  overview.verdict = Verdict::unhealthy;
  overview.drift.reset();
  return overview;
}

}  // namespace

TEST_CASE("where all is well nothing is found, and nothing is unknown") {
  CHECK(found(well()).empty());
}

TEST_CASE("an instance above a threshold is found with its figures, one at it is not") {
  auto overview = well();
  overview.instances[0].cpu = Percent{80};
  overview.instances[1].cpu = Percent{93.14};
  overview.instances[2].memory = Percent{99};
  CHECK(found(overview) ==
        "warning high-cpu shop-2: cpu of shop-2 is 93.1%, above 80%\n"
        "warning high-memory shop-3: memory of shop-3 is 99.0%, above 80%\n");
  control::Settings settings;
  settings.alerting.cpu = Percent{39.5};
  settings.alerting.memory = Percent{100};
  CHECK(found(overview, settings) ==
        "warning high-cpu shop-1: cpu of shop-1 is 80.0%, above 39.5%\n"
        "warning high-cpu shop-2: cpu of shop-2 is 93.1%, above 39.5%\n"
        "warning high-cpu shop-3: cpu of shop-3 is 40.0%, above 39.5%\n");
}

TEST_CASE("the use of an instance that is warming up or was not measured is unknown, that of a stopped one no matter") {
  auto overview = well();
  overview.instances[0].cpu = Percent{99};
  overview.instances[0].warming_up = true;
  overview.instances[1].cpu.reset();
  overview.instances[2] = {.number = 3, .name = "shop-3", .state = docker::State::exited};
  CHECK(found(overview) ==
        "unknown high-cpu shop-1\n"
        "unknown high-memory shop-1\n"
        "unknown high-cpu shop-2\n");
}

TEST_CASE("slow responses and errors are found above their thresholds, and unknown without figures") {
  auto overview = well();
  overview.sample.response_time = Milliseconds{1000};
  overview.sample.error_rate = Percent{5};
  CHECK(found(overview).empty());
  overview.sample.response_time = Milliseconds{1250.4};
  overview.sample.error_rate = Percent{7.25};
  CHECK(found(overview) ==
        "warning slow-responses -: the mean response time is 1250 ms, above 1000 ms\n"
        "warning errors -: 7.2% of the answers are 5xx, above 5%\n");
  overview.sample.response_time.reset();
  overview.sample.error_rate.reset();
  CHECK(found(overview) ==
        "unknown slow-responses -\n"
        "unknown errors -\n");
}

TEST_CASE("where nothing was asked, neither errors nor times are judged") {
  auto overview = well();
  overview.sample.response_time.reset();
  overview.sample.error_rate.reset();
  overview.sample.request_rate = RequestsPerSecond{0};
  CHECK(found(overview) ==
        "idle slow-responses\n"
        "idle errors\n");
}

TEST_CASE("an unhealthy instance is found with its fault, and the whole is degraded or unhealthy") {
  auto overview = well();
  overview.instances[1].fault = "its HEALTHCHECK says unhealthy";
  overview.verdict = Verdict::degraded;
  CHECK(found(overview) ==
        "warning unhealthy-instance shop-2: shop-2 is unhealthy: its HEALTHCHECK says unhealthy\n"
        "warning overall-health -: shop is degraded: 1 of 3 instances is unhealthy\n");
  overview.instances[2] = {
      .number = 3, .name = "shop-3", .state = docker::State::exited, .fault = "it ended with exit code 1"};
  overview.verdict = Verdict::unhealthy;
  CHECK(found(overview) ==
        "warning unhealthy-instance shop-2: shop-2 is unhealthy: its HEALTHCHECK says unhealthy\n"
        "warning unhealthy-instance shop-3: shop-3 is unhealthy: it ended with exit code 1\n"
        "critical overall-health -: shop is unhealthy: 2 of 3 instances are unhealthy\n");
}

TEST_CASE("the whole is unhealthy where no instance runs, or Kong has no configuration") {
  auto overview = well();
  for (auto& one : overview.instances) {
    one.state = docker::State::exited;
  }
  overview.verdict = Verdict::unhealthy;
  CHECK(found(overview) == "critical overall-health -: shop is unhealthy: no instance runs\n");
  overview = well();
  overview.kong.status->configured = false;
  overview.verdict = Verdict::unhealthy;
  CHECK(found(overview) == "critical overall-health -: shop is unhealthy: Kong has no configuration yet\n");
}

TEST_CASE("an instance that is not ready yet is neither well nor wrong, nor is the whole for it") {
  auto overview = well();
  overview.instances[2].health = docker::Health::starting;
  overview.instances[2].fault = "its HEALTHCHECK says starting";
  overview.verdict = Verdict::degraded;
  CHECK(found(overview) ==
        "unknown unhealthy-instance shop-3\n"
        "unknown overall-health -\n");
  overview.instances[2].health = docker::Health::none;
  overview.instances[2].warming_up = true;
  overview.instances[2].fault = "cannot connect to http://127.0.0.1:3022: connection refused";
  CHECK(found(overview) ==
        "unknown high-cpu shop-3\n"
        "unknown high-memory shop-3\n"
        "unknown unhealthy-instance shop-3\n"
        "unknown overall-health -\n");
  overview.instances[0].fault = "it is paused";
  CHECK(found(overview).find("degraded: 2 of 3 instances are unhealthy\n") != std::string::npos);
}

TEST_CASE("Kong that does not answer is critical, and what only it knows is unknown") {
  CHECK(found(without_kong()) ==
        "critical overall-health -: shop is unhealthy: Kong is unreachable\n"
        "critical kong-unreachable -: Kong is unreachable: Kong's status from http://kong:8001: no answer from "
        "http://kong:8001 in 2s\n"
        "unknown slow-responses -\n"
        "unknown errors -\n"
        "unknown target-drift -\n"
        "unknown autoscaler-silent -\n");
}

TEST_CASE("Kong that answers, but not for its targets, is critical as well, and a silent autoscaler is found then") {
  auto overview = well();
  overview.targets_error = Error{Errc::busy, "targets of 'shop': Kong cannot reach its database"};
  overview.verdict = Verdict::degraded;
  overview.drift.reset();
  CHECK(found(overview) ==
        "warning overall-health -: shop is degraded: Kong's targets cannot be read\n"
        "critical kong-unreachable -: Kong's targets cannot be read: targets of 'shop': Kong cannot reach its "
        "database\n"
        "unknown target-drift -\n");
  overview.autoscaler.last->ago = 91s;
  CHECK(found(overview).ends_with(
      "critical autoscaler-silent -: kscale-auto, pid 4711 runs, and checked 1m 31s ago, longer than 1m 30s\n"
      "unknown target-drift -\n"));
  overview.instances[0].fault = overview.instances[1].fault = "it is paused";
  overview.verdict = Verdict::unhealthy;
  CHECK(found(overview).find("shop is unhealthy: 2 of 3 instances are unhealthy\n") != std::string::npos);
}

TEST_CASE("Docker that does not answer is critical, and all about instances is unknown") {
  CHECK(found(without_docker()) ==
        "critical docker-unreachable -: Docker is unreachable: list containers of 'shop': cannot connect to "
        "unix:/var/run/docker.sock\n"
        "unknown high-cpu -\n"
        "unknown high-memory -\n"
        "unknown unhealthy-instance -\n"
        "unknown overall-health -\n"
        "unknown at-max -\n"
        "unknown target-drift -\n"
        "unknown autoscaler-silent -\n");
}

TEST_CASE("drift is found with its lines, of which there are not too many") {
  auto overview = well();
  overview.drift = {"no target for shop-2", "a target for shop-9"};
  CHECK(found(overview) ==
        "warning target-drift -: containers and targets disagree: no target for shop-2; a target for shop-9\n");
  overview.drift = {"a", "b", "c", "d", "e"};
  CHECK(found(overview) == "warning target-drift -: containers and targets disagree: a; b; c; and 2 more\n");
}

TEST_CASE("as many instances as may run are found, unless that is the only number there may be") {
  control::Settings settings;
  settings.rules.max_instances = 3;
  settings.rules.min_instances = 2;
  CHECK(found(well(), settings) == "warning at-max -: 3 instances run, and max-instances is 3\n");
  settings.rules.min_instances = 3;
  CHECK(found(well(), settings).empty());
  settings.rules.min_instances = 1;
  auto overview = well();
  overview.instances[0].state = docker::State::exited;
  CHECK(found(overview, settings).empty());
}

TEST_CASE("an autoscaler that hangs is critical, one that does not run a warning") {
  auto overview = well();
  overview.autoscaler.last->ago = 90s;
  CHECK(found(overview).empty());
  overview.autoscaler.last->ago = 91s;
  overview.autoscaler.paused = true;  // then it checks as well
  CHECK(found(overview) ==
        "critical autoscaler-silent -: kscale-auto, pid 4711 runs, and checked 1m 31s ago, longer than 1m 30s\n");
  overview.autoscaler.holder.clear();
  CHECK(found(overview) ==
        "warning autoscaler-silent -: kscale-auto does not run, and checked 1m 31s ago, longer than 1m 30s\n");
  control::Settings settings;
  settings.check_interval = 60s;
  CHECK(found(overview, settings).empty());
  settings.check_interval = 1s;
  CHECK_FALSE(found(overview, settings).empty());
  overview.autoscaler.last.reset();
  CHECK(found(overview, settings).empty());
}

TEST_CASE("while somebody acts on the deployment neither drift nor a silent autoscaler is judged") {
  auto overview = well();
  overview.drift = {"target 127.0.0.1:3022 of shop-3 has weight 0"};
  overview.autoscaler.last->ago = 10min;
  overview.is_acted_on = true;
  CHECK(found(overview) ==
        "unknown target-drift -\n"
        "unknown autoscaler-silent -\n");
  overview.acted_on_for = 61min;  // whoever acts for so long hangs
  CHECK(found(overview) ==
        "warning target-drift -: containers and targets disagree: target 127.0.0.1:3022 of shop-3 has weight 0\n"
        "critical autoscaler-silent -: kscale-auto, pid 4711 runs, and checked 10m 0s ago, longer than 1m 30s\n");
  overview.is_acted_on = false;  // the action is over, or a crash cut it short
  CHECK(found(overview) ==
        "warning target-drift -: containers and targets disagree: target 127.0.0.1:3022 of shop-3 has weight 0\n"
        "critical autoscaler-silent -: kscale-auto, pid 4711 runs, and checked 10m 0s ago, longer than 1m 30s\n");
}

TEST_CASE("text from outside is made printable") {
  auto overview = well();
  overview.instances[0].fault = "\x1b[31mred";
  overview.verdict = Verdict::degraded;
  CHECK(found(overview).starts_with("warning unhealthy-instance shop-1: shop-1 is unhealthy: \\x1b[31mred\n"));
  overview = without_docker();
  overview.docker_error->what = "a\nb";
  CHECK(found(overview).starts_with("critical docker-unreachable -: Docker is unreachable: a\\x0ab\n"));
}

TEST_CASE("every rule can be found") {
  std::vector<Rule> seen;
  const auto note = [&seen](const Overview& overview) {
    for (const auto& finding : monitor::find(overview, {}).present) {
      seen.push_back(finding.rule);
    }
  };
  auto overview = well();
  overview.instances = {instance(1), instance(2), instance(3), instance(4), instance(5), instance(6)};
  overview.instances[0].cpu = Percent{99};
  overview.instances[0].memory = Percent{99};
  overview.instances[0].fault = "it answered 500";
  overview.verdict = Verdict::degraded;
  overview.sample.response_time = Milliseconds{2000};
  overview.sample.error_rate = Percent{50};
  overview.drift = {"a"};
  overview.autoscaler.last->ago = 1h;
  note(overview);
  note(without_kong());
  note(without_docker());
  for (const auto& about : alert::rules()) {
    CAPTURE(about.name);
    CHECK(std::ranges::find(seen, about.rule) != seen.end());
  }
}

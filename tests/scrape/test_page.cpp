#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "libscale/alert/rule.hpp"
#include "libscale/scrape/page.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/fakes/scripted_transport.hpp"

using namespace kscale;
using namespace kscale::scrape;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using policy::Action;
using policy::Cause;

namespace {

Subject subject() {
  return {.tool = "kscale-auto",
          .version = "1.2.3",
          .deployment = "shop",
          .interval = 30s,
          .min_instances = 2,
          .max_instances = 8};
}

struct Scraped {
  fakes::HandClock clock;
  net::Tally tally;
  Page page{subject(), clock, tally};

  /// Whether the page has exactly this line.
  bool has(const std::string& line) const { return ("\n" + page.text()).find("\n" + line + "\n") != std::string::npos; }

  /// How many values the metric has.
  std::ptrdiff_t count(const std::string& metric) const {
    const auto text = page.text();
    const std::regex line("(^|\n)" + metric + "\\{");
    return std::distance(std::sregex_iterator(text.begin(), text.end(), line), std::sregex_iterator());
  }
};

/// A check that knows everything and added an instance.
control::CheckReport full_report() {
  control::CheckReport report;
  report.sample.instances = {{.number = 1,
                              .name = "shop-1",
                              .cpu = Percent{91.25},
                              .memory = Percent{40},
                              .memory_used = Bytes{33'554'432},
                              .received = BytesPerSecond{1024.5},
                              .sent = BytesPerSecond{0}},
                             {.number = 2, .name = "shop-2", .warming_up = true},
                             {.number = 3, .name = "shop-3", .warming_up = true, .serving = false}};
  report.sample.request_rate = RequestsPerSecond{12.5};
  report.sample.error_rate = Percent{0.5};
  report.sample.response_time = Milliseconds{20.5};
  report.sample.response_time_p95 = Milliseconds{48};
  report.sample.host_cpu = Percent{30};
  report.sample.host_memory = Percent{55.5};
  report.sample.host_disk = Percent{70};
  report.drift = {"target 127.0.0.1:3029 has no container"};
  report.decision = {.action = Action::up, .from = 3, .to = 4, .reason = "cpu 91% > 80%", .cause = Cause::cpu};
  report.outcome = control::Outcome{.reached = 4, .names = {"shop-4"}};
  return report;
}

control::CheckReport report_of(Action action, Cause cause, Status status = {}) {
  control::CheckReport report;
  report.decision = {.action = action, .reason = "", .cause = cause};
  if (action != Action::hold) {
    report.outcome = control::Outcome{.status = std::move(status)};
  }
  return report;
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::string(KSCALE_TEST_DATA "/../../") + path).rdbuf();
  return text.str();
}

/// All words of the text that are the whole of a match.
std::set<std::string> words(const std::string& text, const std::string& pattern) {
  const std::regex word(pattern);
  std::set<std::string> found;
  for (auto i = std::sregex_iterator(text.begin(), text.end(), word); i != std::sregex_iterator(); ++i) {
    found.insert((*i)[1].str());
  }
  return found;
}

std::set<std::string> names() {
  std::set<std::string> all;
  for (const auto& metric : all_metrics()) {
    all.emplace(metric.name);
  }
  return all;
}

}  // namespace

TEST_CASE("before the first check the page tells what is known without one") {
  const Scraped s;
  CHECK(s.page.text() == R"(# HELP kscale_min_instances Never fewer instances run by a decision.
# TYPE kscale_min_instances gauge
kscale_min_instances{deployment="shop"} 2
# HELP kscale_max_instances Never more instances run by a decision.
# TYPE kscale_max_instances gauge
kscale_max_instances{deployment="shop"} 8
# HELP kscale_check_duration_seconds Time that checks took, scaling included.
# TYPE kscale_check_duration_seconds histogram
kscale_check_duration_seconds_count{deployment="shop"} 0
kscale_check_duration_seconds_sum{deployment="shop"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="0.1"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="0.25"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="0.5"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="1"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="2.5"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="5"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="10"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="30"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="60"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="120"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="300"} 0
kscale_check_duration_seconds_bucket{deployment="shop",le="+Inf"} 0
# HELP kscale_check_failures_total Checks that failed, so that nothing was decided.
# TYPE kscale_check_failures_total counter
kscale_check_failures_total{deployment="shop"} 0
# HELP kscale_checks_held_off 1 while somebody's action holds checks off, for an hour at most; else 0.
# TYPE kscale_checks_held_off gauge
kscale_checks_held_off{deployment="shop"} 0
# HELP kscale_check_interval_seconds Time from the begin of one check to that of the next.
# TYPE kscale_check_interval_seconds gauge
kscale_check_interval_seconds{deployment="shop"} 30
# HELP kscale_build_info 1; who serves this page.
# TYPE kscale_build_info gauge
kscale_build_info{deployment="shop",tool="kscale-auto",version="1.2.3"} 1
)");
}

TEST_CASE("a check is shown with all that it knows, in base units") {
  Scraped s;
  s.page.checked(full_report(), 2500ms);
  for (const auto* const line :
       {R"(kscale_instances{deployment="shop",state="serving"} 1)",
        R"(kscale_instances{deployment="shop",state="warming_up"} 1)",
        R"(kscale_instances{deployment="shop",state="not_serving"} 1)",
        R"(kscale_desired_instances{deployment="shop"} 4)",
        R"(kscale_target_drift{deployment="shop"} 1)",
        R"(kscale_paused{deployment="shop"} 0)",
        R"(kscale_decisions_total{deployment="shop",action="up",cause="cpu"} 1)",
        R"(kscale_scaling_actions_total{deployment="shop",action="up",outcome="done"} 1)",
        R"(kscale_check_duration_seconds_sum{deployment="shop"} 2.5)",
        R"(kscale_check_duration_seconds_bucket{deployment="shop",le="1"} 0)",
        R"(kscale_check_duration_seconds_bucket{deployment="shop",le="2.5"} 1)",
        R"(kscale_check_duration_seconds_bucket{deployment="shop",le="+Inf"} 1)",
        R"(kscale_last_check_timestamp_seconds{deployment="shop"} 1795472071.755)",
        R"(kscale_last_check_age_seconds{deployment="shop"} 0)",
        R"(kscale_cpu_ratio{deployment="shop"} 0.45625)",
        R"(kscale_memory_ratio{deployment="shop"} 0.2)",
        R"(kscale_requests_per_second{deployment="shop"} 12.5)",
        R"(kscale_error_ratio{deployment="shop"} 0.005)",
        R"(kscale_response_time_seconds{deployment="shop"} 0.0205)",
        R"(kscale_response_time_p95_seconds{deployment="shop"} 0.048)",
        R"(kscale_host_cpu_ratio{deployment="shop"} 0.3)",
        R"(kscale_host_memory_ratio{deployment="shop"} 0.555)",
        R"(kscale_host_disk_ratio{deployment="shop"} 0.7)",
        R"(kscale_instance_serving{deployment="shop",container="shop-2"} 1)",
        R"(kscale_instance_serving{deployment="shop",container="shop-3"} 0)",
        R"(kscale_instance_cpu_ratio{deployment="shop",container="shop-1"} 0.9125)",
        R"(kscale_instance_memory_bytes{deployment="shop",container="shop-1"} 33554432)",
        R"(kscale_instance_memory_ratio{deployment="shop",container="shop-1"} 0.4)",
        R"(kscale_instance_receive_bytes_per_second{deployment="shop",container="shop-1"} 1024.5)",
        R"(kscale_instance_transmit_bytes_per_second{deployment="shop",container="shop-1"} 0)"}) {
    CAPTURE(line, s.page.text());
    CHECK(s.has(line));
  }
}

TEST_CASE("what is not known is not on the page, and never zero") {
  Scraped s;
  s.page.checked(full_report(), 1s);
  CHECK(s.count("kscale_instance_serving") == 3);
  CHECK(s.count("kscale_instance_cpu_ratio") == 1);
  s.page.checked(report_of(Action::hold, Cause::unknown_load), 1s);
  for (const auto* const metric :
       {"kscale_cpu_ratio", "kscale_memory_ratio", "kscale_requests_per_second", "kscale_error_ratio",
        "kscale_response_time_seconds", "kscale_response_time_p95_seconds", "kscale_host_cpu_ratio",
        "kscale_host_memory_ratio", "kscale_host_disk_ratio", "kscale_instance_serving", "kscale_instance_cpu_ratio"}) {
    CAPTURE(metric);
    CHECK(s.page.text().find(metric) == std::string::npos);
  }
  CHECK(s.has(R"(kscale_instances{deployment="shop",state="serving"} 0)"));  // that none runs is known
}

TEST_CASE("decisions and actions are counted, and from the first check on those that did not happen as none") {
  Scraped s;
  CHECK(s.count("kscale_decisions_total") == 0);
  s.page.checked(report_of(Action::hold, Cause::steady), 1s);
  CHECK(s.count("kscale_decisions_total") == 16);
  CHECK(s.count("kscale_scaling_actions_total") == 12);
  s.page.checked(report_of(Action::hold, Cause::steady), 1s);
  s.page.checked(report_of(Action::down, Cause::idle, fail(Errc::refused, "no")), 1s);
  s.page.checked(report_of(Action::repair_up, Cause::below_min, fail(Errc::interrupted, "stopped")), 1s);
  CHECK(s.has(R"(kscale_decisions_total{deployment="shop",action="hold",cause="steady"} 2)"));
  CHECK(s.has(R"(kscale_decisions_total{deployment="shop",action="down",cause="idle"} 1)"));
  CHECK(s.has(R"(kscale_decisions_total{deployment="shop",action="up",cause="cpu"} 0)"));
  CHECK(s.has(R"(kscale_scaling_actions_total{deployment="shop",action="down",outcome="failed"} 1)"));
  CHECK(s.has(R"(kscale_scaling_actions_total{deployment="shop",action="repair_up",outcome="interrupted"} 1)"));
  CHECK(s.has(R"(kscale_scaling_actions_total{deployment="shop",action="up",outcome="done"} 0)"));
  CHECK(s.count("kscale_decisions_total") == 16);
}

TEST_CASE("a dry run decides, and does nothing") {
  Scraped s;
  auto report = full_report();
  report.outcome.reset();
  s.page.checked(report, 1s);
  CHECK(s.has(R"(kscale_decisions_total{deployment="shop",action="up",cause="cpu"} 1)"));
  CHECK(s.has(R"(kscale_scaling_actions_total{deployment="shop",action="up",outcome="done"} 0)"));
}

TEST_CASE("the page tells that the operator paused the scaling") {
  Scraped s;
  s.page.checked(report_of(Action::hold, Cause::paused), 1s);
  CHECK(s.has(R"(kscale_paused{deployment="shop"} 1)"));
}

TEST_CASE("the age of the last check grows until the next one, however the wall clock is set") {
  Scraped s;
  s.page.checked(full_report(), 1s);
  s.clock.forward(95500ms);
  s.clock.step_wall(-1h);
  CHECK(s.has(R"(kscale_last_check_age_seconds{deployment="shop"} 95.5)"));
  CHECK(s.has(R"(kscale_last_check_timestamp_seconds{deployment="shop"} 1795472071.755)"));
  s.page.checked(full_report(), 1s);
  CHECK(s.has(R"(kscale_last_check_age_seconds{deployment="shop"} 0)"));
}

TEST_CASE("after a failed check no old figure is shown for a new one") {
  Scraped s;
  s.page.checked(full_report(), 1s);
  s.clock.forward(30s);
  s.page.failed();
  CHECK(s.has(R"(kscale_check_failures_total{deployment="shop"} 1)"));
  CHECK(s.has(R"(kscale_decisions_total{deployment="shop",action="up",cause="cpu"} 1)"));
  CHECK(s.has(R"(kscale_last_check_age_seconds{deployment="shop"} 30)"));
  CHECK(s.has(R"(kscale_check_duration_seconds_count{deployment="shop"} 1)"));
  for (const auto* const metric : {"kscale_instances", "kscale_desired_instances", "kscale_target_drift",
                                   "kscale_paused", "kscale_cpu_ratio", "kscale_instance_serving"}) {
    CAPTURE(metric);
    CHECK(s.count(metric) == 0);
  }
}

TEST_CASE("checks that somebody's action holds off have not failed, and are told of for as long as it may be so") {
  Scraped s;
  const auto held_off = [&s] { return s.has(R"(kscale_checks_held_off{deployment="shop"} 1)"); };
  s.page.checked(full_report(), 1s);
  CHECK_FALSE(held_off());
  s.clock.forward(30s);
  s.page.held_off();
  CHECK(held_off());
  CHECK(s.has(R"(kscale_check_failures_total{deployment="shop"} 0)"));
  CHECK(s.has(R"(kscale_last_check_age_seconds{deployment="shop"} 30)"));
  CHECK(s.count("kscale_instances") == 0);
  CHECK(s.count("kscale_desired_instances") == 0);

  // One that tries no more hangs itself.
  s.clock.forward(90s);
  CHECK(held_off());
  s.clock.forward(1s);
  CHECK_FALSE(held_off());

  // An action that goes on for an hour hangs.
  for (auto waited = 121s; waited < 1h + 30s; waited += 30s) {
    CAPTURE(waited.count());
    s.page.held_off();
    CHECK(held_off());
    s.clock.forward(30s);
  }
  s.page.held_off();
  CHECK_FALSE(held_off());

  s.page.checked(full_report(), 1s);
  s.page.held_off();
  CHECK(held_off());
  s.page.checked(full_report(), 1s);
  CHECK_FALSE(held_off());
  s.page.held_off();
  s.page.failed();
  CHECK_FALSE(held_off());
}

TEST_CASE("an instance that is gone is gone from the page") {
  Scraped s;
  auto report = full_report();
  s.page.checked(report, 1s);
  report.sample.instances.pop_back();
  s.page.checked(report, 1s);
  CHECK(s.page.text().find("shop-3") == std::string::npos);
}

TEST_CASE("one that only looks has figures, and neither decisions nor what it does not know") {
  Scraped s;
  s.page.sampled({.sample = full_report().sample, .drift = 2}, std::nullopt, 1s);
  CHECK(s.has(R"(kscale_instances{deployment="shop",state="serving"} 1)"));
  CHECK(s.has(R"(kscale_target_drift{deployment="shop"} 2)"));
  CHECK(s.has(R"(kscale_check_duration_seconds_count{deployment="shop"} 1)"));
  for (const auto* const metric :
       {"kscale_desired_instances", "kscale_paused", "kscale_decisions_total", "kscale_scaling_actions_total"}) {
    CAPTURE(metric);
    CHECK(s.count(metric) == 0);
  }
  s.page.sampled({.sample = {}, .instances_known = false, .paused = true}, std::nullopt, 1s);
  CHECK(s.count("kscale_instances") == 0);
  CHECK(s.count("kscale_target_drift") == 0);
  CHECK(s.has(R"(kscale_paused{deployment="shop"} 1)"));
}

TEST_CASE("a look is no check: one that only looks shows when the autoscaler's last check was") {
  Scraped s;
  s.page.sampled({.sample = full_report().sample}, std::nullopt, 1s);
  CHECK(s.count("kscale_last_check_timestamp_seconds") == 0);
  CHECK(s.count("kscale_last_check_age_seconds") == 0);
  const auto checked = s.clock.now();
  s.clock.forward(60s);
  s.page.sampled({.sample = full_report().sample}, checked, 1s);
  CHECK(s.has(R"(kscale_last_check_timestamp_seconds{deployment="shop"} 1795472071.755)"));
  CHECK(s.has(R"(kscale_last_check_age_seconds{deployment="shop"} 60)"));
  s.clock.forward(5s);
  s.page.sampled({.sample = full_report().sample}, checked, 1s);
  CHECK(s.has(R"(kscale_last_check_age_seconds{deployment="shop"} 65)"));
}

TEST_CASE("one that only looks tells that an action holds checks off, unless it looks no more") {
  Scraped s;
  s.page.sampled({.sample = {}, .checks_held_off = true}, std::nullopt, 1s);
  CHECK(s.has(R"(kscale_checks_held_off{deployment="shop"} 1)"));
  s.clock.forward(91s);
  CHECK(s.has(R"(kscale_checks_held_off{deployment="shop"} 0)"));
  s.page.sampled({.sample = {}}, std::nullopt, 1s);
  CHECK(s.has(R"(kscale_checks_held_off{deployment="shop"} 0)"));
}

TEST_CASE("the interval on a page is that between checks, whoever serves it") {
  control::Settings settings;
  settings.check_interval = 45s;
  settings.refresh_interval = 5s;
  CHECK(subject_of("kscale-monitor", "1.2.3", settings).interval == 45s);
}

TEST_CASE("calls are shown by peer, with each kind of error") {
  Scraped s;
  const Result<net::Response> good = net::Response{.status = 200};
  const Result<net::Response> bad = fail(Errc::timed_out, "no");
  s.tally.add({{"docker", &good}, {"docker", &bad}, {"kong", &bad}});
  CHECK(s.has(R"(kscale_api_calls_total{deployment="shop",peer="docker"} 2)"));
  CHECK(s.has(R"(kscale_api_errors_total{deployment="shop",peer="docker",kind="timed_out"} 1)"));
  CHECK(s.has(R"(kscale_api_errors_total{deployment="shop",peer="docker",kind="unreachable"} 0)"));
  CHECK(s.count("kscale_api_errors_total") == 12);
  CHECK(s.has(R"(kscale_peer_up{deployment="shop",peer="docker"} 1)"));
  CHECK(s.has(R"(kscale_peer_up{deployment="shop",peer="kong"} 0)"));
}

TEST_CASE("new settings change the bounds and keep the counts, but not those of another deployment") {
  Scraped s;
  s.page.checked(full_report(), 1s);
  auto next = subject();
  next.max_instances = 9;
  next.interval = 10s;
  s.page.set_subject(next);
  CHECK(s.has(R"(kscale_max_instances{deployment="shop"} 9)"));
  CHECK(s.has(R"(kscale_check_interval_seconds{deployment="shop"} 10)"));
  CHECK(s.has(R"(kscale_decisions_total{deployment="shop",action="up",cause="cpu"} 1)"));
  next.deployment = "other";
  s.page.set_subject(next);
  CHECK(s.count("kscale_decisions_total") == 0);
  CHECK(s.page.text().find("\"shop\"") == std::string::npos);
}

TEST_CASE("a name with odd bytes in it does not spoil the page") {
  Scraped s;
  auto report = full_report();
  report.sample.instances.front().name = "shop\"\n\xff";
  s.page.checked(report, 1s);
  CHECK_THAT(s.page.text(), Contains(R"(container="shop\"\\x0a\\xff")"));
}

TEST_CASE("with a check and a call each metric is on the page, under its name, type and help") {
  Scraped s;
  const Result<net::Response> good = net::Response{.status = 200};
  s.tally.add({{"docker", &good}});
  s.page.checked(full_report(), 1s);
  const auto text = s.page.text();
  for (const auto& metric : all_metrics()) {
    CAPTURE(metric.name);
    CHECK_THAT(text, Contains(fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric.name, metric.help, metric.name,
                                          metric.type)));
    const std::string suffix = metric.type == "histogram" ? "_count" : "";
    CHECK(words(text, fmt::format(R"re(\n({}{})\{{deployment="shop")re", metric.name, suffix)).size() == 1);
  }
  CHECK(names().size() == all_metrics().size());
}

TEST_CASE("the labels of each metric are those of the table") {
  Scraped s;
  const Result<net::Response> good = net::Response{.status = 200};
  s.tally.add({{"docker", &good}});
  s.page.checked(full_report(), 1s);
  const auto text = s.page.text();
  for (const auto& metric : all_metrics()) {
    CAPTURE(metric.name);
    if (metric.type == "histogram") {
      continue;
    }
    const auto labels = std::regex_replace(std::string(metric.labels), std::regex("([a-z]+)(, )?"), R"(,$1="[^"]*")");
    const auto pattern = fmt::format(R"re(\n({})\{{deployment="shop"{}\}} )re", metric.name, labels);
    CHECK(words(text, pattern).size() == 1);
  }
}

TEST_CASE("the man page describes all metrics and no other") {
  auto man = content_of("man/kscale-auto.1");
  std::erase(man, '\\');
  const auto begin = man.find(".SH METRICS");
  REQUIRE(begin != std::string::npos);
  const auto section = man.substr(begin, man.find("\n.SH ", begin + 1) - begin);
  CHECK(words(section, R"(\n\.B[RI]? (kscale_[a-z0-9_]+))") == names());
}

TEST_CASE("Prometheus' alerts have the names and hold times of ours, where it can know") {
  const auto file = content_of("tools/prometheus/kscale.rules.yml");
  REQUIRE_FALSE(file.empty());
  for (const auto& rule : alert::rules()) {
    if (rule.rule == alert::Rule::overall_health) {
      continue;  // only a monitor judges the whole
    }
    CAPTURE(rule.alertname);
    const auto begin = file.find(fmt::format("alert: {}\n", rule.alertname));
    REQUIRE(begin != std::string::npos);
    const auto entry = file.substr(begin, file.find("- alert:", begin) - begin);
    // What has no figure where no request comes counts on for a minute, and is held so much longer.
    const bool counts_on =
        entry.find("last_over_time(") != std::string::npos && entry.find("[59s]") != std::string::npos;
    const auto seconds = rule.hold_for.count() + (counts_on ? 60 : 0);
    CHECK_THAT(entry, Contains(seconds % 60 == 0 ? fmt::format("for: {}m\n", seconds / 60)
                                                 : fmt::format("for: {}s\n", seconds)));
  }
}

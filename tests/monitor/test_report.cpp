#include <limits>

#include <catch2/catch.hpp>

#include "libscale/monitor/report.hpp"
#include "tests/monitor/made_up_week.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using Catch::Contains;
using monitor::html_of;
using monitor::ReportData;
using monitor::summary_of;

namespace {

const WallTime t0{std::chrono::seconds{1'795'514'400}};  // 24 Nov 2026 10:00

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

template <class T>
store::Spread<T> same(T value) {
  return {.mean = value, .least = value, .most = value};
}

/// Four minutes of two instances.
ReportData minutes_of_two() {
  ReportData data{.deployment = "shop",
                  .service = "shop-api",
                  .range = {.since = t0, .until = t0 + 4min},
                  .step = 1min,
                  .written_at = t0 + 5min};
  for (int minute = 0; minute < 4; ++minute) {
    const auto at = t0 + std::chrono::minutes{minute};
    store::FleetPoint point{.at = at, .instances = same(2.0), .serving = same(2.0)};
    point.cpu = same(Percent{20.0 * minute});
    data.fleet.push_back(point);
  }
  for (const int number : {1, 2}) {
    for (int minute = 0; minute < 4; ++minute) {
      store::InstancePoint point{.number = number, .at = t0 + std::chrono::minutes{minute}, .serving = same(1.0)};
      point.cpu = same(Percent{10.0 * number * minute});
      data.instances.push_back(point);
    }
  }
  data.summary = summary_of(data.fleet, data.events, data.alerts, data.range, data.step,
                            {.max_instances = 6,
                             .cpu = Percent{80},
                             .memory = Percent{80},
                             .response_time = 1000ms,
                             .error_rate = Percent{5}});
  return data;
}

}  // namespace

TEST_CASE("a report begins with what it is about and what happened") {
  const auto page = html_of(minutes_of_two());
  CHECK_THAT(page, Contains("<title>shop: 24 Nov 2026 10:00 to 24 Nov 2026 10:04</title>"));
  CHECK_THAT(page, Contains("<h1>shop</h1>"));
  CHECK_THAT(page,
             Contains("<p class=\"when\">24 Nov 2026 10:00 to 24 Nov 2026 10:04, all times in UTC. Kong's service: "
                      "shop-api. Each point of a chart is 1m.</p>"));
  CHECK_THAT(page, Contains("<p class=\"lead\">2 instances: 0.13 instance-hours. No scaling. No threshold passed. No "
                            "alerts.</p>"));
}

TEST_CASE("each instance has its line, by its number") {
  const auto page = html_of(minutes_of_two());
  CHECK_THAT(page, Contains(R"(<path class="line c1" data-name="instance 1" data-unit="%" data-values="0,10,20,30" )"
                            R"(d="M1 1000L3 900 5 800 7 700"/>)"));
  CHECK_THAT(page, Contains(R"(data-name="instance 2" data-unit="%" data-values="0,20,40,60")"));
  CHECK_THAT(page, Contains("Mean: 30% on average, 60% at most; never above 80%. Highest: shop-2, 60%"));
}

TEST_CASE("of many instances the middle, the range and the three with the highest peaks stand out") {
  auto data = minutes_of_two();
  data.instances.clear();
  for (int number = 1; number <= 9; ++number) {
    store::InstancePoint point{.number = number, .at = t0 + 1min, .serving = same(1.0)};
    point.cpu = same(Percent{10.0 * number});
    data.instances.push_back(point);
  }
  const auto page = html_of(data);
  CHECK(count_of(page, R"(<path class="line faint")") == 6);
  CHECK_THAT(page, Contains(R"(data-name="median" data-unit="%" data-values=",50,,")"));
  CHECK_THAT(page, Contains(R"(<path class="line c2" data-name="instance 9")") &&
                       Contains(R"(<path class="line c3" data-name="instance 8")") &&
                       Contains(R"(<path class="line c4" data-name="instance 7")"));
  CHECK_THAT(page, Contains("range of 9 instances"));
}

TEST_CASE("what others wrote is text in a report, never markup") {
  auto data = minutes_of_two();
  const std::string evil = "<script>alert(1)</script>\" onload='x'";
  data.deployment = evil;
  data.service = evil;
  data.events = {{.at = t0 + 1min, .from = 2, .to = 3, .reason = evil, .actor = evil, .outcome = evil}};
  data.alerts = {{.rule = evil, .subject = evil, .severity = evil, .summary = evil, .fired_at = t0 + 1min}};
  data.summary = summary_of(data.fleet, data.events, data.alerts, data.range, data.step, data.summary.bars);
  const auto page = html_of(data);
  CHECK(count_of(page, "<script>") == 1);  // that of the page
  CHECK_THAT(page, !Contains("alert(1)</script>") && !Contains("onload='") && !Contains("\" onload"));
  CHECK_THAT(page, Contains("<h1>&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39;</h1>"));
  CHECK_THAT(page,
             Contains("<title>2 \u2192 3: &lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39;; failed: "));
}

TEST_CASE("scaling is marked on the chart and told in a table, the newest first") {
  auto data = minutes_of_two();
  data.events = {
      {.at = t0 + 1min, .from = 2, .to = 3, .reason = "cpu 91% > 80%", .cpu = Percent{91}, .actor = "kscale-auto"},
      {.at = t0 + 2min, .from = 3, .to = 4, .reason = "cpu 88% > 80%", .outcome = "no such image"},
      {.at = t0 + 3min, .from = 3, .to = 2, .reason = "cpu 10% <= 30%"}};
  const auto page = html_of(data);
  CHECK(count_of(page, R"(<svg class="flag up")") == 1);
  CHECK(count_of(page, R"(<svg class="flag down")") == 1);
  CHECK(count_of(page, R"(<svg class="flag failed")") == 1);
  CHECK_THAT(page, Contains("<tr><td>24 Nov 2026 10:01</td><td>2 \u2192 3</td><td class=\"text\">cpu 91% &gt; 80%</td>"
                            "<td class=\"wrapped\">done</td><td class=\"number\">91.0%</td>"));
  CHECK_THAT(page, Contains("<td class=\"wrapped bad\">no such image</td>"));
  CHECK(page.find("cpu 10% &lt;= 30%</td>") < page.find("cpu 91% &gt; 80%</td>"));
}

TEST_CASE("alerts lie on a timeline and are told in a table") {
  auto data = minutes_of_two();
  data.alerts = {{.rule = "high-cpu",
                  .subject = "shop-2",
                  .severity = "warning",
                  .summary = "cpu of shop-2 is 93.1%, above 80%",
                  .since = t0,
                  .fired_at = t0 + 1min,
                  .resolved_at = t0 + 2min},
                 {.rule = "errors", .severity = "critical", .summary = "7% are 5xx", .fired_at = t0 + 3min}};
  data.summary = summary_of(data.fleet, data.events, data.alerts, data.range, data.step, data.summary.bars);
  const auto page = html_of(data);
  CHECK_THAT(page, Contains(">high-cpu: 1, 1m</text>"));
  CHECK_THAT(page, Contains(R"(<rect class="warning" x="25.00%")") && Contains(R"(<rect class="critical" x="75.00%")"));
  CHECK_THAT(page, Contains("<tr><td>24 Nov 2026 10:03</td><td class=\"bad\">still firing</td>"));
  CHECK_THAT(page, Contains("<td>24 Nov 2026 10:01</td><td>24 Nov 2026 10:02</td><td class=\"number\">1m</td>"
                            "<td>high-cpu</td><td>warning</td><td>shop-2</td>"));
}

TEST_CASE("of endless scaling the newest rows are told, and how many there were") {
  auto data = minutes_of_two();
  for (int i = 0; i < 700; ++i) {
    data.events.push_back({.at = t0 + std::chrono::milliseconds{i}, .from = 2, .to = 3, .reason = "again"});
  }
  const auto page = html_of(data);
  CHECK_THAT(page, Contains("the newest 500 of 700"));
  CHECK(count_of(page, ">again</td>") == 500);
}

TEST_CASE("a report on nothing says so, and draws nothing") {
  auto data = minutes_of_two();
  data.fleet.clear();
  data.instances.clear();
  data.summary = summary_of({}, {}, {}, data.range, data.step, data.summary.bars);
  const auto page = html_of(data);
  CHECK_THAT(page, Contains("There are no figures for this time. No scaling. No alerts."));
  CHECK_THAT(page, Contains("Figures are kept while kscale-auto or kscale-monitor runs."));
  CHECK_THAT(page, !Contains("<figure") && !Contains("<table"));
}

TEST_CASE("senseless figures are no data") {
  auto data = minutes_of_two();
  data.fleet[1].cpu = same(Percent{std::numeric_limits<double>::infinity()});
  data.fleet[2].cpu = same(Percent{-3});
  data.fleet[3].cpu = same(Percent{std::numeric_limits<double>::quiet_NaN()});
  CHECK_THAT(html_of(data), Contains(R"~(data-name="CPU, mean (right)" data-unit="%" data-values="0,,,")~"));
}

TEST_CASE("a week of a hundred instances stays small, and the same data give the same page") {
  const auto data = tests::made_up({.min_instances = 24, .max_instances = 100});
  const auto page = html_of(data);
  CHECK(page.size() < 3'000'000);
  CHECK(page == html_of(data));
}

TEST_CASE("a report loads nothing from anywhere") {
  const auto page = html_of(tests::made_up({}));
  CHECK_THAT(page, Contains("default-src 'none'; style-src 'sha256-"));
  CHECK_THAT(page, !Contains(" src=") && !Contains("href=") && !Contains("url(") && !Contains("@import") &&
                       !Contains(" style="));
  // Where it names an address, that is a name of SVG's.
  CHECK(count_of(page, "http://") == count_of(page, "http://www.w3.org/2000/svg"));
  CHECK(count_of(page, "https://") == 0);
}

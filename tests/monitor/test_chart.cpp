#include <catch2/catch.hpp>

#include "libscale/monitor/chart.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using Catch::Contains;
using monitor::Chart;
using monitor::Curve;
using monitor::figure_of;
using monitor::Flag;
using monitor::Lane;
using monitor::Steps;

namespace {

const WallTime t0{std::chrono::seconds{1'795'514'400}};  // 24 Nov 2026 10:00
const Steps k_steps({.since = t0, .until = t0 + 5min}, 1min);
constexpr auto k_gap = std::nullopt;

Chart chart(Curve line) {
  return {.id = "cpu",
          .title = "CPU",
          .told = "it is told",
          .left = {.unit = "%", .least_top = 100},
          .lines = {std::move(line)}};
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("a line goes from the middle of one step to that of the next, and stops at a gap") {
  const auto figure = figure_of(chart({.name = "one", .values = {10, 20.5, k_gap, 90, 100}, .colour = 2}), k_steps);
  CHECK_THAT(figure, Contains(R"(viewBox="0 0 10 1000" preserveAspectRatio="none")"));
  CHECK_THAT(figure, Contains(R"(<path class="line c2" data-name="one" data-unit="%" data-values="10,20.5,,90,100" )"
                              R"(d="M1 900L3 795M7 100L9 0"/>)"));
  CHECK_THAT(figure, Contains(R"(<rect class="gap" x="4" width="2" height="1000"/>)"));
  CHECK_THAT(figure, Contains(">no data</text>"));
}

TEST_CASE("a step with data between two gaps is a dot") {
  const auto figure = figure_of(chart({.name = "one", .values = {k_gap, 50, k_gap, k_gap, k_gap}}), k_steps);
  CHECK_THAT(figure, Contains(R"(d="M3 500h0")"));
}

TEST_CASE("a stepped line keeps its level through each step") {
  auto stepped = chart({.name = "instances", .values = {30, 30, 40, k_gap, 60}, .look = Curve::Look::stepped});
  CHECK_THAT(figure_of(stepped, k_steps), Contains(R"(d="M0 700H4V600H6M8 400H10")"));
}

TEST_CASE("a band is outlined along its most and back along its least") {
  auto both = chart({.name = "mean", .values = {20, 20, k_gap, k_gap, k_gap}});
  both.bands = {{.least = {10, 20, k_gap, k_gap, k_gap}, .most = {30, 40, k_gap, k_gap, k_gap}, .colour = 1}};
  CHECK_THAT(figure_of(both, k_steps), Contains(R"(<path class="band c1" d="M1 700L3 600 3 800 1 900Z"/>)"));
  both.bands.front().stepped = true;
  CHECK_THAT(figure_of(both, k_steps), Contains(R"(d="M0 700L2 700 2 600 4 600 4 800 2 800 2 900 0 900Z"/>)"));
}

TEST_CASE("a faint line tells its name, but no values") {
  const auto figure =
      figure_of(chart({.name = "shop-7", .values = {50, 50, 50, 50, 50}, .look = Curve::Look::faint}), k_steps);
  CHECK_THAT(figure, Contains(R"(<path class="line faint" d="M1 500L3 500 5 500 7 500 9 500"><title>shop-7</title>)"));
  CHECK_THAT(figure, !Contains("data-values") && !Contains("legend"));
}

TEST_CASE("a line on the right has a scale and a unit of its own") {
  auto both = chart({.name = "CPU", .values = {50, 50, 50, 50, 50}});
  both.lines.push_back({.name = "rate", .values = {10, 10, 10, 10, 20}, .side = monitor::Side::right});
  both.right = monitor::Scale{.caption = "req/s"};
  const auto figure = figure_of(both, k_steps);
  CHECK_THAT(
      figure,
      Contains(R"(data-name="rate" data-unit=" req/s" data-values="10,10,10,10,20" d="M1 500L3 500 5 500 7 500 9 0")"));
  CHECK(count_of(figure, R"(<svg class="axis")") == 2);
}

TEST_CASE("a threshold far above all values is left away, so that the values can be seen") {
  auto small = chart({.name = "errors", .values = {0.1, 0.1, 0.1, 0.1, 0.1}});
  small.left.least_top = 1;
  small.levels = {{.value = 5, .label = "threshold 5%"}};
  CHECK_THAT(figure_of(small, k_steps), !Contains("threshold"));
  small.lines.front().values[2] = 2;
  CHECK_THAT(figure_of(small, k_steps), Contains(">threshold 5%</text>"));
}

TEST_CASE("each flag within the steps is marked once, with all that is to be told of it") {
  auto flagged = chart({.name = "instances", .values = {3, 3, 4, 4, 4}});
  flagged.flags = {{.at = t0 + 2min + 30s, .kind = Flag::Kind::up, .text = "3 to 4: <b>cpu</b>"},
                   {.at = t0 + 3min, .kind = Flag::Kind::failed, .text = "no"},
                   {.at = t0 + 1h, .kind = Flag::Kind::down, .text = "outside"}};
  const auto figure = figure_of(flagged, k_steps);
  CHECK_THAT(
      figure,
      Contains(
          R"(<svg class="flag up" x="50.00%" y="12" data-step="2"><title>3 to 4: &lt;b&gt;cpu&lt;/b&gt;</title>)"));
  CHECK(count_of(figure, R"(<svg class="flag)") == 2);
}

TEST_CASE("a figure has a name and a description for those who cannot see it") {
  const auto figure = figure_of(chart({.name = "one", .values = {1, 2, 3, 4, 5}}), k_steps);
  CHECK_THAT(figure, Contains(R"(<h3 id="cpu-title">CPU</h3><p id="cpu-told">it is told</p>)"));
  CHECK_THAT(figure, Contains(R"(role="img" aria-labelledby="cpu-title" aria-describedby="cpu-told")"));
}

TEST_CASE("a chart without a value is a word instead of a picture") {
  const auto figure = figure_of(chart({.name = "one", .values = {k_gap, k_gap, k_gap, k_gap, k_gap}}), k_steps);
  CHECK_THAT(figure, Contains("<p class=\"nothing\">no data</p>") && !Contains("<svg"));
}

TEST_CASE("spans lie in their lanes, and short ones can still be seen") {
  const std::vector<Lane> lanes{
      {.name = "high-cpu", .spans = {{.since = t0 + 1min, .until = t0 + 2min, .text = "hot & loud"}}},
      {.name = "errors", .spans = {{.since = t0 + 5min, .until = t0 + 5min, .is_critical = true, .text = "5xx"}}}};
  const auto figure = timeline_of("Alerts", lanes, k_steps);
  CHECK_THAT(
      figure,
      Contains(
          R"(<rect class="warning" x="20.00%" y="22" width="20.00%" height="10" rx="2"><title>hot &amp; loud</title>)"));
  CHECK_THAT(
      figure,
      Contains(R"(<rect class="critical" x="99.60%" y="58" width="0.40%" height="10" rx="2"><title>5xx</title>)"));
}

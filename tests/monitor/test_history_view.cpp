#include <string>

#include <catch2/catch.hpp>

#include "libscale/monitor/history_text.hpp"
#include "tests/fakes/golden.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/monitor/history_example.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using monitor::csv_of;
using monitor::HistoryView;
using monitor::json_of;

namespace {

control::Settings shop() {
  control::Settings settings;
  settings.deployment.prefix = "shop";
  return settings;
}

}  // namespace

TEST_CASE("the history for programs is as its golden file shows it") {
  CHECK(fakes::in_lines(json_of(test::history_example())) + '\n' == fakes::golden("history.json"));
}

TEST_CASE("a history of nothing has the same fields for programs, and they are empty") {
  CHECK(json::dump(json_of(HistoryView{.deployment = "shop", .range = {test::k_ten, test::k_ten + 1h}})) ==
        R"({"deployment":"shop","since":"2026-11-24T10:00:00Z","until":"2026-11-24T11:00:00Z","step_seconds":60,)"
        R"("fleet":[],"instances":[],"events":[],"alerts":[]})");
}

TEST_CASE("a history as CSV has a line for each figure that is known of a step") {
  auto view = test::history_example();
  view.fleet.resize(1);
  view.instances.resize(1);
  CHECK(csv_of(view) ==
        "time,instance,figure,mean,min,max\n"
        "2026-11-24T10:00:00Z,,instances,1,1,1\n"
        "2026-11-24T10:00:00Z,,serving,1,1,1\n"
        "2026-11-24T10:00:00Z,,cpu_percent,20,10,40\n"
        "2026-11-24T10:00:00Z,,memory_percent,30,29.5,31\n"
        "2026-11-24T10:00:00Z,,requests_per_second,5,0,20\n"
        "2026-11-24T10:00:00Z,,error_percent,0.1,0,1\n"
        "2026-11-24T10:00:00Z,,response_milliseconds,8.5,2,120\n"
        "2026-11-24T10:00:00Z,,host_cpu_percent,12.35,10,20\n"
        "2026-11-24T10:00:00Z,shop-1,serving,1,1,1\n"
        "2026-11-24T10:00:00Z,shop-1,cpu_percent,20,10,40\n"
        "2026-11-24T10:00:00Z,shop-1,memory_percent,30,29.5,31\n"
        "2026-11-24T10:00:00Z,shop-1,memory_bytes,22020096,21000000,23000000\n"
        "2026-11-24T10:00:00Z,shop-1,received_bytes_per_second,1500.46,0,3000\n");
  CHECK(csv_of(HistoryView{}) == "time,instance,figure,mean,min,max\n");
}

TEST_CASE("a young history is read in finer steps, and nothing beyond the range is told") {
  const fakes::TempDir dir;
  const auto now = test::k_ten;
  auto history = store::History::open(dir / "history.db", now);
  REQUIRE(history);
  for (auto at = now - 20min; at < now; at += 30s) {
    REQUIRE(history->add(store::FleetSample{
        .at = at, .instances = {{.number = 1, .cpu = Percent{40}}, {.number = 3}}, .cpu = Percent{40}}));
  }
  REQUIRE(history->add(store::ScalingEvent{.at = now - 15min, .from = 1, .to = 2}));
  REQUIRE(history->add(store::ScalingEvent{.at = now, .from = 2, .to = 1}));
  REQUIRE(history->put({.rule = "high-cpu", .fired_at = now - 10min}));
  REQUIRE(history->put({.rule = "errors", .fired_at = now}));
  const auto view = monitor::read_history(*history, shop(), {now - 7 * 24h, now});
  REQUIRE(view);
  CHECK(view->deployment == "shop");
  CHECK(view->range.since == now - 7 * 24h);
  CHECK(view->step == 1min);
  REQUIRE(view->fleet.size() == 20);
  CHECK(view->fleet[0].at == now - 20min);
  CHECK(view->fleet[0].cpu == test::spread(Percent{40}, Percent{40}, Percent{40}));
  REQUIRE(view->instances.size() == 40);
  CHECK(view->instances[0].number == 1);
  CHECK(view->instances[39].number == 3);
  REQUIRE(view->events.size() == 1);
  CHECK(view->events[0].to == 2);
  REQUIRE(view->alerts.size() == 1);
  CHECK(view->alerts[0].rule == "high-cpu");
}

TEST_CASE("samples that are far apart by the settings leave no gaps") {
  const fakes::TempDir dir;
  const auto now = test::k_ten;
  auto history = store::History::open(dir / "history.db", now);
  REQUIRE(history);
  for (auto at = now - 6h; at < now; at += 5min) {
    REQUIRE(history->add(store::FleetSample{.at = at, .instances = {{.number = 1}}}));
  }
  auto settings = shop();
  settings.check_interval = 300s;
  const auto view = monitor::read_history(*history, settings, {now - 6h, now});
  REQUIRE(view);
  CHECK(view->step == 5min);
  CHECK_THAT(text_of(*view, {.width = 80}), Catch::Matchers::Contains("\ndata for 100% of it, "));
}

TEST_CASE("a history in which nothing was written yet is empty") {
  const fakes::TempDir dir;
  auto history = store::History::open(dir / "history.db", test::k_ten);
  REQUIRE(history);
  const auto view = monitor::read_history(*history, shop(), {test::k_ten - 24h, test::k_ten});
  REQUIRE(view);
  CHECK(view->is_empty());
}

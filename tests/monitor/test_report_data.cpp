#include <catch2/catch.hpp>

#include "libscale/monitor/report_data.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using monitor::gather;

namespace {

const WallTime t0{std::chrono::seconds{1'795'514'400}};  // 24 Nov 2026 10:00

store::FleetSample sample(WallTime at, double cpu) {
  return {.at = at,
          .instances = {{.number = 1, .cpu = Percent{cpu}}, {.number = 2, .cpu = Percent{cpu}}},
          .cpu = Percent{cpu}};
}

control::Settings settings() {
  control::Settings settings;
  settings.deployment.prefix = "shop";
  settings.service = "shop-api";
  settings.rules.max_instances = 2;
  return settings;
}

}  // namespace

TEST_CASE("a report is gathered from the history, in the range and no more") {
  const fakes::TempDir dir;
  auto history = store::History::open(dir / "history.db", t0);
  REQUIRE(history);
  for (int minute = 0; minute < 60; ++minute) {
    REQUIRE(history->add(sample(t0 + std::chrono::minutes{minute}, minute < 20 ? 90 : 10)));
  }
  for (const auto at : {t0 + 1min, t0 + 15min, t0 + 50min}) {
    REQUIRE(history->add(store::ScalingEvent{.at = at, .from = 1, .to = 2, .reason = "cpu 90% > 80%"}));
    REQUIRE(history->put(
        {.rule = "high-cpu", .severity = "warning", .since = at, .fired_at = at, .resolved_at = at + 1min}));
  }
  const auto data = gather(*history, settings(), {.since = t0 + 10min, .until = t0 + 40min}, t0 + 1h);
  REQUIRE(data);
  CHECK(data->deployment == "shop");
  CHECK(data->service == "shop-api");
  CHECK(data->step == 1min);
  CHECK(data->written_at == t0 + 1h);
  CHECK(data->fleet.size() == 30);
  CHECK(data->instances.size() == 60);
  CHECK(data->events.size() == 1);
  CHECK(data->alerts.size() == 1);
  CHECK(data->summary.known == 30min);
  CHECK(data->summary.instance_hours == Approx(1));
  CHECK(data->summary.at_max == 30min);
  CHECK(data->summary.above_cpu == std::optional<std::chrono::seconds>(10min));
  CHECK(data->summary.ups == 1);
  CHECK(data->summary.alerts == std::vector<monitor::AlertTotal>{{.rule = "high-cpu", .count = 1, .firing = 1min}});
}

TEST_CASE("a report sees no gaps where samples are farther apart than a minute") {
  const fakes::TempDir dir;
  auto history = store::History::open(dir / "history.db", t0);
  REQUIRE(history);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(history->add(sample(t0 + 3min * i, 50)));
  }
  auto slow = settings();
  slow.check_interval = 150s;
  const auto data = gather(*history, slow, {.since = t0, .until = t0 + 1h}, t0 + 1h);
  REQUIRE(data);
  CHECK(data->step == 3min);
  CHECK(data->fleet.size() == 20);
  CHECK(data->summary.known == 1h);
}

TEST_CASE("a report on no time at all is refused") {
  const fakes::TempDir dir;
  auto history = store::History::open(dir / "history.db", t0);
  REQUIRE(history);
  const auto data = gather(*history, settings(), {.since = t0, .until = t0}, t0);
  REQUIRE_FALSE(data);
  CHECK(data.error() == Error{Errc::invalid, "a report needs a range that ends after it begins"});
}

#include <catch2/catch.hpp>

#include "libscale/monitor/snapshot.hpp"
#include "tests/fakes/golden.hpp"
#include "tests/monitor/made_up.hpp"

using namespace kscale;
using monitor::json_of;
using monitor::Snapshot;
using monitor::text_of;

TEST_CASE("the snapshot for programs is as its golden file shows it") {
  CHECK(fakes::in_lines(json_of(tests::made_up_trouble())) + '\n' == fakes::golden("snapshot.json"));
}

TEST_CASE("the snapshot for programs has the same fields when nothing is known") {
  const auto known = json_of(tests::made_up_trouble());
  const auto unknown = json_of(Snapshot{});
  REQUIRE(unknown.members().size() == known.members().size());
  for (std::size_t i = 0; i < known.members().size(); ++i) {
    CHECK(unknown.members()[i].first == known.members()[i].first);
  }
  for (const auto* const key : {"alerts", "events", "notices"}) {
    CHECK(json::dump(unknown[key]) == "[]");
  }
}

TEST_CASE("the snapshot for people is the overview with alerts, events and notices below") {
  const auto snapshot = tests::made_up_trouble();
  CHECK(text_of(snapshot) ==
        operate::text_of(snapshot.overview) +
            "\n"
            "alert: critical errors: 7.4% of the answers are 5xx, above 5% (since 2026-11-24T09:54:48Z)\n"
            "alert: warning high-cpu: cpu of street-noshery-backend-1 is 93.1%, above 80% (since "
            "2026-11-24T09:58:25Z)\n"
            "alert: critical unhealthy-instance: street-noshery-backend-2 is unhealthy: its HEALTHCHECK fails (since "
            "2026-11-24T09:59:20Z)\n"
            "alert: warning slow-responses: responses take 1240 ms on average, above 1000 ms (since "
            "2026-11-24T09:59:42Z, not firing yet)\n"
            "event: 2026-11-24T06:58:00Z 2 -> 3 kscale-auto: cpu 91% > 80%\n"
            "event: 2026-11-24T09:19:00Z 3 -> 4 kscale-deploy: asked for by an operator\n"
            "event: 2026-11-24T09:56:35Z 4 -> 3 kscale-auto: cpu 22% < 30%, memory 31% < 40%\n"
            "event: 2026-11-24T09:59:30Z 3 -> 6 kscale-auto: cpu 96% > 80%; failed: start street-noshery-backend-7: "
            "port is already allocated\n"
            "note: kscale-monitor, pid 812 records the history; this one only shows it\n");
}

TEST_CASE("that Kong does not measure the service is among the notices, before the monitor's own") {
  auto snapshot = tests::made_up(1);
  snapshot.overview.sample.notice = "Kong does not measure service 'shop'";
  snapshot.notices = {"this one only shows it"};
  CHECK(json::dump(json_of(snapshot)["notices"]) ==
        R"(["Kong does not measure service 'shop'","this one only shows it"])");
  const auto text = text_of(snapshot);
  CHECK(text.find("note: Kong does not measure service 'shop'\n") != std::string::npos);
  CHECK(text.find("note: this one only shows it\n") != std::string::npos);
}

TEST_CASE("a snapshot of what is well says that there is no alert") {
  auto snapshot = tests::made_up(1);
  snapshot.events.clear();
  CHECK(text_of(snapshot) == operate::text_of(snapshot.overview) + "\nalert: none\n");
}

TEST_CASE("outside text in a snapshot cannot reach the terminal as it is") {
  auto snapshot = tests::made_up_trouble();
  snapshot.alerts[0].finding.summary = "\x1b[2J";
  snapshot.events[0].reason = "\x1b[2J";
  snapshot.notices = {"\x1b[2J"};
  CHECK(text_of(snapshot).find('\x1b') == std::string::npos);
}

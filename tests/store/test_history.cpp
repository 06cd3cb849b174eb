#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "libscale/store/history.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"
#include "tests/store/made_history.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using fakes::TempDir;
using test::in_children;
using namespace std::chrono_literals;

/// The file as SQLite sees it, past all that History does.
Database bare(const fs::path& path) {
  constexpr std::array<const char*, 4> k_as_they_are = {"", "", "", ""};
  return Database::open(path, k_as_they_are, Durability::process_crash, Check::as_read).value();
}

std::int64_t count(Database& database, const std::string& table) {
  return integer(database.rows(("SELECT count(*) FROM " + table).c_str()).value().at(0).at(0)).value();
}

double mean_instances(History& history, WallTime minute) {
  const auto points = history.fleet({minute, minute + 60s}, 60s).value();
  return points.size() == 1 ? points[0].instances.mean : -1;
}

TEST_CASE("an event comes back as it was added, after the history was opened again") {
  const TempDir dir;
  ScalingEvent full{.at = k_now,
                    .from = 3,
                    .to = 4,
                    .reason = "naïve 'quoted' reason",
                    .cpu = Percent{91.234},
                    .memory = Percent{0},
                    .request_rate = RequestsPerSecond{120},
                    .response_time = Milliseconds{3.5},
                    .actor = "kscale-deploy",
                    .outcome = "add instance 4: no such image"};
  const ScalingEvent bare{.at = k_now, .from = 4, .to = 3};
  {
    auto history = History::open(dir / "history", k_now).value();
    CHECK(history.take_notice() == std::nullopt);
    CHECK(history.add(full));
    CHECK(history.add(bare));
  }
  auto history = History::open(dir / "history", k_now).value();
  CHECK(history.take_notice() == std::nullopt);
  CHECK(history.events(k_now, 10).value() == std::vector{full, bare});
  CHECK_FALSE(full.succeeded());
  CHECK(bare.succeeded());
}

TEST_CASE("a number that is not finite is unknown") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  ScalingEvent odd = event(1);
  odd.cpu = Percent{std::numeric_limits<double>::infinity()};
  odd.memory = Percent{std::numeric_limits<double>::quiet_NaN()};
  CHECK(history.add(odd));
  const auto events = history.events(k_now, 1).value();
  REQUIRE(events.size() == 1);
  CHECK(events[0].cpu == std::nullopt);
  CHECK(events[0].memory == std::nullopt);
}

TEST_CASE("the newest events since a time are given, oldest first") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  for (const int n : {5, 1, 4, 2, 3}) {
    CHECK(history.add(event(n)));
  }
  CHECK(history.events(k_now, 2).value() == std::vector{event(4), event(5)});
  CHECK(history.events(event(4).at, std::numeric_limits<std::size_t>::max()).value() ==
        std::vector{event(4), event(5)});
  CHECK(history.events(k_now, 0).value().empty());
  CHECK(history.events(event(6).at, 10).value().empty());
}

TEST_CASE("several processes add to one history, which they begin together") {
  const TempDir dir;
  const auto statuses = in_children(4, [&](int) {
    auto history = History::open(dir / "history", k_now);
    bool good = history && !history->take_notice();
    for (int added = 0; good && added < 25; ++added) {
      good = history->add(event(added)).has_value();
    }
    return good ? 0 : 1;
  });
  CHECK(statuses == std::vector(4, 0));
  CHECK(History::open(dir / "history", k_now).value().events(k_now, 1000).value().size() == 100);
}

TEST_CASE("an alert comes back as it was put, and is brought up to date under its name") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  AlertRecord first = alert(1);
  CHECK(history.put(first));
  CHECK(history.put(alert(2)));
  CHECK(history.alerts(k_t0, 10).value() == std::vector{first, alert(2)});
  first.resolved_at = first.fired_at + 90s;
  first.summary = "cpu 70%";
  first.told = true;
  CHECK(history.put(first));
  CHECK(history.alerts(k_t0, 10).value() == std::vector{first, alert(2)});
  AlertRecord again = alert(1);
  again.fired_at += 10min;
  CHECK(history.put(again));
  CHECK(history.alerts(k_t0, 10).value() == std::vector{first, alert(2), again});
  CHECK(history.alerts(k_t0, 2).value() == std::vector{alert(2), again});
}

TEST_CASE("an alert that was told stays so, whoever brings it up to date") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  auto one = alert(1);
  one.told = true;
  CHECK(history.put(one));
  one.told = false;
  one.resolved_at = one.fired_at + 90s;
  CHECK(history.put(one));
  CHECK(history.alerts(k_t0, 10).value().front().told);
}

TEST_CASE("alerts since a time are those that fired or had not ended then") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  const AlertRecord ended = alert(1, k_t0 + 2min);
  const AlertRecord going_on = alert(2);
  const AlertRecord later = alert(9, k_t0 + 10min);
  for (const auto& one : {ended, going_on, later}) {
    CHECK(history.put(one));
  }
  CHECK(history.alerts(k_t0 + 2min, 10).value() == std::vector{ended, going_on, later});
  CHECK(history.alerts(k_t0 + 2min + 1ms, 10).value() == std::vector{going_on, later});
  CHECK(history.alerts(k_t0 + 24h, 10).value() == std::vector{going_on});
}

TEST_CASE("a history of the first version keeps its events") {
  const TempDir dir;
  {
    constexpr std::array<const char*, 1> k_first = {
        R"(CREATE TABLE events(
             id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, from_instances INTEGER NOT NULL,
             to_instances INTEGER NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL, cpu_percent REAL,
             memory_percent REAL, requests_per_second REAL, response_time_ms REAL) STRICT;
           CREATE INDEX events_at ON events(at_ms);)"};
    auto database = Database::open(dir / "history", k_first, Durability::process_crash).value();
    CHECK(
        database.run("INSERT INTO events VALUES (1, 1700000001900, 'kscale-auto', 1, 2, 'cpu 91% > 80%', 'done', 91, "
                     "NULL, NULL, NULL)"));
  }
  auto history = History::open(dir / "history", k_now).value();
  CHECK(history.take_notice() == std::nullopt);
  CHECK(history.events(k_now, 10).value() == std::vector{event(1)});
  CHECK(history.add(sample(k_t0)));
  CHECK(history.put(alert(1)));
  CHECK(history.fleet(k_always, 60s).value().size() == 1);
}

TEST_CASE("times that no clock tells are those at the ends of what can be told") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  auto database = bare(dir / "history");
  CHECK(database.run_all(
      R"(INSERT INTO alerts(rule, subject, since_ms, fired_at_ms, resolved_at_ms, severity, summary) VALUES
           ('a', '', -1, -9223372036854775808, NULL, '', ''),
           ('b', '', 0, 1700000000000, 9223372036854775807, '', ''))"));
  const auto alerts = history.alerts(k_now, 10).value();
  REQUIRE(alerts.size() == 2);
  CHECK(alerts[0].since == WallTime{});
  CHECK(alerts[0].fired_at == WallTime{});
  CHECK(alerts[1].resolved_at == WallTime(9'214'646'399'999ms));
}

TEST_CASE("samples, minutes, events and resolved alerts go when their time is over") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now, {.samples = 1h, .minutes = 3h}).value();
  CHECK(history.add(ScalingEvent{.at = k_t0 - k_keep_events}));
  CHECK(history.put(alert(0, k_t0 + 1min)));
  CHECK(history.put(alert(1)));
  for (auto at = 0min; at < 6h; at += 1min) {
    CHECK(history.add(sample(k_t0 + at)));
  }
  const WallTime last = k_t0 + 6h - 1min;
  const auto samples = history.instances(k_always, 1s).value();
  CHECK(samples.at(0).at == last - 1h);
  CHECK(samples.size() == 122);
  const auto minutes = history.fleet(k_always, 60s).value();
  CHECK(minutes.at(0).at == last - 3h);
  CHECK(minutes.size() == 181);
  CHECK(history.events(WallTime{}, 10).value().empty());
  CHECK(history.alerts(WallTime{}, 10).value().size() == 2);
  CHECK(history.add(sample(k_t0 + 2min + k_keep_events)));
  CHECK(history.alerts(WallTime{}, 10).value() == std::vector{alert(1)});
}

TEST_CASE("a shorter retention, or a long pause, is caught up with bit by bit") {
  const TempDir dir;
  {
    auto history = History::open(dir / "history", k_now).value();
    for (int n = 0; n < 200; ++n) {
      CHECK(history.add(sample(k_t0 + n * 60s)));
    }
  }
  auto history = History::open(dir / "history", k_now, {.samples = 1h, .minutes = 1h}).value();
  auto database = bare(dir / "history");
  std::vector<std::int64_t> left;
  for (int n = 0; n < 8; ++n) {
    CHECK(history.add(sample(k_t0 + 24h + n * 1s)));
    left.push_back(count(database, "fleet_samples"));
  }
  CHECK(left == std::vector<std::int64_t>{171, 142, 113, 84, 55, 26, 7, 8});
  CHECK(count(database, "fleet_minutes") == 0);
  CHECK(count(database, "instance_minutes") == 0);
}

TEST_CASE("a clock that is set back an hour breaks nothing, and no sample is averaged twice") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  for (auto at = 0min; at <= 120min; at += 1min) {
    CHECK(history.add(sample(k_t0 + at, 1)));
  }
  for (auto at = 60min; at <= 180min; at += 1min) {
    CHECK(history.add(sample(k_t0 + at, 3)));
    CHECK(history.add(sample(k_t0 + at + 1s, 3)));
  }
  CHECK(mean_instances(history, k_t0 + 59min) == 1);
  CHECK(mean_instances(history, k_t0 + 60min) == 2.33);
  CHECK(mean_instances(history, k_t0 + 120min) == 2.33);
  CHECK(mean_instances(history, k_t0 + 121min) == 3);
  CHECK(history.fleet(k_always, 60s).value().size() == 181);
  auto database = bare(dir / "history");
  CHECK(count(database, "fleet_samples") == 121 + 2 * 121);
  CHECK(database.rows("SELECT sum(samples) FROM fleet_minutes").value() ==
        std::vector<Row>{{std::int64_t{121 + 2 * 120}}});
}

TEST_CASE("a clock that ran far ahead for a moment costs only some of what is oldest") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  for (int n = 0; n < 200; ++n) {
    CHECK(history.add(sample(k_t0 + n * 60s)));
  }
  CHECK(history.add(sample(k_t0 + 24h * 10'000)));
  CHECK(history.add(sample(k_t0 + 200 * 60s)));
  CHECK(history.fleet(k_always, 60s).value().size() == 171);
}

TEST_CASE("two processes add samples at the same moments, and each minute has those of both") {
  const TempDir dir;
  const auto statuses = in_children(2, [&](int which) {
    auto history = History::open(dir / "history", k_now);
    bool good = history && !history->take_notice();
    for (int n = 0; good && n <= 300; ++n) {
      good = history->add(sample(k_t0 + n * 2s, which == 0 ? 1 : 3)).has_value();
    }
    return good ? 0 : 1;
  });
  CHECK(statuses == std::vector(2, 0));
  auto history = History::open(dir / "history", k_now).value();
  for (auto at = 0min; at < 10min; at += 1min) {
    CHECK(mean_instances(history, k_t0 + at) == Approx(2).margin(0.05));  // rounded at each merge
  }
  CHECK(history.instances(k_always, 1h).value().size() == 3);
}

TEST_CASE("a reader in the middle of its work blocks no writer, and sees what was there when it began") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  for (int n = 0; n < 100; ++n) {
    CHECK(history.add(sample(k_t0 + n * 1s)));
  }
  auto reader = bare(dir / "history");
  int seen = 0;
  CHECK(reader.for_each_row("SELECT id FROM fleet_samples ORDER BY id", {}, [&](const Row&) {
    ++seen;
    CHECK(history.add(sample(k_t0 + 100s + seen * 1s)));
  }));
  CHECK(seen == 100);
  CHECK(count(reader, "fleet_samples") == 200);
}

TEST_CASE("the journal stays small, and is cut back after a reader held it up") {
  constexpr std::uintmax_t k_bound = 6'000'000;
  const TempDir dir;
  const fs::path journal = (dir / "history").string() + "-wal";
  auto history = History::open(dir / "history", k_now).value();
  auto add = [&, n = 0](int count) mutable {
    for (const int end = n + count; n < end; ++n) {
      REQUIRE(history.add(sample(k_t0 + n * 1s, 200)));
    }
  };
  add(300);
  CHECK(fs::file_size(journal) < k_bound);
  auto reader = bare(dir / "history");
  bool first = true;
  CHECK(reader.for_each_row("SELECT id FROM fleet_samples LIMIT 2", {}, [&](const Row&) {
    if (std::exchange(first, false)) {
      add(300);
      CHECK(fs::file_size(journal) > k_bound);
    }
  }));
  add(300);
  CHECK(fs::file_size(journal) < k_bound);
}

TEST_CASE("a writer that finds the history held by another gives up after two seconds") {
  const TempDir dir;
  auto history = History::open(dir / "history", k_now).value();
  const test::Victim holder(1, [&](const auto& report) {
    auto database = bare(dir / "history");
    const auto transaction = Transaction::begin(database);
    report();
    pause();
  });
  const std::string path = (dir / "history").string();
  CHECK(history.add(sample(k_t0)).error() ==
        Error{Errc::busy, "add to the history: '" + path + "' was held by another process for 2000 ms"});
  CHECK(history.fleet(k_always, 60s).value().empty());
}

}  // namespace
}  // namespace kscale::store

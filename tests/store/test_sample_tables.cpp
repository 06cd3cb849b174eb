#include <array>
#include <chrono>
#include <limits>

#include <catch2/catch.hpp>

#include "libscale/store/sample_tables.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace kscale::store {
namespace {

using namespace std::chrono_literals;
using fakes::TempDir;

/// The begin of a minute, and of half an hour.
constexpr WallTime k_t0{1'699'999'200s};

class Tables {
 public:
  Database& database() { return m_database; }

  /// As the history does it.
  void add(const FleetSample& sample) {
    CHECK(add_sample(m_database, sample));
    CHECK(make_minutes(m_database, sample.at));
  }
  void add_cpu(WallTime at, std::optional<Percent> cpu) {
    add({.at = at, .instances = {{.number = 1, .cpu = cpu}}, .cpu = cpu});
  }

  std::vector<FleetPoint> fleet(std::chrono::seconds step, TimeRange range = {k_t0 - 24h, k_t0 + 24h}) {
    return fleet_points(m_database, range, step).value();
  }
  std::vector<InstancePoint> instances(std::chrono::seconds step, TimeRange range = {k_t0 - 24h, k_t0 + 24h}) {
    return instance_points(m_database, range, step).value();
  }
  std::int64_t count(const char* table) {
    return integer(m_database.rows(fmt::format("SELECT count(*) FROM {}", table).c_str()).value().at(0).at(0)).value();
  }

 private:
  TempDir m_dir;
  Database m_database =
      Database::open(m_dir / "db", std::array{k_sample_tables}, Durability::process_crash, Check::as_read).value();
};

template <class T>
Spread<T> all(T value) {
  return {.mean = value, .least = value, .most = value};
}

template <class T>
std::vector<T> means(const std::vector<FleetPoint>& points, std::optional<Spread<T>> FleetPoint::*figure) {
  std::vector<T> found;
  found.reserve(points.size());
  for (const auto& point : points) {
    found.push_back((point.*figure).value().mean);
  }
  return found;
}

TEST_CASE("a sample comes back as it was, to a hundredth and a KiB") {
  Tables tables;
  tables.add({.at = k_t0 + 1500ms,
              .instances = {{.number = 7,
                             .serving = false,
                             .cpu = Percent{250.25},
                             .memory = Percent{0},
                             .memory_used = Bytes{std::uint64_t{3} << 30U},
                             .received = BytesPerSecond{1234},
                             .sent = BytesPerSecond{0.4}},
                            {.number = 2}},
              .cpu = Percent{91.234},
              .memory = Percent{12.5},
              .request_rate = RequestsPerSecond{0.125},
              .error_rate = Percent{0.004},
              .response_time = Milliseconds{3.5},
              .response_time_p95 = Milliseconds{12'345.67},
              .host_cpu = Percent{1},
              .host_memory = Percent{2},
              .host_disk = Percent{100}});
  const FleetPoint fleet{.at = k_t0 + 1s,
                         .instances = all(2.0),
                         .serving = all(1.0),
                         .cpu = all(Percent{91.23}),
                         .memory = all(Percent{12.5}),
                         .request_rate = all(RequestsPerSecond{0.13}),
                         .error_rate = all(Percent{0}),
                         .response_time = all(Milliseconds{3.5}),
                         .response_time_p95 = all(Milliseconds{12'345.67}),
                         .host_cpu = all(Percent{1}),
                         .host_memory = all(Percent{2}),
                         .host_disk = all(Percent{100})};
  CHECK(tables.fleet(1s) == std::vector{fleet});
  const InstancePoint second{.number = 2, .at = k_t0 + 1s, .serving = all(1.0)};
  const InstancePoint seventh{.number = 7,
                              .at = k_t0 + 1s,
                              .serving = all(0.0),
                              .cpu = all(Percent{250.25}),
                              .memory = all(Percent{0}),
                              .memory_used = all(Bytes{std::uint64_t{3} << 30U}),
                              .received = all(BytesPerSecond{1234}),
                              .sent = all(BytesPerSecond{0})};
  CHECK(tables.instances(1s) == std::vector{second, seventh});
}

TEST_CASE("what is unknown in a sample is absent, and so is what is no figure") {
  Tables tables;
  tables.add({.at = k_t0,
              .cpu = Percent{std::numeric_limits<double>::quiet_NaN()},
              .memory = Percent{std::numeric_limits<double>::infinity()},
              .request_rate = RequestsPerSecond{1e300}});
  CHECK(tables.fleet(1s) == std::vector{FleetPoint{.at = k_t0}});
  CHECK(tables.instances(1s).empty());
}

TEST_CASE("a minute has the mean, the least and the most of its samples, and stays when they are dropped") {
  Tables tables;
  const auto sample = [](WallTime at, std::optional<Percent> cpu, bool serving) {
    return FleetSample{.at = at,
                       .instances = {{.number = 1, .serving = serving, .cpu = cpu, .memory_used = Bytes{4096}},
                                     {.number = 2, .sent = BytesPerSecond{cpu ? cpu->value : 0}}},
                       .cpu = cpu};
  };
  tables.add(sample(k_t0, Percent{10}, true));
  tables.add(sample(k_t0 + 20s, Percent{20.01}, true));
  tables.add(sample(k_t0 + 40s, std::nullopt, false));
  tables.add(sample(k_t0 + 59'999ms, Percent{60}, true));
  CHECK(tables.count("fleet_minutes") == 0);
  tables.add({.at = k_t0 + 60s});  // without instances
  CHECK(tables.count("fleet_minutes") == 1);
  CHECK(tables.count("instance_minutes") == 2);
  CHECK(drop_samples(tables.database(), k_t0 + 60s, k_t0));
  CHECK(tables.count("fleet_samples") == 1);
  CHECK(tables.count("instance_samples") == 0);

  const auto fleet = tables.fleet(60s);
  REQUIRE(fleet.size() == 2);
  // (10 + 20.01 + 60) / 3 is 30.0033
  const Spread<Percent> cpu{.mean = Percent{30}, .least = Percent{10}, .most = Percent{60}};
  CHECK(fleet[0] == FleetPoint{.at = k_t0,
                               .samples = 4,
                               .instances = all(2.0),
                               .serving = {.mean = 1.75, .least = 1, .most = 2},
                               .cpu = cpu});
  CHECK(fleet[1] == FleetPoint{.at = k_t0 + 60s});
  const auto instances = tables.instances(60s);
  REQUIRE(instances.size() == 2);
  CHECK(instances[0] == InstancePoint{.number = 1,
                                      .at = k_t0,
                                      .samples = 4,
                                      .serving = {.mean = 0.75, .least = 0, .most = 1},
                                      .cpu = cpu,
                                      .memory_used = all(Bytes{4096})});
  // (10 + 20 + 0 + 60) / 4 is 22.5
  CHECK(instances[1] ==
        InstancePoint{.number = 2,
                      .at = k_t0,
                      .samples = 4,
                      .serving = all(1.0),
                      .sent = Spread<BytesPerSecond>{
                          .mean = BytesPerSecond{23}, .least = BytesPerSecond{0}, .most = BytesPerSecond{60}}});
}

TEST_CASE("a step weighs each minute by its samples, also the minute that is not over") {
  Tables tables;
  tables.add_cpu(k_t0, Percent{90});
  for (const auto at : {60s, 80s, 100s}) {
    tables.add_cpu(k_t0 + at, Percent{10});
  }
  tables.add_cpu(k_t0 + 120s, Percent{30});
  tables.add_cpu(k_t0 + 150s, Percent{50});
  const Spread<Percent> cpu{.mean = Percent{200.0 / 6}, .least = Percent{10}, .most = Percent{90}};
  CHECK(tables.fleet(30min) ==
        std::vector{FleetPoint{.at = k_t0, .samples = 6, .instances = all(1.0), .serving = all(1.0), .cpu = cpu}});
  CHECK(tables.instances(30min) ==
        std::vector{InstancePoint{.number = 1, .at = k_t0, .samples = 6, .serving = all(1.0), .cpu = cpu}});
  CHECK(means(tables.fleet(60s), &FleetPoint::cpu) == std::vector{Percent{90}, Percent{10}, Percent{40}});
}

TEST_CASE("a step tells in how many of its samples an instance was") {
  Tables tables;
  for (auto at = 0s; at < 20min; at += 30s) {
    FleetSample sample{.at = k_t0 + at, .instances = {{.number = 1}}};
    if (at >= 5min && at < 8min) {
      sample.instances.push_back({.number = 2});
    }
    tables.add(sample);
  }
  const auto fleet = tables.fleet(20min);
  REQUIRE(fleet.size() == 1);
  CHECK(fleet[0].samples == 40);
  const auto instances = tables.instances(20min);
  REQUIRE(instances.size() == 2);
  CHECK(instances[0].samples == 40);
  CHECK(instances[1].samples == 6);
}

TEST_CASE("samples that come late go into the averages of their minute, once") {
  Tables tables;
  tables.add_cpu(k_t0, Percent{10});
  tables.add_cpu(k_t0 + 60s, Percent{50});
  tables.add_cpu(k_t0 + 1s, Percent{40});
  tables.add_cpu(k_t0 + 2s, std::nullopt);
  tables.add_cpu(k_t0 + 3s, Percent{40});
  CHECK(means(tables.fleet(60s), &FleetPoint::cpu) == std::vector{Percent{30}, Percent{50}});
  for (const auto at : {120s, 180s}) {
    tables.add_cpu(k_t0 + at, Percent{50});
    // Of the late ones two of three were known: 40 weighs 3, and 10 weighs 1.
    CHECK(tables.fleet(60s).at(0).cpu ==
          Spread<Percent>{.mean = Percent{32.5}, .least = Percent{10}, .most = Percent{40}});
    CHECK(tables.instances(60s).at(0).cpu ==
          Spread<Percent>{.mean = Percent{32.5}, .least = Percent{10}, .most = Percent{40}});
  }
}

TEST_CASE("a figure that only one part of a minute knows is that part's") {
  Tables tables;
  tables.add_cpu(k_t0, std::nullopt);
  tables.add_cpu(k_t0 + 60s, Percent{10});
  tables.add_cpu(k_t0 + 1s, Percent{40});
  tables.add_cpu(k_t0 + 61s, std::nullopt);
  tables.add_cpu(k_t0 + 120s, Percent{1});
  tables.add_cpu(k_t0 + 62s, std::nullopt);
  tables.add_cpu(k_t0 + 180s, Percent{1});
  const auto fleet = tables.fleet(60s);
  CHECK(fleet.at(0).cpu == all(Percent{40}));
  CHECK(fleet.at(1).cpu == all(Percent{10}));
}

TEST_CASE("samples of one moment, by two writers, are two samples") {
  Tables tables;
  tables.add_cpu(k_t0, Percent{10});
  tables.add_cpu(k_t0, Percent{30});
  CHECK(tables.fleet(1s).at(0).cpu == Spread<Percent>{.mean = Percent{20}, .least = Percent{10}, .most = Percent{30}});
  CHECK(tables.instances(1s).at(0).cpu ==
        Spread<Percent>{.mean = Percent{20}, .least = Percent{10}, .most = Percent{30}});
}

TEST_CASE("steps begin at multiples of the step, whatever the range") {
  Tables tables;
  for (int n = 0; n < 12; ++n) {
    tables.add_cpu(k_t0 + n * 10s, Percent{static_cast<double>(n)});
  }
  const auto at = [](const std::vector<FleetPoint>& points) {
    std::vector<std::chrono::milliseconds> found;
    found.reserve(points.size());
    for (const auto& point : points) {
      found.push_back(point.at - k_t0);
    }
    return found;
  };
  using Spans = std::vector<std::chrono::milliseconds>;
  CHECK(at(tables.fleet(30s, {k_t0 + 10s, k_t0 + 90s})) == Spans{0s, 30s, 60s});
  CHECK(tables.fleet(30s, {k_t0 + 10s, k_t0 + 90s}).at(0).cpu->mean == Percent{1.5});
  CHECK(at(tables.fleet(0s, {k_t0, k_t0 + 21s})) == Spans{0s, 10s, 20s});
  CHECK(tables.fleet(30s, {k_t0 + 90s, k_t0}).empty());
}

TEST_CASE("a minute counts for the range that it begins in, a sample for the one that it is in") {
  Tables tables;
  for (int n = 0; n < 15; ++n) {
    tables.add_cpu(k_t0 + n * 10s, Percent{static_cast<double>(n)});
  }
  CHECK(tables.fleet(60s, {k_t0 - 10s, k_t0 + 1s}).size() == 1);
  CHECK(tables.fleet(60s, {k_t0 + 1ms, k_t0 + 60s}).empty());
  CHECK(means(tables.fleet(60s, {k_t0 + 60s, k_t0 + 130s}), &FleetPoint::cpu) ==
        std::vector{Percent{8.5}, Percent{12}});
}

TEST_CASE("what is old is dropped from the oldest on, a bit at a time") {
  Tables tables;
  for (int n = 0; n < 2 * k_drop_at_once; ++n) {
    tables.add_cpu(k_t0 + n * 1min, Percent{1});
  }
  CHECK(drop_samples(tables.database(), k_t0 + 24h, k_t0));
  CHECK(tables.count("fleet_samples") == k_drop_at_once);
  CHECK(tables.count("instance_samples") == k_drop_at_once);
  CHECK(tables.fleet(1s).at(0).at == k_t0 + k_drop_at_once * 1min);
  CHECK(drop_samples(tables.database(), k_t0, k_t0 + 10min));
  CHECK(tables.fleet(60s).at(0).at == k_t0 + 10min);
  CHECK(tables.instances(60s).at(0).at == k_t0 + 10min);
  CHECK(drop_samples(tables.database(), k_t0 + 24h, k_t0 + 24h));
  CHECK(tables.count("fleet_samples") == 0);
  CHECK(tables.count("instance_samples") == 0);
  CHECK(tables.fleet(60s).at(0).at == k_t0 + (10 + k_drop_at_once) * 1min);
}

TEST_CASE("rows that kscale never writes are passed over") {
  Tables tables;
  tables.add_cpu(k_t0, Percent{1});
  CHECK(tables.database().run_all(
      R"(INSERT INTO fleet_minutes(minute, samples, cpu_mean, cpu_least, cpu_most) VALUES
           (28333320, 0, 1, 1, 1), (28333321, -1, 1, 1, 1), (28333322, 9223372036854775807, 100, NULL, 1);
         INSERT INTO fleet_minutes(minute, samples, instances_mean, instances_least, instances_most) VALUES
           (28333323, 1, -100, -100, 100), (28333324, 9223372036854775807, 9223372036854775807, 0, 100);
         INSERT INTO instance_minutes(minute, number, samples, memory_used_mean, memory_used_least, memory_used_most)
           VALUES (28333320, -1, 1, 1, 1, 1), (28333320, 9223372036854775807, 1, 1, 1, 1),
                  (28333321, 1, 1, -1, -9223372036854775808, 9223372036854775807))"));
  const auto fleet = tables.fleet(60s);
  REQUIRE(fleet.size() == 4);
  CHECK(fleet[0].cpu == all(Percent{1}));
  for (int n = 1; n < 4; ++n) {  // their rows have no number of instances
    CHECK(fleet.at(static_cast<std::size_t>(n)) == FleetPoint{.at = k_t0 + (n + 1) * 60s, .samples = 0});
  }
  const auto instances = tables.instances(60s);
  REQUIRE(instances.size() == 2);
  CHECK(instances[1] == InstancePoint{.number = 1, .at = k_t0 + 60s, .samples = 0});
}

}  // namespace
}  // namespace kscale::store

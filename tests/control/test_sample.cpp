#include <limits>

#include <catch2/catch.hpp>

#include "libscale/control/sample.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using control::CpuBasis;
using control::Readings;
using control::Sample;
using control::sample_between;
using control::SampleContext;
using docker::Health;

namespace {

constexpr double k_infinity = std::numeric_limits<double>::infinity();
const WallTime k_started{std::chrono::hours(400'000)};

fleet::Instance instance(int number) {
  docker::Container container;
  container.id = fmt::format("id{}", number);
  container.name = fmt::format("shop-{}", number);
  container.state = docker::State::running;
  container.started_at = k_started;
  return {number, container};
}

docker::Stats stats(std::chrono::nanoseconds used, std::chrono::seconds at) {
  return {.cpu = {.used = used, .system = at * 2, .online_cpus = 2, .read_at = at},
          .memory = metrics::MemoryReading{.usage = {600}, .inactive_file = {100}, .limit = {1000}},
          .network = docker::NetworkReading{.received = {static_cast<std::uint64_t>(at.count()) * 10},
                                            .sent = {static_cast<std::uint64_t>(at.count())}}};
}

Readings readings(std::chrono::seconds at, double cores) {
  Readings readings;
  readings.at = Instant{at};
  const auto used = std::chrono::duration<double>(at) * cores;
  readings.containers["id1"] = stats(std::chrono::duration_cast<std::chrono::nanoseconds>(used), at);
  return readings;
}

SampleContext context() {
  return {.now = {.instant = Instant{10s}, .wall = k_started + 1h},
          .warm_up = 30s,
          .cpu_basis = CpuBasis::core,
          .host_memory = Bytes{800},
          .service = "shop"};
}

/// The figures of ten seconds in which a container used half a core.
Sample ten_seconds(const Readings& earlier, const Readings& later) {
  return sample_between(earlier, later, {instance(1)}, context());
}

}  // namespace

TEST_CASE("a sample of two readings has the figures of the span between them") {
  const auto sample = ten_seconds(readings(10s, 0.5), readings(20s, 0.5));
  REQUIRE(sample.instances.size() == 1);
  const auto& one = sample.instances.front();
  CHECK(one.number == 1);
  CHECK(one.name == "shop-1");
  CHECK(one.uptime == std::chrono::seconds(3600));
  CHECK_FALSE(one.warming_up);
  CHECK(one.cpu->value == Approx(50));
  CHECK(one.memory->value == Approx(62.5));  // 500 of the host's 800, the limit being above
  CHECK(one.memory_used == Bytes{500});
  CHECK(one.received->value == Approx(10));
  CHECK(one.sent->value == Approx(1));
  CHECK(sample.load().cpu->at_least.value == Approx(50));
  CHECK(sample.load().cpu->complete);
}

TEST_CASE("without an earlier reading only what needs no span is known") {
  const auto sample = sample_between(std::nullopt, readings(20s, 0.5), {instance(1)}, context());
  const auto& one = sample.instances.front();
  CHECK_FALSE(one.cpu.has_value());
  CHECK_FALSE(one.received.has_value());
  CHECK(one.memory.has_value());
  CHECK_FALSE(sample.request_rate.has_value());
  CHECK_FALSE(sample.host_cpu.has_value());
  CHECK_FALSE(sample.load().cpu.has_value());
}

TEST_CASE("an instance that could not be read, or only once, is unknown and not idle") {
  auto earlier = readings(10s, 0.5);
  auto later = readings(20s, 0.5);
  later.containers["id2"] = stats(1s, 20s);
  const auto sample = sample_between(earlier, later, {instance(1), instance(2), instance(3)}, context());
  REQUIRE(sample.instances.size() == 3);
  CHECK_FALSE(sample.instances[1].cpu.has_value());
  CHECK(sample.instances[1].memory.has_value());
  CHECK_FALSE(sample.instances[2].memory.has_value());
  CHECK_FALSE(sample.load().cpu->complete);
}

TEST_CASE("a container that was started anew between the readings has no figures of a span") {
  const auto sample = ten_seconds(readings(20s, 0.5), readings(10s, 0.1));
  CHECK_FALSE(sample.instances.front().cpu.has_value());
  CHECK_FALSE(sample.instances.front().received.has_value());
}

TEST_CASE("CPU is a share of the container's own limit where that is asked for and there is one") {
  auto limited = instance(1);
  limited.container.cpu_limit = Cores{0.5};
  auto by_limit = context();
  by_limit.cpu_basis = CpuBasis::limit;
  const auto cpu = [&](const fleet::Instance& one, const SampleContext& how) {
    return sample_between(readings(10s, 0.5), readings(20s, 0.5), {one}, how).instances.front().cpu->value;
  };
  CHECK(cpu(limited, context()) == Approx(50));
  CHECK(cpu(limited, by_limit) == Approx(100));
  CHECK(cpu(instance(1), by_limit) == Approx(50));
}

TEST_CASE("an instance is warming up while it is young, or while its health check says so") {
  auto young = instance(1);
  young.container.started_at = context().now.wall - 29s;
  auto old_enough = instance(2);
  old_enough.container.started_at = context().now.wall - 30s;
  auto starting = instance(3);
  starting.container.health = Health::starting;
  const auto sample = sample_between(std::nullopt, {}, {young, old_enough, starting}, context());
  CHECK(sample.instances[0].warming_up);
  CHECK_FALSE(sample.instances[1].warming_up);
  CHECK(sample.instances[2].warming_up);
  CHECK(sample.warming_up() == 2);
}

TEST_CASE("an instance whose start is not known, or still to come, is taken for warm") {
  auto unknown = instance(1);
  unknown.container.started_at.reset();
  auto to_come = instance(2);
  to_come.container.started_at = context().now.wall + 1h;
  const auto sample = sample_between(std::nullopt, {}, {unknown, to_come}, context());
  for (const auto& one : sample.instances) {
    CHECK_FALSE(one.warming_up);
    CHECK_FALSE(one.uptime.has_value());
  }
}

TEST_CASE("rate, errors and response times are those of the service, where Kong counts it") {
  auto earlier = readings(10s, 0);
  auto later = readings(20s, 0);
  earlier.total_requests = 0;
  later.total_requests = 9999;
  earlier.traffic.emplace().requests = metrics::Counters{{"200", 100}};
  earlier.traffic->errors = metrics::Counters{};
  earlier.traffic->latency = metrics::Histograms{};
  later.traffic.emplace().requests = metrics::Counters{{"200", 130}, {"503", 10}};
  later.traffic->errors = metrics::Counters{{"503", 10}};
  later.traffic->latency =
      metrics::Histograms{{"a", {.buckets = {{25, 40}, {50, 40}, {k_infinity, 40}}, .sum = 800, .count = 40}}};
  const auto sample = ten_seconds(earlier, later);
  CHECK(sample.request_rate->value == Approx(4));
  CHECK(sample.error_rate->value == Approx(25));
  CHECK(sample.response_time->count() == Approx(20));
  CHECK(sample.response_time_p95->count() == Approx(23.75));
  CHECK_FALSE(sample.notice.has_value());
}

TEST_CASE("a span in which Kong was restarted has no rate, as what came before that is lost") {
  auto earlier = readings(10s, 0);
  auto later = readings(20s, 0);
  earlier.traffic.emplace().requests = metrics::Counters{{"200", 100'000}, {"404", 10}};
  later.traffic.emplace().requests = metrics::Counters{{"200", 700}};
  CHECK_FALSE(ten_seconds(earlier, later).request_rate.has_value());
  earlier.traffic = kong::Traffic{};
  later.traffic = kong::Traffic{};
  earlier.total_requests = 100'000;
  later.total_requests = 700;
  CHECK_FALSE(ten_seconds(earlier, later).request_rate.has_value());
}

TEST_CASE("a target whose name Kong takes for another address serves nobody") {
  fleet::Deployment deployment;
  deployment.addressing = fleet::Addressing::name;
  deployment.container_port = 3020;
  auto serving = instance(1);
  serving.container.networks = {{"shop_net", "172.18.0.7"}};
  kong::TargetHealth seen{.address = "shop-1:3020", .weight = 100, .health = "HEALTHCHECKS_OFF"};
  const auto sample_with = [&](const std::string& resolved) {
    auto sample = ten_seconds(readings(10s, 0), readings(20s, 0));
    seen.resolved = {{.ip = resolved}};
    control::mark_unhealthy(sample, {serving}, deployment, std::vector{seen});
    return sample;
  };
  CHECK(sample_with("172.18.0.7").not_serving() == 0);
  const auto elsewhere = sample_with("172.18.0.3");
  CHECK(elsewhere.not_serving() == 1);
  REQUIRE(elsewhere.problems.size() == 1);
  CHECK(elsewhere.problems[0] ==
        "Kong sends the requests for shop-1:3020 to 172.18.0.3, which is not its address any more, until Kong asks "
        "Docker's DNS again; target-address: ip avoids that");
}

TEST_CASE("a span without a request has no response time") {
  auto earlier = readings(10s, 0);
  earlier.traffic.emplace().requests = metrics::Counters{{"200", 100}};
  earlier.traffic->errors = metrics::Counters{};
  earlier.traffic->latency = metrics::Histograms{};
  const auto sample = ten_seconds(earlier, [&] {
    auto later = earlier;
    later.at = Instant{20s};
    return later;
  }());
  CHECK(sample.request_rate == RequestsPerSecond{0});
  CHECK_FALSE(sample.response_time.has_value());
  CHECK_FALSE(sample.response_time_p95.has_value());
}

TEST_CASE("where Kong does not count the service, all its requests stand for them, and a notice says so") {
  auto earlier = readings(10s, 0);
  auto later = readings(20s, 0);
  earlier.total_requests = 100;
  later.total_requests = 150;
  earlier.traffic = kong::Traffic{};
  later.traffic = kong::Traffic{};
  const auto sample = ten_seconds(earlier, later);
  CHECK(sample.request_rate->value == Approx(5));
  CHECK_FALSE(sample.error_rate.has_value());
  CHECK(sample.notice ==
        "Kong does not measure service 'shop' (no request counter): until a request comes, or the Prometheus plugin "
        "gets status_code_metrics and latency_metrics: true, the request rate is that of all of Kong, and the response "
        "time that of one timed request");
}

TEST_CASE("a notice names the one flag that is missing") {
  auto counted = readings(20s, 0);
  counted.traffic.emplace().requests = metrics::Counters{};
  CHECK(ten_seconds(readings(10s, 0), counted).notice ==
        "Kong does not measure service 'shop' (no response times): until a request comes, or the Prometheus plugin "
        "gets latency_metrics: true, the response time is that of one timed request");
  auto timed = readings(20s, 0);
  timed.traffic.emplace().latency = metrics::Histograms{};
  CHECK(ten_seconds(readings(10s, 0), timed).notice ==
        "Kong does not measure service 'shop' (no request counter): until a request comes, or the Prometheus plugin "
        "gets status_code_metrics: true, the request rate is that of all of Kong, and the response time that of one "
        "timed request");
}

TEST_CASE("the host's CPU is that of the span") {
  auto earlier = readings(10s, 0);
  auto later = readings(20s, 0);
  earlier.host_cpu = metrics::HostCpuReading{.busy = 100, .total = 1000};
  later.host_cpu = metrics::HostCpuReading{.busy = 150, .total = 1200};
  CHECK(ten_seconds(earlier, later).host_cpu->value == Approx(25));
}

TEST_CASE("when Kong's counters could not be read once, the requests of all of Kong do not stand for them") {
  Readings earlier{.at = Instant(0s), .total_requests = 1000};
  Readings later{.at = Instant(30s), .total_requests = 13'000};
  earlier.traffic = kong::Traffic{.requests = metrics::Counters{{"200", 100}}, .latency = metrics::Histograms{}};
  const SampleContext context{.now = {}, .warm_up = 30s, .service = "shop"};
  for (const bool read_later : {false, true}) {
    auto before = earlier;
    auto after = later;
    if (read_later) {
      std::swap(before.traffic, after.traffic);
    }
    const auto sample = sample_between(before, after, {}, context);
    CHECK_FALSE(sample.request_rate.has_value());
    CHECK_FALSE(sample.notice.has_value());
  }
}

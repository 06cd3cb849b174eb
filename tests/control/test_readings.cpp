#include <limits>

#include <catch2/catch.hpp>

#include "libscale/control/readings.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using control::parse_readings;
using control::Readings;
using control::write_readings;

namespace {

constexpr double k_infinity = std::numeric_limits<double>::infinity();
constexpr Instant k_at{1h};

Readings whole() {
  Readings readings;
  readings.at = k_at;
  readings.containers["c1"] = {
      .cpu = {.used = 29'035'726ns, .system = 3'363'020'000'000ns, .online_cpus = 2, .read_at = 1'795'471'934s + 7ns},
      .memory = {},
      .network = docker::NetworkReading{.received = {1517}, .sent = {18'446'744'073'709'551'615ULL}}};
  readings.containers["c2"] = {
      .cpu = {.used = 1ns, .system = {}, .online_cpus = 0, .read_at = 2ns}, .memory = {}, .network = {}};
  readings.traffic.emplace().requests = metrics::Counters{{"code=200\nroute=\"a\"\n", 50}, {"code=503\n", 0.5}};
  readings.traffic->errors = metrics::Counters{};
  readings.traffic->latency = metrics::Histograms{
      {"route=a\n", {.buckets = {{25, 30}, {0.1, 2}, {k_infinity, 40}}, .sum = 800.25, .count = 40}}};
  readings.total_requests = 9'007'199'254'740'991.0;
  readings.host_cpu = metrics::HostCpuReading{.busy = 5, .total = 18'446'744'073'709'551'615ULL};
  return readings;
}

Readings parsed(std::string_view text) {
  const auto readings = parse_readings(text, k_at);
  REQUIRE(readings.has_value());
  return *readings;
}

}  // namespace

TEST_CASE("readings that were written are read again as they were") {
  const auto before = whole();
  const auto after = parsed(write_readings(before));
  CHECK(after.at == before.at);
  REQUIRE(after.containers.size() == 2);
  for (const auto& [id, stats] : before.containers) {
    CHECK(after.containers.at(id).cpu == stats.cpu);
    CHECK(after.containers.at(id).network == stats.network);
  }
  CHECK(after.traffic->requests == before.traffic->requests);
  CHECK(after.traffic->errors == before.traffic->errors);
  CHECK(after.traffic->latency == before.traffic->latency);
  CHECK(after.total_requests == before.total_requests);
  REQUIRE(after.host_cpu.has_value());
  CHECK(after.host_cpu->busy == before.host_cpu->busy);
  CHECK(after.host_cpu->total == before.host_cpu->total);
}

TEST_CASE("what was absent in readings stays absent, and is not zero") {
  const auto after = parsed(write_readings({}));
  CHECK(after.containers.empty());
  CHECK_FALSE(after.traffic.has_value());
  CHECK_FALSE(after.total_requests.has_value());
  CHECK_FALSE(after.host_cpu.has_value());
}

TEST_CASE("a page of Kong that counts nothing is told from one that could not be read") {
  const auto after = parsed(write_readings({.traffic = kong::Traffic{}}));
  REQUIRE(after.traffic.has_value());
  CHECK_FALSE(after.traffic->requests.has_value());
  CHECK_FALSE(after.traffic->errors.has_value());
  CHECK_FALSE(after.traffic->latency.has_value());
}

TEST_CASE("readings are one line, since they stand in a file with others") {
  CHECK(write_readings(whole()).find('\n') == std::string::npos);
}

TEST_CASE("damaged readings are an error that tells where") {
  const auto text = write_readings(whole());
  for (const auto length : {std::size_t{0}, std::size_t{1}, text.size() / 2, text.size() - 1}) {
    CAPTURE(length);
    const auto readings = parse_readings(text.substr(0, length), k_at);
    REQUIRE_FALSE(readings.has_value());
    CHECK(readings.error().code == Errc::invalid);
    CHECK(readings.error().what.starts_with("the counters of the last check: not valid JSON at byte "));
  }
}

TEST_CASE("readings of another shape are an error, since a counter taken for zero would look like a flood") {
  for (const std::string text :
       {"[]", "7", "null", R"({"requests":5})", R"({"requests":{"code=200\n":"many"}})", R"({"errors":[1]})",
        R"({"latency":{"a":{"sum":1,"count":null,"buckets":[]}}})", R"({"latency":7})",
        R"({"latency":{"a":{"sum":1,"count":1,"buckets":[[1]]}}})", R"({"total_requests":"x"})",
        R"({"containers":{"c1":{"cpu_ns":"x","online_cpus":1,"read_at_ns":1}}})", R"({"containers":{"c1":{}}})",
        R"({"host_total":"x","host_busy":1})", R"({"containers":{},"total_requests":-1})",
        R"({"containers":{},"traffic":{"requests":{"a":-0.5}}})", R"({"containers":{},"total_requests":1e300})",
        R"({"containers":{"c1":{"cpu_ns":-9223372036854775808,"online_cpus":1,"read_at_ns":1}}})",
        R"({"containers":{"c1":{"cpu_ns":1,"online_cpus":4294967296,"read_at_ns":1}}})",
        R"({"containers":{"c1":{"cpu_ns":1,"online_cpus":1,"read_at_ns":1,"system_ns":-1}}})"}) {
    CAPTURE(text);
    const auto readings = parse_readings(text, k_at);
    REQUIRE_FALSE(readings.has_value());
    CHECK(readings.error() == Error{Errc::invalid, "the counters of the last check: not of the known shape"});
  }
}

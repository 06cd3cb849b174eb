#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "libscale/docker/stats.hpp"
#include "libscale/docker/timestamp.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using docker::NetworkReading;
using docker::parse_stats;
using docker::Stats;
using docker::SystemCounter;

namespace {

std::string text_of(const std::string& file) {
  std::ifstream stream(std::string(KSCALE_TEST_DATA) + "/docker/" + file, std::ios::binary);
  REQUIRE(stream.good());
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The beginning of a recorded answer that was too long to be kept whole.
std::string beginning_of(const std::string& recording) {
  const auto all = text_of("answers-20.10.txt");
  const auto line = all.find('[' + recording + ']');
  REQUIRE(line != std::string::npos);
  const auto body = all.find(":: ", line) + 3;
  return all.substr(body, all.find('\n', body) - body);
}

Stats stats_in(std::string_view body, SystemCounter system_counter = SystemCounter::trusted) {
  const auto stats = parse_stats(body, system_counter);
  REQUIRE(stats.has_value());
  REQUIRE(stats->has_value());
  return **stats;
}

bool has_no_data(std::string_view body) {
  const auto stats = parse_stats(body, SystemCounter::trusted);
  REQUIRE(stats.has_value());
  return !stats->has_value();
}

}  // namespace

TEST_CASE("a recorded reading has CPU, memory and network") {
  const auto stats = stats_in(text_of("stats-one-shot.json"));
  CHECK(stats.cpu == metrics::CpuReading{.used = 29'035'726ns,
                                         .system = 3'363'020'000'000ns,
                                         .online_cpus = 2,
                                         .read_at = *docker::parse_timestamp("2026-11-23T22:12:15.468425275Z")});
  CHECK(stats.memory ==
        metrics::MemoryReading{.usage = {2'650'112}, .inactive_file = {1'970'176}, .limit = {16'777'216}});
  CHECK(stats.network == NetworkReading{.received = {1517}, .sent = {653}});
}

TEST_CASE("two recorded readings of an idle container show no CPU") {
  const auto earlier = stats_in(text_of("stats-two-samples.json"));
  const auto later = stats_in(text_of("stats-one-shot.json"));
  CHECK(metrics::cpu_between(earlier.cpu, later.cpu) == Cores{0});
}

TEST_CASE("a recorded container that was only created, or has stopped, has no data") {
  for (const auto* const name : {"created-stats", "created-stats-oneshot", "stopped-stats", "stopped-stats-oneshot"}) {
    CAPTURE(name);
    // The recordings end in the middle; all that counts stands before.
    const auto body = beginning_of(name);
    const auto cut = body.find(R"(,"precpu_stats")");
    REQUIRE(cut != std::string::npos);
    CHECK(has_no_data(body.substr(0, cut) + '}'));
  }
}

TEST_CASE("a recorded paused container still has data") {
  const auto body = beginning_of("paused-stats-oneshot");
  const auto stats = stats_in(body.substr(0, body.find(R"(,"precpu_stats")")) + '}');
  CHECK(stats.cpu.used == 31'619'807ns);
}

TEST_CASE("an empty answer, as Podman gives it for a stopped container, is no data") {
  CHECK(has_no_data(""));
}

TEST_CASE("an answer without a time or without CPU is no data") {
  CHECK(has_no_data("{}"));
  CHECK(has_no_data("[]"));
  CHECK(has_no_data(R"({"read":"2026-11-23T22:12:15Z"})"));
  CHECK(has_no_data(R"({"read":"2026-11-23T22:12:15Z","cpu_stats":{"cpu_usage":{"total_usage":-1}}})"));
  CHECK(has_no_data(R"({"cpu_stats":{"cpu_usage":{"total_usage":5}}})"));
}

TEST_CASE("an answer that is no JSON is an error") {
  const auto stats = parse_stats("<html>", SystemCounter::trusted);
  REQUIRE_FALSE(stats.has_value());
  CHECK(stats.error().code == Errc::invalid);
}

TEST_CASE("Podman's system counter is not trusted, and its memory has no details") {
  const auto stats =
      stats_in(R"({"read":"2026-11-23T22:12:15.468425275Z","cpu_stats":{"cpu_usage":{"total_usage":500},)"
               R"("system_cpu_usage":777,"online_cpus":2},"memory_stats":{"usage":4096,"limit":8192}})",
               SystemCounter::ignored);
  CHECK_FALSE(stats.cpu.system.has_value());
  CHECK(stats.memory == metrics::MemoryReading{.usage = {4096}, .inactive_file = {0}, .limit = {8192}});
  CHECK_FALSE(stats.network.has_value());
}

TEST_CASE("a container without memory figures has no memory, not none in use") {
  const auto stats =
      stats_in(R"({"read":"2026-11-23T22:12:15Z","cpu_stats":{"cpu_usage":{"total_usage":500}},"memory_stats":{}})");
  CHECK_FALSE(stats.memory.has_value());
}

TEST_CASE("on cgroup v2 the cache that can be dropped is inactive_file") {
  const auto stats = stats_in(R"({"read":"2026-11-23T22:12:15Z","cpu_stats":{"cpu_usage":{"total_usage":500}},)"
                              R"("memory_stats":{"usage":900,"limit":1000,"stats":{"file":500,"inactive_file":300}}})");
  CHECK(stats.memory == metrics::MemoryReading{.usage = {900}, .inactive_file = {300}, .limit = {1000}});
}

TEST_CASE("without a count of CPUs that of their own figures is taken") {
  const auto with = [](const std::string& cpu) {
    return stats_in(R"({"read":"2026-11-23T22:12:15Z","cpu_stats":{"cpu_usage":{"total_usage":5,)" + cpu + "}}")
        .cpu.online_cpus;
  };
  CHECK(with(R"("percpu_usage":[1,2,2]},"online_cpus":0)") == 3);
  CHECK(with(R"("percpu_usage":[1,2,2]})") == 3);
  CHECK(with(R"("percpu_usage":[1,2,2]},"online_cpus":2)") == 2);
  CHECK(with(R"("percpu_usage":null})") == 0);
  CHECK(with(R"("percpu_usage":[1]},"online_cpus":4294967297)") == 0);
}

TEST_CASE("traffic is summed over all networks") {
  const auto stats =
      stats_in(R"({"read":"2026-11-23T22:12:15Z","cpu_stats":{"cpu_usage":{"total_usage":5}},"networks":)"
               R"({"eth0":{"rx_bytes":1,"tx_bytes":10},"eth1":{"rx_bytes":2,"tx_bytes":20}}})");
  CHECK(stats.network == NetworkReading{.received = {3}, .sent = {30}});
}

#include <catch2/catch.hpp>

#include "libscale/metrics/cpu.hpp"

using namespace std::chrono_literals;
using kscale::Cores;
using kscale::metrics::cpu_between;
using kscale::metrics::cpu_percent;
using kscale::metrics::CpuReading;

namespace {

const CpuReading k_earlier{.used = 10s, .system = 1000s, .online_cpus = 2, .read_at = 500s};

}  // namespace

TEST_CASE("cpu is the container's share of the host's time, times the CPUs") {
  const CpuReading later{.used = 11s, .system = 1004s, .online_cpus = 2, .read_at = 502s};
  CHECK(cpu_between(k_earlier, later)->value == Approx(0.5));
}

TEST_CASE("a container that used nothing while the host went on is idle") {
  const CpuReading later{.used = 10s, .system = 1004s, .online_cpus = 2, .read_at = 502s};
  CHECK(cpu_between(k_earlier, later) == Cores{0});
}

TEST_CASE("the same reading twice is no data") {
  CHECK_FALSE(cpu_between(k_earlier, k_earlier).has_value());
}

TEST_CASE("a counter that ran backwards is no data") {
  const CpuReading restarted{.used = 1s, .system = 1004s, .online_cpus = 2, .read_at = 502s};
  CHECK_FALSE(cpu_between(k_earlier, restarted).has_value());
  const CpuReading rebooted{.used = 11s, .system = 4s, .online_cpus = 2, .read_at = 502s};
  CHECK_FALSE(cpu_between(k_earlier, rebooted).has_value());
}

TEST_CASE("without the host's counter the times of reading measure the span") {
  const CpuReading earlier{.used = 10s, .system = {}, .online_cpus = 2, .read_at = 500s};
  const CpuReading later{.used = 13s, .system = {}, .online_cpus = 2, .read_at = 502s};
  CHECK(cpu_between(earlier, later)->value == Approx(1.5));
}

TEST_CASE("cpu percent is of one core, or of the limit where one is given") {
  CHECK(cpu_percent(Cores{0.5}, {}).value == Approx(50));
  CHECK(cpu_percent(Cores{0.5}, Cores{0.25}).value == Approx(200));
  CHECK(cpu_percent(Cores{0.5}, Cores{0}).value == Approx(50));
}

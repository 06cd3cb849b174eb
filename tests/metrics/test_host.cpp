#include <catch2/catch.hpp>

#include "libscale/metrics/host.hpp"

using namespace kscale;
using namespace kscale::metrics;

TEST_CASE("host cpu leaves out idle and waiting for I/O") {
  const auto reading = read_host_cpu("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
  REQUIRE(reading);
  CHECK(reading->total == 1000);
  CHECK(reading->busy == 150);
}

TEST_CASE("a line of /proc/stat that is cut off is no data") {
  CHECK_FALSE(read_host_cpu("cpu  100 0 50").has_value());
  CHECK_FALSE(read_host_cpu("intr 5\n").has_value());
}

TEST_CASE("host cpu is the busy share of the time that passed") {
  CHECK(host_cpu_between({.busy = 100, .total = 1000}, {.busy = 150, .total = 1200})->value == Approx(25));
  CHECK_FALSE(host_cpu_between({.busy = 100, .total = 1000}, {.busy = 100, .total = 1000}).has_value());
  CHECK_FALSE(host_cpu_between({.busy = 100, .total = 1000}, {.busy = 50, .total = 1200}).has_value());
}

TEST_CASE("host memory in use is what is not available") {
  const auto memory = read_host_memory("MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    250 kB\n");
  REQUIRE(memory);
  CHECK(memory->total == Bytes{1024000});
  CHECK(memory->used()->value == Approx(75));
  CHECK_FALSE(read_host_memory("MemTotal: 1000 kB\n").has_value());
}

TEST_CASE("host memory in use is unknown, not none, where there is no total or more is available than that") {
  CHECK_FALSE(HostMemory{}.used().has_value());
  CHECK_FALSE(HostMemory{.total = {100}, .available = {101}}.used().has_value());
  CHECK(HostMemory{.total = {100}, .available = {100}}.used() == kscale::Percent{0});
}

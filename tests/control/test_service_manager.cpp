#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "libscale/control/service_manager.hpp"
#include "tests/fakes/datagram_listener.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace kscale::control;
using namespace std::chrono_literals;
using fakes::DatagramListener;
using Messages = std::vector<std::string>;

namespace {

constexpr int k_pid = 4711;

struct Service {
  fakes::TempDir dir;
  std::string address = (dir / "notify").string();
  std::map<std::string, std::string> variables{{"NOTIFY_SOCKET", address}, {"WATCHDOG_USEC", "60000000"}};
  fakes::HandClock clock;

  Service() = default;
  Service(const std::string& name, const std::string& value) { variables[name] = value; }

  ServiceManager manager() {
    return {[this](const std::string& name) {
              const auto found = variables.find(name);
              return found != variables.end() ? std::optional(found->second) : std::nullopt;
            },
            clock, k_pid};
  }
};

std::int64_t monotonic_microseconds() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000 + t.tv_nsec / 1000;
}

}  // namespace

TEST_CASE("a service is ready when its first check is complete, once") {
  Service service;
  DatagramListener systemd(service.address);
  auto manager = service.manager();
  CHECK(systemd.take().empty());
  manager.checked("hold instances=3");
  manager.checked("hold instances=4");
  manager.stopping();
  CHECK(systemd.take() ==
        Messages{"READY=1\nSTATUS=hold instances=3\nWATCHDOG=1", "STATUS=hold instances=4\nWATCHDOG=1", "STOPPING=1"});
}

TEST_CASE("a first check that failed makes no service ready, and while it starts its waits ask for time") {
  Service service("WATCHDOG_USEC", "");
  DatagramListener systemd(service.address);
  auto manager = service.manager();
  LivingClock clock(service.clock, manager);
  manager.failed("another kscale is acting");
  CHECK(clock.wait(70s) == Waited::whole);
  manager.checked("hold");
  CHECK(clock.wait(70s) == Waited::whole);
  CHECK(systemd.take() == Messages{"STATUS=another kscale is acting\nWATCHDOG=1", "EXTEND_TIMEOUT_USEC=120000000",
                                   "EXTEND_TIMEOUT_USEC=120000000", "READY=1\nSTATUS=hold\nWATCHDOG=1"});
}

TEST_CASE("a long wait between checks gives a sign of life at half of the watchdog's time") {
  Service service("WATCHDOG_PID", std::to_string(k_pid));
  DatagramListener systemd(service.address);
  auto manager = service.manager();
  LivingClock clock(service.clock, manager);
  manager.checked("hold");
  systemd.take();
  const auto begin = service.clock.now().instant;
  CHECK(clock.wait(29s) == Waited::whole);
  CHECK(systemd.take().empty());
  CHECK(clock.wait(4min) == Waited::whole);
  CHECK(service.clock.now().instant - begin == 4min + 29s);
  CHECK(systemd.take() == Messages(8, "WATCHDOG=1"));
  clock.wait_to_the_end(1min);
  CHECK(systemd.take() == Messages(2, "WATCHDOG=1"));
}

TEST_CASE("waits end at a signal as they would without a watchdog") {
  Service service;
  auto manager = service.manager();
  LivingClock clock(service.clock, manager);
  service.clock.interrupt_after(1);
  CHECK(clock.wait(1h) == Waited::interrupted);
  CHECK(clock.now().instant - Instant(1h) == 30s);
}

TEST_CASE("a wait within a check that never ends gives no sign of life for longer than a check may take") {
  Service service;
  DatagramListener systemd(service.address);
  auto manager = service.manager();
  manager.set_patience(5min);
  LivingClock clock(service.clock, manager);
  manager.checked("hold");
  systemd.take();
  for (int n = 0; n < 10'000; ++n) {
    clock.wait(250ms);
  }
  CHECK(systemd.take() == Messages(10, "WATCHDOG=1"));
  manager.failed("no answer");
  clock.wait(1min);
  CHECK(systemd.take() == Messages{"STATUS=no answer\nWATCHDOG=1", "WATCHDOG=1"});
}

TEST_CASE("a standby is ready, and alive for as long as it stands by") {
  Service service;
  DatagramListener systemd(service.address);
  auto manager = service.manager();
  manager.set_patience(5min);
  LivingClock clock(service.clock, manager);
  for (int n = 0; n < 600; ++n) {
    manager.stands_by("kscale-auto, pid 1 scales");
    clock.wait(1s);
    if (n == 0) {
      CHECK(systemd.take() == Messages{"READY=1\nSTATUS=kscale-auto, pid 1 scales\nWATCHDOG=1"});
    }
    if (n % 100 == 99) {
      CHECK(systemd.take().size() >= 3);
    }
  }
}

TEST_CASE("no sign of life is given for a watchdog that is another process's, or none") {
  using Variable = std::pair<std::string, std::string>;
  for (const auto& [name, value] : {Variable("WATCHDOG_PID", "1"), Variable("WATCHDOG_USEC", "0"),
                                    Variable("WATCHDOG_USEC", "-1"), Variable("WATCHDOG_USEC", "1s")}) {
    Service service(name, value);
    DatagramListener systemd(service.address);
    auto manager = service.manager();
    manager.checked("hold");
    systemd.take();
    LivingClock(service.clock, manager).wait(1h);
    CHECK(systemd.take().empty());
  }
}

TEST_CASE("reading the settings again is told with its time, and its end") {
  Service service;
  DatagramListener systemd(service.address);
  auto manager = service.manager();
  manager.reloading();
  manager.reloaded();
  CHECK(systemd.take().empty());  // who is not ready yet cannot be so again
  manager.checked("hold");
  systemd.take();
  const auto before = monotonic_microseconds();
  manager.reloading();
  const auto after = monotonic_microseconds();
  manager.reloaded();
  const auto told = systemd.take();
  REQUIRE(told.size() == 2);
  const std::string begin = "RELOADING=1\nMONOTONIC_USEC=";
  REQUIRE(told[0].starts_with(begin));
  const auto at = std::stoll(told[0].substr(begin.size()));
  CHECK(at >= before);
  CHECK(at <= after);
  CHECK(told[1] == "READY=1");
}

TEST_CASE("what was found stays one line, whatever is in it") {
  Service service;
  DatagramListener systemd(service.address);
  auto manager = service.manager();
  manager.failed("Docker said: x\nMAINPID=1\nSTATUS=all is well\x1b[2J" + std::string(1000, 'y'));
  const auto told = systemd.next();
  CHECK(told.starts_with("STATUS=Docker said: x\\x0aMAINPID=1\\x0aSTATUS=all is well\\x1b[2Jyyy"));
  CHECK(told.ends_with("yyy...\nWATCHDOG=1"));
  CHECK(told.size() < 400);
}

TEST_CASE("a socket may be one that is in no file system") {
  const auto name = fmt::format("@kscale-test-{}", getpid());
  Service service("NOTIFY_SOCKET", name);
  DatagramListener systemd(name);
  auto manager = service.manager();
  manager.checked("hold");
  CHECK(systemd.take() == Messages{"READY=1\nSTATUS=hold\nWATCHDOG=1"});
}

TEST_CASE("without a socket nobody is told, and nothing is waited for") {
  for (const std::string name : {"", "@", "/", "relative", "vsock:2:1234"}) {
    Service service("NOTIFY_SOCKET", name);
    auto manager = service.manager();
    manager.checked("hold");
    manager.stopping();
    CHECK(manager.until_due() == std::nullopt);
  }
  Service service("NOTIFY_SOCKET", '/' + std::string(200, 'x'));
  CHECK(service.manager().until_due() == std::nullopt);
}

TEST_CASE("a listener that is gone is no trouble, and one that comes back is told again") {
  Service service;
  auto manager = service.manager();
  manager.checked("nobody hears it");
  {
    DatagramListener systemd(service.address);
    manager.checked("hold");
    CHECK(systemd.take() == Messages{"READY=1\nSTATUS=hold\nWATCHDOG=1"});
  }
  manager.checked("its socket is dead");
  std::filesystem::remove(service.address);
  manager.checked("its socket is gone");
  DatagramListener systemd(service.address);
  manager.checked("hold");
  CHECK(systemd.take() == Messages{"STATUS=hold\nWATCHDOG=1"});
}

TEST_CASE("a child of ours cannot speak in our name") {
  Service service;
  DatagramListener systemd(service.address);
  setenv("NOTIFY_SOCKET", service.address.c_str(), 1);
  setenv("WATCHDOG_USEC", "1000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  auto manager = ServiceManager::of_process(service.clock);
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    CHECK(getenv(name) == nullptr);
  }
  manager.checked("hold");
  CHECK(manager.until_due() == std::optional<std::chrono::nanoseconds>(500ms));
  CHECK(systemd.take() == Messages{"READY=1\nSTATUS=hold\nWATCHDOG=1"});
}

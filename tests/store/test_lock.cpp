#include <atomic>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "libscale/store/lock.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"

namespace kscale::store {
namespace {

using fakes::TempDir;
using test::in_child;
using test::mode_of;
using test::Umask;
using test::Victim;

Error held_by(std::string_view who, pid_t pid) {
  return {Errc::locked, fmt::format("another kscale ({}, pid {}) is acting on this deployment", who, pid)};
}

TEST_CASE("the lock has one holder, also within a process, until that one is gone") {
  const TempDir dir;
  {
    auto first = Lock::take(dir / "lock", "kscale-auto");
    REQUIRE(first);
    CHECK(Lock::take(dir / "lock", "kscale-deploy").error() == held_by("kscale-auto", getpid()));
    const Lock moved = std::move(*first);
    CHECK_FALSE(Lock::take(dir / "lock", "kscale-deploy"));
  }
  CHECK(Lock::take(dir / "lock", "kscale-deploy"));
}

TEST_CASE("the lock keeps other processes out, and they are told by whom") {
  const TempDir dir;
  Victim holder(1, [&](const auto& report) {
    static const auto lock = Lock::take(dir / "lock", "kscale-deploy");
    report();
  });
  CHECK(Lock::take(dir / "lock", "kscale-auto").error() == held_by("kscale-deploy", holder.pid()));
  CHECK(in_child([&] { return Lock::take(dir / "lock", "kscale-auto") ? 1 : 0; }) == 0);
}

TEST_CASE("who holds the lock can be asked without taking it") {
  const TempDir dir;
  CHECK(Lock::holder(dir / "lock").empty());
  {
    const auto lock = Lock::take(dir / "lock", "kscale-auto");
    CHECK(Lock::holder(dir / "lock") == fmt::format("kscale-auto, pid {}", getpid()));
  }
  CHECK(Lock::holder(dir / "lock").empty());
}

TEST_CASE("those who ask for the holder keep nobody from taking it") {
  const TempDir dir;
  REQUIRE(Lock::take(dir / "lock", "kscale-auto"));
  std::atomic<bool> is_over = false;
  std::thread curious([&] {
    while (!is_over) {
      static_cast<void>(Lock::holder(dir / "lock"));
      std::this_thread::sleep_for(std::chrono::microseconds(300));  // mostly it does not hold it
    }
  });
  int taken = 0;
  for (int i = 0; i < 300; ++i) {
    taken += Lock::take(dir / "lock", "kscale-deploy") ? 1 : 0;
  }
  is_over = true;
  curious.join();
  CHECK(taken == 300);
}

TEST_CASE("a holder that is killed leaves no lock behind") {
  const TempDir dir;
  Victim holder(1, [&](const auto& report) {
    static const auto lock = Lock::take(dir / "lock", "a holder with a long name");
    report();
  });
  holder.kill();
  const auto lock = Lock::take(dir / "lock", "kscale-auto");
  REQUIRE(lock);
  CHECK(Lock::take(dir / "lock", "kscale-deploy").error() == held_by("kscale-auto", getpid()));
}

TEST_CASE("the lock file is private, whatever the umask") {
  const TempDir dir;
  for (const mode_t mask : {0U, 0777U}) {
    const Umask scope(mask);
    const auto path = dir / fmt::format("{:o}", mask);
    CHECK(Lock::take(path, "kscale-auto"));
    CHECK(mode_of(path) == 0600);
    CHECK(Lock::take(path, "kscale-auto"));
  }
}

TEST_CASE("a lock file with odd content locks all the same") {
  const TempDir dir;
  for (const std::string odd : {"", "x", "12", "12 ", "x kscale-auto\n", "12 \x1b[31mred\n", "99999999999999 a\n"}) {
    const auto lock = Lock::take(dir / "lock", "kscale-auto");
    REQUIRE(lock);
    std::ofstream(dir / "lock", std::ios::trunc) << odd;
    CHECK(Lock::take(dir / "lock", "kscale-deploy").error() ==
          Error{Errc::locked, "another kscale is acting on this deployment"});
  }
}

TEST_CASE("a lock is not taken through a symlink, nor on another's file, nor without a directory") {
  const TempDir dir;
  const std::string link = (dir / "link").string();
  std::filesystem::create_symlink(dir / "victim", link);
  CHECK(Lock::take(link, "kscale-auto").error() ==
        Error{Errc::refused, "lock '" + link + "': it is a symlink, which kscale does not follow here"});
  CHECK_FALSE(std::filesystem::exists(dir / "victim"));
  CHECK(Lock::take(dir / "none/lock", "kscale-auto").error() ==
        Error{Errc::failed, "lock '" + (dir / "none/lock").string() + "': No such file or directory"});

  const std::string foreign = (dir / "foreign").string();
  std::ofstream(foreign) << "theirs";
  if (!test::give_away(foreign)) {
    WARN("skipped in part: only root can give a file away");
    return;
  }
  CHECK(Lock::take(foreign, "kscale-auto").error().code == Errc::refused);
}

}  // namespace
}  // namespace kscale::store

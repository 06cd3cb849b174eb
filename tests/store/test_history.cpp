#include <chrono>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "libscale/store/history.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using fakes::TempDir;
using test::in_child;

constexpr WallTime k_now{std::chrono::milliseconds(1'700'000'000'900)};

ScalingEvent event(int n) {
  return {.at = k_now + std::chrono::seconds(n),
          .from = n,
          .to = n + 1,
          .reason = "cpu 91% > 80%",
          .cpu = Percent{91},
          .actor = "kscale-auto"};
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// The bytes of a history of so many events.
std::string bytes_of_history(int events) {
  const TempDir dir;
  {
    auto history = History::open(dir / "history", k_now).value();
    for (int n = 0; n < events; ++n) {
      CHECK(history.add(event(n)));
    }
  }
  return content(dir / "history");
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
  std::vector<pid_t> children;
  for (int n = 0; n < 4; ++n) {
    const pid_t child = fork();
    if (child == 0) {
      auto history = History::open(dir / "history", k_now);
      bool good = history && !history->take_notice();
      for (int added = 0; good && added < 25; ++added) {
        good = history->add(event(added)).has_value();
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(History::open(dir / "history", k_now).value().events(k_now, 1000).value().size() == 100);
}

TEST_CASE("a file that is no database is set aside, and the operator is told") {
  const TempDir dir;
  const std::string path = (dir / "history").string();
  put(path, std::string(5120, 'x'));
  auto history = History::open(path, k_now).value();
  CHECK(history.take_notice() == "history '" + path + "' is damaged: file is not a database; it was set aside as '" + path +
                                ".damaged-1700000000', and a new one begun");
  CHECK(content(path + ".damaged-1700000000") == std::string(5120, 'x'));
  CHECK(history.add(event(1)));
  CHECK(history.events(k_now, 10).value().size() == 1);
}

TEST_CASE("a history of a newer kscale is set aside") {
  const TempDir dir;
  const std::string path = (dir / "history").string();
  CHECK(History::open(path, k_now));
  {
    auto database = Database::open(dir / "other", {}, Durability::power_cut).value();
    CHECK(database.run(("ATTACH '" + path + "' AS newer").c_str()));
    CHECK(database.run("PRAGMA newer.user_version = 99"));
  }
  const auto notice = History::open(path, k_now).value().take_notice();
  REQUIRE(notice);
  CHECK(notice->find("was written by a newer kscale: it has version 99, and this one knows 3; it was set aside") !=
        std::string::npos);
}

TEST_CASE("a history cut at any place opens, and can be added to") {
  const TempDir dir;
  const std::string whole = bytes_of_history(200);
  REQUIRE(whole.size() > 16384);
  const std::size_t step = whole.size() / 23;
  for (std::size_t size = 1; size < whole.size(); size += step) {
    INFO("cut at " << size << " of " << whole.size());
    const fs::path path = dir / std::to_string(size);
    put(path, whole.substr(0, size));
    auto history = History::open(path, k_now);
    REQUIRE(history);
    CHECK(history->take_notice());
    CHECK(history->add(event(1)));
    CHECK(history->events(k_now, 1000).value().size() == 1);
  }
}

TEST_CASE("random bytes anywhere in a history crash nothing") {
  const TempDir dir;
  const std::string whole = bytes_of_history(200);
  std::mt19937 random(1);  // the same bytes at each run
  for (int round = 0; round < 60; ++round) {
    INFO("round " << round);
    std::string torn = whole;
    const std::size_t begin = random() % (torn.size() - 64);
    for (std::size_t n = begin; n < begin + 64; ++n) {
      torn[n] = static_cast<char>(random());
    }
    const fs::path path = dir / std::to_string(round);
    put(path, torn);
    auto history = History::open(path, k_now);
    REQUIRE(history);
    const auto added = history->add(event(1));
    const auto events = history->events(k_now, 1000);
    if (history->take_notice()) {
      CHECK(added);
      CHECK(events);
    }
  }
}

TEST_CASE("a journal torn by a crash costs the last events at most") {
  const TempDir dir;
  const fs::path path = dir / "history";
  const int status = in_child([&] {
    auto history = History::open(path, k_now);
    for (int n = 0; n < 50; ++n) {
      if (!history || !history->add(event(n))) {
        return 1;
      }
    }
    _exit(0);  // without closing: the journal stays
  });
  REQUIRE(status == 0);
  const fs::path journal = path.string() + "-wal";
  REQUIRE(fs::file_size(journal) > 100'000);
  fs::resize_file(journal, fs::file_size(journal) / 2 + 7);
  auto history = History::open(path, k_now).value();
  CHECK(history.take_notice() == std::nullopt);
  const auto events = history.events(k_now, 1000).value();
  REQUIRE(events.size() > 10);
  REQUIRE(events.size() < 50);
  for (std::size_t n = 0; n < events.size(); ++n) {
    CHECK(events[n] == event(static_cast<int>(n)));
  }
}

TEST_CASE("an event that finds the disk full is an error, and the others stay") {
  const TempDir dir;
  const fs::path path = dir / "history";
  const int status = in_child([&] {
    auto history = History::open(path, k_now);
    if (!history || !history->add(event(1))) {
      return 1;
    }
    test::fill_disk_after(fs::file_size(path.string() + "-wal"));
    ScalingEvent large = event(2);
    large.reason = std::string(100'000, 'x');
    const auto added = history->add(large);
    const bool told = !added && added.error().what.starts_with("add to the history: '" + path.string() + "': ");
    return told && history->events(k_now, 10).value_or(std::vector<ScalingEvent>()).size() == 1 ? 0 : 2;
  });
  CHECK(status == 0);
  auto history = History::open(path, k_now).value();
  CHECK(history.take_notice() == std::nullopt);
  CHECK(history.events(k_now, 10).value() == std::vector{event(1)});
}

TEST_CASE("a history that cannot be opened is an error, not set aside") {
  const TempDir dir;
  fs::create_directory(dir / "history");
  CHECK(History::open(dir / "history", k_now).error() ==
        Error{Errc::refused, "open the history: '" + (dir / "history").string() + "' is no regular file"});
  CHECK(fs::is_directory(dir / "history"));
}

}  // namespace
}  // namespace kscale::store

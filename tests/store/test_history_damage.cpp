#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libscale/store/files.hpp"
#include "libscale/store/history.hpp"
#include "libscale/store/sqlite.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"
#include "tests/store/made_history.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using fakes::TempDir;
using test::in_child;
using test::in_children;
using namespace std::chrono_literals;

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

/// One way to damage a file.
std::string damaged(std::string bytes, std::mt19937& random) {
  constexpr std::size_t k_page = 4096;
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random()) % end; };
  switch (below(5)) {
    case 0:  // a few bytes anywhere
      for (std::size_t n = below(40) + 1; n > 0; --n) {
        bytes[below(bytes.size())] = static_cast<char>(random());
      }
      break;
    case 1:  // a few in the header of the file, or of a page
      for (std::size_t n = below(4) + 1; n > 0; --n) {
        bytes[below(bytes.size() / k_page) * k_page + below(120)] = static_cast<char>(random());
      }
      break;
    case 2:  // the end is missing
      bytes.resize(below(bytes.size()));
      break;
    case 3: {  // two pages in each other's place
      const std::size_t one = below(bytes.size() / k_page) * k_page;
      const std::size_t other = below(bytes.size() / k_page) * k_page;
      const std::string page = bytes.substr(one, k_page);
      bytes.replace(one, k_page, bytes.substr(other, k_page));
      bytes.replace(other, k_page, page);
      break;
    }
    default:  // a part that was never written
      const std::size_t begin = below(bytes.size());
      const std::size_t length = std::min(below(2 * k_page), bytes.size() - begin);
      bytes.replace(begin, length, std::string(length, '\0'));
  }
  return bytes;
}

TEST_CASE("a file that is no database is set aside, and the operator is told") {
  const TempDir dir;
  const std::string path = (dir / "history").string();
  put(path, std::string(5120, 'x'));
  auto history = History::open(path, k_now).value();
  CHECK(history.take_notice() == "history '" + path + "' is damaged: file is not a database; it was set aside as '" +
                                     path + ".damaged-1700000000', and a new one begun");
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
  CHECK(notice->find("was written by a newer kscale: it has version 99, and this one knows 4; it was set aside") !=
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

TEST_CASE("damage that shows late sets the file aside, and the write is kept while a read finds nothing") {
  const TempDir dir;
  {
    auto history = History::open(dir / "whole", k_now).value();
    fill(history);
  }
  const std::string whole = content(dir / "whole");
  const std::string damaged = whole.substr(0, 4096) + std::string(whole.size() - 4096, 'x');
  for (const std::string call : {"sample", "event", "alert", "fleet", "instances", "events", "alerts"}) {
    INFO(call);
    const std::string path = (dir / call).string();
    put(path, whole);
    auto history = History::open(path, k_now).value();
    CHECK(history.take_notice() == std::nullopt);
    put(path, damaged);  // in its place, under the one that is open
    if (call == "sample") {
      CHECK(history.add(sample(k_t0)));
      CHECK(history.fleet(k_always, 60s).value().size() == 1);
    } else if (call == "event") {
      CHECK(history.add(event(1)));
      CHECK(history.events(k_now, 10).value() == std::vector{event(1)});
    } else if (call == "alert") {
      CHECK(history.put(alert(1)));
      CHECK(history.alerts(k_t0, 10).value() == std::vector{alert(1)});
    } else if (call == "fleet") {
      CHECK(history.fleet(k_always, 60s).value().empty());
    } else if (call == "instances") {
      CHECK(history.instances(k_always, 60s).value().empty());
    } else if (call == "events") {
      CHECK(history.events(WallTime{}, 10).value().empty());
    } else {
      CHECK(history.alerts(WallTime{}, 10).value().empty());
    }
    const auto told = history.take_notice();
    REQUIRE(told);
    CHECK_THAT(*told,
               Catch::StartsWith(fmt::format("history '{0}' is damaged: database disk image is malformed; it was set "
                                             "aside as '{0}.damaged-17000000",
                                             path)));
    CHECK(history.add(sample(k_t0 + 1s)));
    CHECK(history.take_notice() == std::nullopt);
  }
}

TEST_CASE("a time that damage made another one is in no range that it is not of") {
  const TempDir dir;
  const auto path = dir / "history";
  {
    auto history = History::open(path, k_now).value();
    for (int n = 0; n < 8; ++n) {
      REQUIRE(history.add(sample(k_now + n * 10s)));
    }
  }
  const auto big_endian = [](WallTime time) {
    std::string bytes;
    for (int shift = 40; shift >= 0; shift -= 8) {
      bytes += static_cast<char>(time.time_since_epoch().count() >> shift);
    }
    return bytes;
  };
  auto bytes = content(path);
  const auto third = big_endian(k_now + 20s);
  int places = 0;
  for (auto at = bytes.find(third); at != std::string::npos; at = bytes.find(third, at)) {
    bytes[at] = static_cast<char>(0x80);  // before 1970
    ++places;
  }
  REQUIRE(places >= 2);  // in the table, and in its index
  put(path, bytes);
  auto history = History::open(path, k_now).value();
  const TimeRange range{k_now - 1h, k_now + 1h};
  const auto points = history.instances(range, 1s).value();
  for (const auto& point : points) {
    CHECK(point.at >= range.since);
    CHECK(point.at < range.until);
  }
}

/// Runs the statements on a history of the present version.
void run_on(const fs::path& path, const char* statements) {
  constexpr std::array<const char*, 4> k_done_already{};
  CHECK(Database::open(path, k_done_already, Durability::process_crash).value().run_all(statements));
}

TEST_CASE("an event or an alert whose time is no number is of no time") {
  const TempDir dir;
  const auto path = dir / "history";
  auto history = History::open(path, k_now);
  REQUIRE(history->add(event(1)));
  REQUIRE(history->put(alert(1)));
  run_on(path, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')')");
  run_on(path, R"(INSERT INTO events(at_ms, actor, from_instances, to_instances, reason, outcome)
                          VALUES ('later', '', 1, 2, '', '');
                        INSERT INTO alerts(rule, subject, fired_at_ms, since_ms, resolved_at_ms, severity, summary)
                          VALUES ('a', '', 'later', 1, NULL, '', ''), ('b', '', 'later', 1, 2, '', ''),
                                 ('c', '', 1, 1, 'later', '', '');)");
  CHECK(history->events(k_now, 10).value() == std::vector{event(1)});
  CHECK(history->events(WallTime{}, 10).value() == std::vector{event(1)});
  const auto alerts = history->alerts(k_now, 10).value();
  REQUIRE(alerts.size() == 2);
  CHECK(alerts[0].rule == "c");  // which never ended
  CHECK(alerts[1] == alert(1));
  CHECK_FALSE(history->take_notice());
}

TEST_CASE("several processes that find a damaged file together set it aside once, and lose nothing of their own") {
  const TempDir dir;
  const fs::path path = dir / "history";
  put(path, bytes_of_history(200).replace(0, 100, std::string(100, 'x')));
  const auto statuses = in_children(4, [&](int) {
    auto history = History::open(path, k_now);
    bool good = history.has_value();
    for (int added = 0; good && added < 25; ++added) {
      good = history->add(event(added)).has_value();
    }
    return good ? 0 : 1;
  });
  CHECK(statuses == std::vector(4, 0));
  CHECK(History::open(path, k_now).value().events(k_now, 1000).value().size() == 100);
  CHECK(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()) == 2);
}

TEST_CASE("a file that another process set aside is left for the new one") {
  const TempDir dir;
  const fs::path path = dir / "history";
  auto first = History::open(path, k_now).value();
  auto second = History::open(path, k_now).value();
  CHECK(first.add(event(1)));
  REQUIRE(set_aside(path, identity_of(path).value(), k_now));
  CHECK(first.add(event(2)));
  CHECK(second.add(event(3)));
  CHECK(first.take_notice() ==
        "history '" + path.string() + "' was removed or replaced while it was in use; it is opened anew");
  CHECK(second.take_notice());
  CHECK(first.events(k_now, 10).value() == std::vector{event(2), event(3)});
  CHECK(second.events(k_now, 10).value() == std::vector{event(2), event(3)});
}

TEST_CASE("a file that was removed or replaced under a running process loses no later writes") {
  const TempDir dir;
  const fs::path path = dir / "history";
  const std::string other = bytes_of_history(3);
  auto history = History::open(path, k_now).value();
  CHECK(history.add(event(1)));
  fs::remove(path);  // but not what SQLite keeps beside it
  CHECK(history.add(event(2)));
  CHECK(history.take_notice());
  CHECK(History::open(path, k_now).value().events(k_now, 10).value() == std::vector{event(2)});
  put(dir / "other", other);
  chmod((dir / "other").c_str(), 0600);
  for (const char* companion : {"-wal", "-shm"}) {
    fs::remove(path.string() + companion);
  }
  fs::rename(dir / "other", path);
  CHECK(history.add(event(9)));
  CHECK(history.take_notice());
  CHECK(history.events(k_now, 10).value() == std::vector{event(0), event(1), event(2), event(9)});
  fs::remove_all(dir.path());
  CHECK(history.add(event(10)).error() == Error{Errc::failed, "add to the history: open the history: make '" +
                                                                  path.string() + "': No such file or directory"});
  fs::create_directory(dir.path());
  CHECK(history.add(event(11)));
  CHECK(history.events(k_now, 10).value() == std::vector{event(11)});
}

TEST_CASE("samples that find the disk full are errors, and are taken again when there is room") {
  const TempDir dir;
  const fs::path path = dir / "history";
  const int status = in_child([&] {
    auto history = History::open(path, k_now);
    if (!history || !history->add(sample(k_t0))) {
      return 1;
    }
    signal(SIGXFSZ, SIG_IGN);
    const auto limit_to = [](rlim_t bytes) {
      const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
      setrlimit(RLIMIT_FSIZE, &limit);
    };
    limit_to(fs::file_size(path.string() + "-wal"));
    const auto added = history->add(sample(k_t0 + 60s, 1000));
    if (added || added.error().code != Errc::failed ||
        !added.error().what.starts_with("add to the history: '" + path.string() + "': ")) {
      return 2;
    }
    if (history->fleet(k_always, 60s).value_or(std::vector<FleetPoint>()).size() != 1) {
      return 3;
    }
    limit_to(RLIM_INFINITY);
    return history->add(sample(k_t0 + 60s, 1000)) && !history->take_notice() ? 0 : 4;
  });
  CHECK(status == 0);
  CHECK(History::open(path, k_now).value().instances(k_always, 1h).value().size() == 1000);
}

TEST_CASE("a history in a directory that cannot be written to is an error, and stays as it is") {
  const TempDir dir;
  if (geteuid() == 0) {
    // Root may write anywhere, so another user tries; the directory is not theirs either.
    chmod(dir.path().c_str(), 0755);
  }
  const fs::path path = dir / "history";
  const int status = in_child([&] {
    if (geteuid() == 0 && setuid(65534) != 0) {
      return 1;
    }
    if (geteuid() != 65534) {
      chmod(dir.path().c_str(), 0500);
    }
    const auto history = History::open(path, k_now);
    return !history && history.error() ==
                           Error{Errc::failed, "open the history: make '" + path.string() + "': Permission denied"}
               ? 0
               : 2;
  });
  CHECK(status == 0);
  chmod(dir.path().c_str(), 0700);
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("whatever is wrong with the file or its journal, each call works, at the latest with a new file") {
  constexpr int k_rounds = 150;
  const TempDir dir;
  const fs::path sound = dir / "sound";
  REQUIRE(in_child([&] {
            auto history = History::open(sound, k_now).value();
            fill(history);
            _exit(0);  // without closing: the journal stays
            return 0;
          }) == 0);
  const std::string journal = content(sound.string() + "-wal");
  const std::string early = content(sound);
  { auto closing = History::open(sound, k_now).value(); }
  const std::string whole = content(sound);
  REQUIRE(whole.size() > 50'000);
  constexpr std::size_t k_application_id = 68;
  int set_aside = 0;
  for (int round = 0; round < k_rounds; ++round) {
    INFO("round " << round);
    std::mt19937 random(static_cast<unsigned>(round));
    const fs::path path = dir / std::to_string(round);
    if (round % 5 == 0) {
      put(path, round % 2 == 0 ? early : damaged(early + std::string(4096, '\0'), random));
      put(path.string() + "-wal", damaged(journal, random));
    } else {
      put(path, damaged(whole, random));
    }
    chmod(path.c_str(), 0600);
    auto history = History::open(path, k_now);
    if (!history) {
      CHECK(history.error().what == "open the history: '" + path.string() + "' is the database of another program");
      CHECK(content(path).substr(k_application_id, 4) != whole.substr(k_application_id, 4));
      continue;
    }
    CHECK(history->events(WallTime{}, 1000));
    CHECK(history->fleet(k_always, 60s));
    CHECK(history->add(sample(k_t0 + 20min)));
    CHECK(history->alerts(WallTime{}, 1000));
    CHECK(history->instances(k_always, 60s));
    CHECK(history->instances(k_always, 1s));
    CHECK(history->put(alert(3)));
    CHECK(history->add(event(61)));
    CHECK(history->add(sample(k_t0 + 72h)));
    CHECK(history->fleet(k_always, 1s));
    CHECK(history->add(sample(k_t0 + 24h * 366)));
    set_aside += history->take_notice() ? 1 : 0;
    CHECK(history->add(sample(k_t0 + 24h * 366 + 1min)));
    CHECK_FALSE(history->fleet({k_t0 + 24h * 366, k_t0 + 24h * 367}, 60s).value().empty());
  }
  CHECK(set_aside > k_rounds / 3);
}

}  // namespace
}  // namespace kscale::store

#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libscale/store/appended_file.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using fakes::TempDir;

void put(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

AppendedFile opened(const fs::path& path, AppendedFile::Shape shape = {}) {
  auto file = AppendedFile::open(path, std::move(shape));
  REQUIRE(file);
  return std::move(*file);
}

Error error_of(const fs::path& path, AppendedFile::Shape shape = {}) {
  const auto file = AppendedFile::open(path, std::move(shape));
  REQUIRE_FALSE(file);
  return file.error();
}

/// A line that shows whether it is whole.
std::string numbered_line(int number, std::size_t length) {
  return fmt::format("{} {}end\n", number, std::string(length, '.'));
}

/// The number of a whole line; -1 of a torn one.
int number_of(const std::string& line) {
  const auto dots = line.find(' ') + 1;
  const bool is_whole = dots > 0 && line.find_first_not_of('.', dots) == line.size() - 3 && line.ends_with("end");
  return is_whole ? std::stoi(line) : -1;
}

/// The lines of all files of that name, oldest first.
std::vector<std::string> all_lines(const fs::path& path, int keep) {
  std::string text;
  for (int n = keep; n > 0; --n) {
    text += content(fmt::format("{}.{}", path.string(), n));
  }
  text += content(path);
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("lines are added to what is there, and a new file begins with its header") {
  const TempDir dir;
  const test::Umask mask(022);
  auto file = opened(dir / "log", {.header = "a,b\n"});
  CHECK(content(dir / "log").empty());
  CHECK(test::mode_of(dir / "log") == 0644);
  CHECK(file.append("1,2\n"));
  CHECK(file.append("3,4\n5,6\n"));
  CHECK(opened(dir / "log", {.header = "a,b\n"}).append("7,8\n"));
  CHECK(content(dir / "log") == "a,b\n1,2\n3,4\n5,6\n7,8\n");
}

TEST_CASE("the umask cuts the mode of a new file") {
  const TempDir dir;
  const test::Umask mask(077);
  opened(dir / "log");
  CHECK(test::mode_of(dir / "log") == 0600);
}

TEST_CASE("a torn last line is cut off when the file is opened, however long it is") {
  const TempDir dir;
  for (const std::size_t length : {1U, 4095U, 4096U, 4097U, 100'000U}) {
    CAPTURE(length);
    put(dir / "log", "whole\n" + std::string(length, 'x'));
    auto file = opened(dir / "log");
    CHECK(content(dir / "log") == "whole\n");
    CHECK(file.append("next\n"));
    CHECK(content(dir / "log") == "whole\nnext\n");
    put(dir / "log", std::string(length, 'x'));
    CHECK(opened(dir / "log", {.header = "head\n"}).append("first\n"));
    CHECK(content(dir / "log") == "head\nfirst\n");
  }
}

TEST_CASE("a line that another process left torn is cut off before the next") {
  const TempDir dir;
  auto file = opened(dir / "log");
  CHECK(file.append("1\n"));
  std::ofstream(dir / "log", std::ios::app) << "torn";
  CHECK(file.append("2\n"));
  CHECK(content(dir / "log") == "1\n2\n");
}

TEST_CASE("a file that is not accepted stays as it is") {
  const TempDir dir;
  put(dir / "log", "somebody's\ntext");
  std::string seen;
  const auto error = error_of(dir / "log", {.accepts = [&](std::string_view beginning) -> Status {
                                seen = beginning;
                                return fail(Errc::conflict, "not ours");
                              }});
  CHECK(error == Error{Errc::conflict, "not ours"});
  CHECK(seen == "somebody's\ntext");
  CHECK(content(dir / "log") == "somebody's\ntext");
}

TEST_CASE("a file that somebody put in the place of ours is asked about as well") {
  const TempDir dir;
  int asked = 0;
  auto file = opened(dir / "log", {.accepts = [&](std::string_view) -> Status {
                       ++asked;
                       return fail(Errc::conflict, "not ours");
                     }});
  CHECK(file.append("1\n"));
  CHECK(file.append("2\n"));
  CHECK(asked == 0);
  fs::remove(dir / "log");
  put(dir / "log", "theirs\n");
  for (int n = 1; n <= 2; ++n) {
    CHECK(file.append("3\n").error().what == "not ours");
    CHECK(asked == n);
  }
  CHECK(content(dir / "log") == "theirs\n");
  fs::remove(dir / "log");
  CHECK(file.append("4\n"));
  CHECK(content(dir / "log") == "4\n");
}

TEST_CASE("only a regular file of ours is added to") {
  const TempDir dir;
  const auto at = [&](const std::string& name) { return (dir / name).string(); };
  put(dir / "real", "x\n");
  fs::create_symlink(dir / "real", dir / "link");
  fs::create_symlink(dir / "nothing", dir / "dangling");
  REQUIRE(mkfifo(at("pipe").c_str(), 0600) == 0);
  fs::create_directory(dir / "directory");
  CHECK(error_of(dir / "link") ==
        Error{Errc::refused, fmt::format("'{}' is a symlink, which kscale does not follow here", at("link"))});
  CHECK(error_of(dir / "dangling").code == Errc::refused);
  CHECK(error_of(dir / "pipe") == Error{Errc::refused, fmt::format("'{}' is no regular file", at("pipe"))});
  CHECK(error_of(dir / "directory").what == fmt::format("open '{}': Is a directory", at("directory")));
  CHECK(error_of(dir / "missing" / "log") ==
        Error{Errc::not_found, fmt::format("open '{}': No such file or directory", at("missing/log"))});
  CHECK_FALSE(fs::exists(dir / "nothing"));
  CHECK(content(dir / "real") == "x\n");
  if (test::give_away(dir / "real")) {
    CHECK(error_of(dir / "real").what ==
          fmt::format("'{}' belongs to user 65534, and this is user {}", at("real"), geteuid()));
  }
}

TEST_CASE("a full disk fails the lines that do not fit, and leaves nothing of them") {
  const TempDir dir;
  const auto status = test::in_child([&] {
    auto file = AppendedFile::open(dir / "log", {});
    if (!file || !file->append("12345678\n")) {
      return 1;
    }
    test::fill_disk_after(12);
    const auto too_long = file->append("abcdefgh\n");
    if (too_long || too_long.error().what != fmt::format("write '{}': File too large", (dir / "log").string())) {
      return 2;
    }
    if (content(dir / "log") != "12345678\n") {
      return 3;
    }
    return file->append("ab\n") ? 0 : 4;
  });
  CHECK(status == 0);
  CHECK(content(dir / "log") == "12345678\nab\n");
}

TEST_CASE("a full file gets a number, the older ones the next, and the oldest goes") {
  const TempDir dir;
  auto file = opened(dir / "log", {.header = "h\n", .max_bytes = 8, .keep = 2});
  CHECK(file.append("1\n2\n3\n"));
  CHECK(content(dir / "log") == "h\n1\n2\n3\n");
  CHECK(file.append("4\n"));
  CHECK(content(dir / "log.1") == "h\n1\n2\n3\n");
  CHECK(content(dir / "log") == "h\n4\n");
  CHECK(file.append("longer than a file\n"));
  CHECK(content(dir / "log") == "h\nlonger than a file\n");
  CHECK(file.append("5\n"));
  CHECK(content(dir / "log.2") == "h\n4\n");
  CHECK(content(dir / "log.1") == "h\nlonger than a file\n");
  CHECK(content(dir / "log") == "h\n5\n");
  CHECK_FALSE(fs::exists(dir / "log.3"));
}

TEST_CASE("a number that is free is taken before any file is dropped") {
  const TempDir dir;
  put(dir / "log", "new\n");
  put(dir / "log.1", "1\n");
  put(dir / "log.3", "3\n");
  CHECK(opened(dir / "log", {.max_bytes = 4, .keep = 3}).append("5\n"));
  CHECK(content(dir / "log.3") == "3\n");
  CHECK(content(dir / "log.2") == "1\n");
  CHECK(content(dir / "log.1") == "new\n");
}

TEST_CASE("where no file can be given a number, that is said and nothing is lost") {
  const TempDir dir;
  auto file = opened(dir / "log", {.max_bytes = 4, .keep = 1});
  CHECK(file.append("123\n"));
  fs::create_directory(dir / "log.1");
  const auto full = file.append("4\n");
  REQUIRE_FALSE(full);
  CHECK(full.error().what == fmt::format("rename '{0}' to '{0}.1': Is a directory", (dir / "log").string()));
  CHECK(content(dir / "log") == "123\n");
  fs::remove(dir / "log.1");
  CHECK(file.append("4\n"));
  CHECK(content(dir / "log") == "4\n");
}

TEST_CASE("a file that was renamed, removed or emptied is begun anew") {
  const TempDir dir;
  auto file = opened(dir / "log", {.header = "h\n"});
  CHECK(file.append("1\n"));
  fs::rename(dir / "log", dir / "log-20261124");
  CHECK(file.append("2\n"));
  CHECK(content(dir / "log-20261124") == "h\n1\n");
  CHECK(content(dir / "log") == "h\n2\n");
  fs::remove(dir / "log");
  CHECK(file.append("3\n"));
  CHECK(content(dir / "log") == "h\n3\n");
  fs::resize_file(dir / "log", 0);
  CHECK(file.append("4\n"));
  CHECK(content(dir / "log") == "h\n4\n");
}

TEST_CASE("a lock that another process holds for a moment is waited for") {
  const TempDir dir;
  auto file = opened(dir / "log");
  const Descriptor other(open((dir / "log").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(flock(other.get(), LOCK_EX) == 0);
  std::thread soon([&] { flock(other.get(), LOCK_UN); });
  CHECK(file.append("1\n"));
  soon.join();
  CHECK(content(dir / "log") == "1\n");
}

TEST_CASE("a process that is killed at any moment leaves whole lines only, and each that it had added") {
  constexpr int k_lives = 100;
  constexpr int k_keep = 3;
  const TempDir dir;
  const auto path = dir / "log";
  const AppendedFile::Shape shape{.max_bytes = 250'000, .keep = k_keep};
  std::mt19937 random(20261124);  // the same waits each time
  int next = 0;
  for (int life = 0; life < k_lives; ++life) {
    CAPTURE(life);
    const int calls = 1 + static_cast<int>(random() % 4);
    const std::chrono::microseconds then(random() % 1000);
    {
      test::Victim victim(calls, [&](const std::function<void()>& report) {
        auto file = AppendedFile::open(path, shape);
        for (int n = next; file && file->append(numbered_line(n, n % 3 == 0 ? 90 : 60'000)); ++n) {
          if (n < next + calls) {
            report();
          }
        }
      });
      const auto end = std::chrono::steady_clock::now() + then;
      while (std::chrono::steady_clock::now() < end) {
      }
      victim.kill();
    }
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    flock(file.get(), LOCK_EX);  // what writes the last line holds it; no file: it was to be begun anew
    const auto newest = content(path);
    REQUIRE((newest.empty() || newest.ends_with('\n')));
    const auto lines = all_lines(path, k_keep);
    REQUIRE(lines.size() >= static_cast<std::size_t>(calls));
    const int first = number_of(lines.front());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      REQUIRE(number_of(lines[i]) == first + static_cast<int>(i));
    }
    const int last = first + static_cast<int>(lines.size()) - 1;
    REQUIRE(last >= next + calls - 1);  // all that was told of is there
    next = last + 1;
  }
}

TEST_CASE("several processes that add to one file neither tear nor lose each other's lines, whoever begins the next") {
  constexpr int k_writers = 4;
  constexpr int k_lines = 100;
  constexpr int k_keep = 1000;
  const TempDir dir;
  const auto path = dir / "log";
  const AppendedFile::Shape shape{.max_bytes = 40'000, .keep = k_keep};
  const auto statuses = test::in_children(k_writers, [&](int writer) {
    // Who adds without a pause can keep the others out for longer than they wait.
    const auto insist = [](const auto& act) {
      auto done = act();
      while (!done && done.error().code == Errc::busy) {
        done = act();
      }
      return done;
    };
    auto file = insist([&] { return AppendedFile::open(path, shape); });
    bool ok = file.has_value();
    for (int n = 0; ok && n < k_lines; ++n) {
      const auto line = numbered_line(writer * 1000 + n, n % 10 == 0 ? 9000 : 100);
      ok = insist([&] { return file->append(line); }).has_value();
    }
    return ok ? 0 : 1;
  });
  CHECK(statuses == std::vector(k_writers, 0));
  std::map<int, int> next;
  for (const auto& line : all_lines(path, k_keep)) {
    const int number = number_of(line);
    REQUIRE(number >= 0);
    REQUIRE(number % 1000 == next[number / 1000]++);
  }
  for (int writer = 0; writer < k_writers; ++writer) {
    CHECK(next[writer] == k_lines);
  }
  CHECK(fs::file_size(path) <= shape.max_bytes);
}

}  // namespace kscale::store

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "libscale/store/files.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/store/child.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using fakes::TempDir;
using test::give_away;
using test::in_child;
using test::mode_of;
using test::Umask;

void put(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::ptrdiff_t entries(const TempDir& dir) {
  return std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator());
}

TEST_CASE("a private directory is made with its parents, whatever the umask") {
  const TempDir dir;
  for (const mode_t mask : {0U, 077U, 0777U}) {
    const Umask scope(mask);
    const fs::path top = dir / fmt::format("{:o}", mask);
    CHECK(make_private_directory(top / "a" / "b/"));
    CHECK(mode_of(top) == 0700);
    CHECK(mode_of(top / "a" / "b") == 0700);
    CHECK(make_private_directory(top / "a" / "b"));
  }
}

TEST_CASE("a private directory that is there keeps its mode") {
  const TempDir dir;
  fs::create_directory(dir / "state");
  chmod((dir / "state").c_str(), 0755);
  CHECK(make_private_directory(dir / "state"));
  CHECK(mode_of(dir / "state") == 0755);
}

TEST_CASE("a directory that others can write to is not private") {
  const TempDir dir;
  const std::string state = (dir / "state").string();
  fs::create_directory(state);
  chmod(state.c_str(), 01777);
  CHECK(make_private_directory(state).error() ==
        Error{Errc::refused,
              "others may write to '" + state + "'; take that from them with: chmod go-w '" + state + "'"});
  CHECK(mode_of(state) == 01777);
}

TEST_CASE("a symlink is no private directory, even with a slash behind it") {
  const TempDir dir;
  fs::create_directory(dir / "real");
  fs::create_directory_symlink(dir / "real", dir / "link");
  const Error refused{Errc::refused,
                      "'" + (dir / "link").string() + "' is a symlink, which kscale does not follow here"};
  CHECK(make_private_directory(dir / "link").error() == refused);
  CHECK(make_private_directory(dir / "link/").error() == refused);
}

TEST_CASE("a file is no private directory") {
  const TempDir dir;
  put(dir / "state", "");
  CHECK(make_private_directory(dir / "state").error() ==
        Error{Errc::conflict, "'" + (dir / "state").string() + "' is no directory"});
  CHECK(make_private_directory(dir / "state/below").error().what ==
        "make directory '" + (dir / "state/below").string() + "': Not a directory");
  CHECK(make_private_directory("").error() == Error{Errc::invalid, "make directory: its name is empty"});
}

TEST_CASE("another user's directory is not private") {
  const TempDir dir;
  fs::create_directory(dir / "state");
  if (!give_away(dir / "state")) {
    WARN("skipped: only root can give a directory away");
    return;
  }
  const auto made = make_private_directory(dir / "state");
  REQUIRE_FALSE(made);
  CHECK(made.error() ==
        Error{Errc::refused, "'" + (dir / "state").string() + "' belongs to user 65534, and this is user " +
                                 std::to_string(geteuid())});
}

TEST_CASE("a file is read whole, up to a bound") {
  const TempDir dir;
  put(dir / "file", std::string("a\0b", 3));
  CHECK(read_file(dir / "file", 3).value() == std::string("a\0b", 3));
  CHECK(read_file(dir / "file", 2).error() ==
        Error{Errc::invalid, "read '" + (dir / "file").string() + "': it holds more than 2 bytes"});
  CHECK(read_file(dir / "none", 2).error() ==
        Error{Errc::not_found, "read '" + (dir / "none").string() + "': No such file or directory"});
}

TEST_CASE("a pipe and a directory are not read") {
  const TempDir dir;
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK(read_file(dir / "pipe", 10).error() ==
        Error{Errc::refused, "'" + (dir / "pipe").string() + "' is no regular file"});
  CHECK(read_file(dir.path(), 10).error() == Error{Errc::refused, "'" + dir.path().string() + "' is no regular file"});
}

TEST_CASE("of a long file the tail is read, and no symlink is followed to it") {
  const TempDir dir;
  put(dir / "file", "0123456789");
  fs::create_symlink(dir / "file", dir / "link");
  CHECK(read_tail(dir / "file", 3).value() == "789");
  CHECK(read_tail(dir / "file", 100).value() == "0123456789");
  CHECK(read_tail(dir / "link", 3).error() ==
        Error{Errc::refused, "'" + (dir / "link").string() + "' is a symlink, which kscale does not follow here"});
}

TEST_CASE("a file is written with its mode, whatever the umask, and nothing is left beside it") {
  const TempDir dir;
  for (const mode_t mask : {0U, 0777U}) {
    const Umask scope(mask);
    CHECK(write_atomically(dir / "file", "text", 0644));
    CHECK(mode_of(dir / "file") == 0644);
    CHECK(content(dir / "file") == "text");
    CHECK(write_atomically(dir / "file", "", 0600));
    CHECK(mode_of(dir / "file") == 0600);
    CHECK(content(dir / "file").empty());
    CHECK(entries(dir) == 1);
  }
}

TEST_CASE("a symlink is not written through, dangling or not") {
  const TempDir dir;
  put(dir / "victim", "precious");
  fs::create_symlink(dir / "victim", dir / "link");
  fs::create_symlink(dir / "nothing", dir / "dangling");
  const std::string link = (dir / "link").string();
  CHECK(write_atomically(link, "text", 0644).error() ==
        Error{Errc::refused, "write '" + link + "': '" + link + "' is a symlink, which kscale does not follow here"});
  CHECK(write_atomically(dir / "dangling", "text", 0644).error().code == Errc::refused);
  CHECK(content(dir / "victim") == "precious");
  CHECK_FALSE(fs::exists(dir / "nothing"));
  CHECK(entries(dir) == 3);
}

TEST_CASE("a directory and a pipe are not replaced by a file") {
  const TempDir dir;
  fs::create_directory(dir / "directory");
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK(write_atomically(dir / "directory", "text", 0644).error().code == Errc::refused);
  CHECK(write_atomically(dir / "pipe", "text", 0644).error().code == Errc::refused);
}

TEST_CASE("another user's file is not replaced") {
  const TempDir dir;
  put(dir / "file", "theirs");
  if (!give_away(dir / "file")) {
    WARN("skipped: only root can give a file away");
    return;
  }
  const std::string file = (dir / "file").string();
  CHECK(write_atomically(file, "text", 0644).error() ==
        Error{Errc::refused, "write '" + file + "': '" + file + "' belongs to user 65534, and this is user " +
                                 std::to_string(geteuid())});
  CHECK(content(file) == "theirs");
}

TEST_CASE("the old text survives a full disk, and the new one leaves no trace") {
  const TempDir dir;
  put(dir / "file", "old");
  const int status = in_child([&] {
    test::fill_disk_after(1000);
    const auto written = write_atomically(dir / "file", std::string(2000, 'x'), 0644);
    return !written && written.error().what == "write '" + (dir / "file").string() + "': File too large" ? 0 : 1;
  });
  CHECK(status == 0);
  CHECK(content(dir / "file") == "old");
  CHECK(entries(dir) == 1);
}

TEST_CASE("a file is not written where there is no directory") {
  const TempDir dir;
  CHECK(write_atomically(dir / "none/file", "text", 0644).error() ==
        Error{Errc::not_found, "write '" + (dir / "none/file").string() + "': No such file or directory"});
}

TEST_CASE("a damaged file is set aside with its journals, and never over an older one") {
  const TempDir dir;
  const WallTime now{std::chrono::milliseconds(1'700'000'000'900)};
  put(dir / "db", "first");
  put(dir / "db-wal", "journal");
  CHECK(set_aside(dir / "db", identity_of(dir / "db").value(), now).value() == dir / "db.damaged-1700000000");
  CHECK(content(dir / "db.damaged-1700000000") == "first");
  CHECK(content(dir / "db.damaged-1700000000-wal") == "journal");
  CHECK_FALSE(fs::exists(dir / "db-wal"));
  put(dir / "db", "second");
  CHECK(set_aside(dir / "db", identity_of(dir / "db").value(), now).value() == dir / "db.damaged-1700000000-2");
  CHECK(content(dir / "db.damaged-1700000000") == "first");
}

TEST_CASE("a damaged file that somebody set aside already is not looked for again") {
  const TempDir dir;
  const WallTime now{std::chrono::seconds(1'700'000'000)};
  put(dir / "db", "damaged");
  const FileIdentity damaged = identity_of(dir / "db").value();
  put(dir / "new", "sound");
  fs::rename(dir / "db", dir / "elsewhere");
  CHECK(set_aside(dir / "db", damaged, now).value() == std::nullopt);
  fs::rename(dir / "new", dir / "db");
  CHECK(set_aside(dir / "db", damaged, now).value() == std::nullopt);
  CHECK(content(dir / "db") == "sound");
  CHECK(set_aside(dir / "db", identity_of(dir / "db").value(), now).value() == dir / "db.damaged-1700000000");
  CHECK(identity_of(dir / "db") == std::nullopt);
}

TEST_CASE("one process at a time has the turn in a directory, and it ends with the process") {
  const TempDir dir;
  const auto has_turn = [&] {
    const Descriptor other(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return flock(other.get(), LOCK_EX | LOCK_NB) == 0;
  };
  test::Victim holder(1, [&](const auto& report) {
    const auto turn = take_turn(dir / "file");
    report();
    pause();
  });
  CHECK_FALSE(has_turn());
  holder.kill();
  CHECK(has_turn());
  CHECK_FALSE(take_turn(dir / "none" / "file").is_open());
}

TEST_CASE("the state directory follows systemd, then root, then XDG, then the home") {
  std::map<std::string, std::string> variables;
  const EnvironmentLookup environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  CHECK(default_state_directory(environment, 0) == "/var/lib/kscale");
  CHECK(default_state_directory(environment, 1000).empty());
  variables["HOME"] = "/home/ann";
  CHECK(default_state_directory(environment, 1000) == "/home/ann/.local/state/kscale");
  variables["XDG_STATE_HOME"] = "relative";
  CHECK(default_state_directory(environment, 1000) == "/home/ann/.local/state/kscale");
  variables["XDG_STATE_HOME"] = "/home/ann/state:odd";
  CHECK(default_state_directory(environment, 1000) == "/home/ann/state:odd/kscale");
  CHECK(default_state_directory(environment, 0) == "/var/lib/kscale");
  variables["STATE_DIRECTORY"] = "/var/lib/first:/var/lib/second";
  CHECK(default_state_directory(environment, 0) == "/var/lib/first");
  CHECK(default_state_directory(environment, 1000) == "/var/lib/first");
  variables["STATE_DIRECTORY"] = "";
  CHECK(default_state_directory(environment, 0) == "/var/lib/kscale");
}

}  // namespace
}  // namespace kscale::store

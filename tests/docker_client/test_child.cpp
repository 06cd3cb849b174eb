#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libscale/docker/child.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using docker::Child;
using docker::run;

namespace {

const docker::Variables k_variables{{"PATH", "/usr/bin:/bin"}};

/// A child that is a small script.
Child script(const std::string& text, std::vector<std::string> arguments = {}) {
  Child child{.arguments = {"sh", "-c", text, "script"}, .variables = k_variables, .grace = 10s};
  child.arguments.insert(child.arguments.end(), arguments.begin(), arguments.end());
  return child;
}

/// A descriptor that becomes readable when told.
class StopSign {
 public:
  StopSign() : m_fd(eventfd(0, EFD_CLOEXEC)) {}
  StopSign(const StopSign&) = delete;
  StopSign& operator=(const StopSign&) = delete;
  ~StopSign() { close(m_fd); }

  int fd() const { return m_fd; }
  void raise() const { eventfd_write(m_fd, 1); }

 private:
  int m_fd;
};

bool has_no_child() {
  return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

}  // namespace

TEST_CASE("a program runs to its end, with its arguments as they are and both streams in order") {
  const auto end = run(script(R"(echo "$1"; echo "$2" >&2; echo end; exit 3)", {"a b; $HOME", "'*'"}));
  REQUIRE(end.has_value());
  CHECK(end->status == 3);
  CHECK(end->output == "a b; $HOME\n'*'\nend\n");
  CHECK(has_no_child());
}

TEST_CASE("standard error comes by itself where that is asked for") {
  auto child = script("echo a; echo b >&2; echo c");
  child.has_errors_apart = true;
  const auto end = run(child);
  REQUIRE(end.has_value());
  CHECK(end->output == "a\nc\n");
  CHECK(end->errors == "b\n");
  CHECK_FALSE(end->is_cut);
}

TEST_CASE("a program that a signal ended is told by its number") {
  CHECK(run(script("kill -9 $$"))->status == 128 + SIGKILL);
}

TEST_CASE("a program is sought in the PATH that it gets, and one that is not there is not found") {
  const fakes::TempDir dir;
  CHECK(run({.arguments = {"nope"}, .variables = k_variables}).error() ==
        Error{Errc::not_found, "nope: no such program in PATH"});
  CHECK(run({.arguments = {"sh"}, .variables = {{"PATH", "bin::.:" + dir.path().string()}}}).error() ==
        Error{Errc::not_found, "sh: no such program in PATH"});
  CHECK(run({.arguments = {"sh"}}).error().code == Errc::not_found);
  CHECK(run({.arguments = {}, .variables = k_variables}).error().code == Errc::not_found);
  CHECK(run({.arguments = {"/nope/sh"}}).error() ==
        Error{Errc::not_found, "/nope/sh: cannot be started: No such file or directory"});
  std::ofstream(dir / "data") << "no program\n";
  CHECK(run({.arguments = {(dir / "data").string()}}).error() ==
        Error{Errc::failed, (dir / "data").string() + ": cannot be started: Permission denied"});
}

TEST_CASE("a program runs in the folder and with the variables that it is given, and no others") {
  const fakes::TempDir dir;
  auto child = script("pwd -P; echo $A; env | grep -c KSCALE_TEST_HERE");
  child.folder = std::filesystem::canonical(dir.path());
  child.variables["A"] = "1 = 1";
  setenv("KSCALE_TEST_HERE", "1", 1);
  CHECK(run(child)->output == child.folder.string() + "\n1 = 1\n0\n");
  CHECK(docker::own_variables().at("KSCALE_TEST_HERE") == "1");
  unsetenv("KSCALE_TEST_HERE");
  child.folder = dir / "nope";
  CHECK(run(child).error() ==
        Error{Errc::not_found, "sh: cannot be started in " + child.folder.string() + ": No such file or directory"});
}

TEST_CASE("a program reads nothing, holds none of our descriptors and none of our signals") {
  const int held = dup(STDERR_FILENO);  // without close-on-exec
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  auto* const handler = std::signal(SIGPIPE, SIG_IGN);
  const auto end = run(script("cat; ls /proc/$$/fd; exec grep SigBlk /proc/self/status"));
  const auto piped = run(script("kill -PIPE $$"));
  static_cast<void>(std::signal(SIGPIPE, handler));
  sigprocmask(SIG_SETMASK, &before, nullptr);
  close(held);
  REQUIRE(end.has_value());
  CHECK(end->output == "0\n1\n2\nSigBlk:\t0000000000000000\n");
  CHECK(piped->status == 128 + SIGPIPE);
}

TEST_CASE("each line is told as it comes, without what ends it") {
  std::vector<std::string> lines;
  const StopSign stop;
  auto child = script(R"(printf 'one\n\ntwo\r\nthree\rfour'; sleep 60)");
  child.on_line = [&](std::string_view line) {
    lines.emplace_back(line);
    if (lines.size() == 3) {
      stop.raise();  // which it would not live to see otherwise
    }
  };
  CHECK(run(child, stop.fd()).error() == Error{Errc::interrupted, "sh: interrupted"});
  CHECK(lines == std::vector<std::string>{"one", "two", "three", "four"});
}

TEST_CASE("of a long output the end is kept, from the beginning of a line on") {
  std::size_t longest = 0;
  auto child = script("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done");
  child.on_line = [&](std::string_view line) { longest = std::max(longest, line.size()); };
  const auto lines = run(child);
  REQUIRE(lines.has_value());
  CHECK(lines->is_cut);
  CHECK(lines->output.size() <= 65536);
  CHECK(lines->output.size() > 65000);
  CHECK(lines->output.starts_with("line 1"));
  CHECK(lines->output.ends_with("line 19999\n"));
  CHECK(longest == 10);
}

TEST_CASE("of a line that is longer than what is kept, nothing is kept, however it comes") {
  std::size_t longest = 0;
  auto child = script("head -c 140000 /dev/zero; sleep 0.1; printf 'its end'");
  child.on_line = [&](std::string_view line) { longest = std::max(longest, line.size()); };
  auto line = run(child);
  REQUIRE(line.has_value());
  CHECK(line->output.empty());
  CHECK(line->is_cut);
  CHECK(longest == 16384);
  child.arguments[2] += "; echo; echo another";
  line = run(child);
  REQUIRE(line.has_value());
  CHECK(line->output == "another\n");
}

TEST_CASE("a program that takes too long is ended, by force where it does not listen, with those it has started") {
  auto child = script("sleep 60 & trap '' TERM; echo $!; while :; do sleep 60; done");
  std::string started;
  child.on_line = [&started](std::string_view line) { started = line; };
  child.deadline = 300ms;
  child.grace = 100ms;
  CHECK(run(child).error() == Error{Errc::timed_out, "sh: not done in 300ms"});
  CHECK(has_no_child());
  REQUIRE_FALSE(started.empty());
  // Gone, or dead and not yet collected by init.
  std::ifstream stat("/proc/" + started + "/stat");
  std::string pid;
  std::string name;
  std::string state = "Z";
  stat >> pid >> name >> state;
  CHECK(state == "Z");
}

TEST_CASE("a program that is told to stop may end by itself") {
  const fakes::TempDir dir;
  const StopSign stop;
  auto child = script("trap 'echo tidy >tidied; exit 0' TERM; echo up; while :; do sleep 0.01; done");
  child.folder = dir.path();
  child.on_line = [&stop](std::string_view) { stop.raise(); };
  CHECK(run(child, stop.fd()).error().code == Errc::interrupted);
  CHECK(std::filesystem::exists(dir / "tidied"));
}

TEST_CASE("no program is started when we were told to stop before") {
  const fakes::TempDir dir;
  const StopSign stop;
  stop.raise();
  auto child = script("touch started");
  child.folder = dir.path();
  CHECK(run(child, stop.fd()).error() == Error{Errc::interrupted, "sh: not started, told to stop"});
  CHECK_FALSE(std::filesystem::exists(dir / "started"));
}

TEST_CASE("a program that leaves another one behind is done when it ends itself") {
  const auto begun = std::chrono::steady_clock::now();
  const auto end = run(script("sleep 2 & echo done"));
  REQUIRE(end.has_value());
  CHECK(end->output == "done\n");
  CHECK(std::chrono::steady_clock::now() - begun < 2s);
}

TEST_CASE("a program that closes its output is waited for all the same") {
  CHECK(run(script("exec >&- 2>&-; sleep 0.1; exit 7"))->status == 7);
}

TEST_CASE("what is thrown while a program runs ends it") {
  auto child = script("echo up; sleep 60");
  child.on_line = [](std::string_view) { throw std::runtime_error("no more"); };
  CHECK_THROWS_WITH(run(child), "no more");
  CHECK(has_no_child());
}

TEST_CASE("a program leaves no descriptor of ours open") {
  const auto count = [] {
    std::size_t open = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      ++open;
    }
    return open;
  };
  const auto before = count();
  CHECK(run(script("exit 0")).has_value());
  CHECK_FALSE(run({.arguments = {"/nope"}}).has_value());
  CHECK(count() == before);
}

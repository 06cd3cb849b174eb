// Weeks in minutes: kscale-auto's checks and kscale-monitor's looks on one machine in this process, whose clock the
// program moves, under a load that follows the day, with all the mishaps that a long time brings. Measures whether
// anything grows, and holds what must hold at every check.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <numbers>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cxxopts.hpp>
#include <fmt/format.h>
#include <malloc.h>

#include "libscale/control/autoscaler.hpp"
#include "libscale/monitor/watch.hpp"
#include "tests/endurance/state_disk.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace kscale {
namespace {

using namespace std::chrono_literals;
using fakes::FakeMachine;
using fakes::Fate;
using sandbox::KongMode;
namespace fs = std::filesystem;

constexpr double k_kilo = 1024;
constexpr auto k_day = 24h;
constexpr int k_skipped = 77;  ///< the exit status
constexpr auto k_check_interval = 30s;
constexpr auto k_look_interval = 60s;
/// Minutes are kept for so long here, so that a month shows that the history stops growing.
constexpr auto k_keep_minutes = 7 * k_day;

struct Plan {
  int days = 30;
  KongMode mode = KongMode::database;
};

/// What the process holds at a moment.
struct Footprint {
  double heap_kib = 0;  ///< that is in use
  int descriptors = 0;
  double history_mib = 0;  ///< with its journal
  int mishaps = 0;         ///< so far
};

template <class T>
T require(Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().what);
  }
  return std::move(*result);
}

double mib(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return absent ? 0 : static_cast<double>(size) / k_kilo / k_kilo;
}

/// Something that happens every so often, and what it was like before comes back after a while.
struct Mishap {
  std::chrono::seconds every;
  std::chrono::seconds lasts;
  std::function<void()> begins;
  std::function<void()> ends = [] {};
};

class Endurance {
 public:
  explicit Endurance(const Plan& plan);

  /// Prints a line for each day. Whether all held.
  bool run();
  /// Whether the disk of the state gets full and read-only now and then, for which the right to mount one is needed.
  bool has_disk() const { return m_disk.is_real(); }

 private:
  std::vector<Mishap> mishaps();
  void begin_tools();
  using DiskChange = void (StateDisk::*)();
  void disk_goes_bad(DiskChange how, DiskChange undo);
  void disk_is_well(DiskChange undo);
  bool has_recent_sample();
  void set_load(std::chrono::seconds since_begin);
  void happen(std::chrono::seconds since_begin);
  void check();
  void hold(bool holds, std::string_view what);
  Footprint footprint() const;
  void print(int day, const Footprint& now) const;
  void compare(const Footprint& early, const Footprint& late, bool history_is_full);

  Plan m_plan;
  fakes::TempDir m_dir;
  StateDisk m_disk{m_dir / "state"};
  FakeMachine m_machine;
  control::Settings m_settings = FakeMachine::settings();
  control::Log m_log{
      [this](control::Level, std::string_view line) { m_told_of_disk += line.ends_with("; scaling goes on") ? 1 : 0; }};
  std::unique_ptr<control::Records> m_auto_records;
  std::unique_ptr<control::Records> m_monitor_records;
  std::unique_ptr<control::Autoscaler> m_autoscaler;
  std::unique_ptr<monitor::Watch> m_watch;
  std::vector<Mishap> m_mishaps;

  bool m_docker_is_gone = false;
  bool m_kong_is_gone = false;
  DiskChange m_undo_disk = nullptr;  ///< while the disk is bad
  int m_told_of_disk = 0;            ///< since the disk went bad
  int m_calm_checks = 0;             ///< since something last happened
  int m_checks = 0;
  int m_unable = 0;  ///< checks without Docker or Kong
  int m_actions = 0;
  int m_happened = 0;
  int m_going_on = 0;  ///< mishaps
  int m_breaches = 0;
  std::string m_first_breach;
};

Endurance::Endurance(const Plan& plan) : m_plan(plan), m_machine(plan.mode), m_mishaps(mishaps()) {
  m_settings.state_dir = (m_dir / "state").string();
  m_settings.history_log = (m_dir / "scaling.log").string();
  m_settings.check_interval = k_check_interval;
  m_settings.refresh_interval = k_look_interval;
  m_settings.retention.minutes = k_keep_minutes;
  m_machine.http.fate = [this](int, const net::Request& request) {
    return (request.to.unix_socket.empty() ? m_kong_is_gone : m_docker_is_gone) ? Fate::lost : Fate::arrives;
  };
  begin_tools();
}

/// In one way at a time.
void Endurance::disk_goes_bad(DiskChange how, DiskChange undo) {
  if (m_disk.is_real() && m_undo_disk == nullptr) {
    (m_disk.*how)();
    m_undo_disk = undo;
    m_told_of_disk = 0;
  }
}

void Endurance::disk_is_well(DiskChange undo) {
  if (m_undo_disk == undo) {
    (m_disk.*undo)();
    m_undo_disk = nullptr;
    // Of the state and of the history by either tool, and once more where they were started anew meanwhile.
    constexpr int k_most_told = 8;
    hold(m_told_of_disk > 0, "nothing was said of the disk");
    hold(m_told_of_disk <= k_most_told, "the same was said of the disk again and again");
  }
}

std::vector<Mishap> Endurance::mishaps() {
  const auto by_hand = [this](std::string_view method, std::string_view what) {
    if (const auto running = m_machine.running(); !running.empty()) {
      m_machine.docker.answer({.method = std::string(method),
                               .target = fmt::format("/containers/{}{}", running.at(running.size() / 2), what)});
    }
  };
  return {
      {3h, 5min, [this] { m_docker_is_gone = true; }, [this] { m_docker_is_gone = false; }},
      {4h, 7min, [this] { m_kong_is_gone = true; }, [this] { m_kong_is_gone = false; }},
      {5h, 1min, [by_hand] { by_hand("DELETE", "?force=true"); }},
      {7h, 1min, [by_hand] { by_hand("POST", "/kill"); }},
      {9h, 10min, [by_hand] { by_hand("POST", "/pause"); },
       [this] {
         for (const auto& line : m_machine.containers()) {
           if (line.ends_with(" paused")) {
             m_machine.docker.answer(
                 {.method = "POST", .target = fmt::format("/containers/{}/unpause", line.substr(0, line.find(' ')))});
           }
         }
       }},
      {11h, 2h, [this] { m_machine.clock.step_wall(1h); }, [this] { m_machine.clock.step_wall(-1h); }},
      {13h, 1min, [this] { m_machine.clock.forward(10min); }},  // the machine slept
      {2h, 1min, [this] { begin_tools(); }},
      {6h, 50min, [this] { disk_goes_bad(&StateDisk::fill, &StateDisk::empty); },
       [this] { disk_is_well(&StateDisk::empty); }},
      {17h, 50min, [this] { disk_goes_bad(&StateDisk::make_read_only, &StateDisk::make_writable); },
       [this] { disk_is_well(&StateDisk::make_writable); }},
  };
}

/// Both tools are started anew.
void Endurance::begin_tools() {
  m_watch.reset();
  m_autoscaler.reset();
  const auto open = [this](const char* tool) {
    const auto nothing = [](const std::string&) { return std::nullopt; };
    return std::make_unique<control::Records>(
        require(control::Records::open(m_settings, nothing, m_machine.clock, m_log, tool)));
  };
  m_auto_records = open("kscale-auto");
  m_monitor_records = open("kscale-monitor");
  m_autoscaler = std::make_unique<control::Autoscaler>(m_settings, m_machine.world(), *m_auto_records, m_log,
                                                       [](const control::CheckReport&) {});
  m_watch = std::make_unique<monitor::Watch>(m_settings, m_machine.world(), *m_monitor_records, m_log,
                                             monitor::Duties{.records = true, .keeps_alerts = true, .tells = true});
}

/// A day's wave, spread over those that run, with a swing that a threshold would flap on.
void Endurance::set_load(std::chrono::seconds since_begin) {
  constexpr double k_most_cores = 6;
  constexpr double k_swing = 0.15;
  const auto turns = [&](std::chrono::seconds period) {
    return 2 * std::numbers::pi * static_cast<double>(since_begin.count()) / static_cast<double>(period.count());
  };
  const double wave = 0.5 - 0.5 * std::cos(turns(k_day));
  const double cores = k_most_cores * wave * (1 + k_swing * std::sin(turns(7min)));
  const auto running = std::max<std::size_t>(m_machine.running().size(), 1);
  m_machine.behaviour->cpu = Cores{std::min(cores / static_cast<double>(running), 1.0)};
}

void Endurance::happen(std::chrono::seconds since_begin) {
  for (const auto& mishap : m_mishaps) {
    const auto phase = since_begin % mishap.every;
    if (since_begin >= mishap.every && phase == 0s) {
      mishap.begins();
      ++m_happened;
      ++m_going_on;
      m_calm_checks = 0;
    } else if (since_begin >= mishap.every && phase == mishap.lasts) {
      mishap.ends();
      --m_going_on;
      m_calm_checks = 0;
    }
  }
}

void Endurance::hold(bool holds, std::string_view what) {
  if (!holds && m_breaches++ == 0) {
    m_first_breach = fmt::format("{}, at check {}", what, m_checks);
  }
}

void Endurance::check() {
  const auto before = m_machine.running().size();
  const auto report = m_autoscaler->check();
  const auto running = m_machine.running().size();
  ++m_checks;
  m_calm_checks = m_going_on == 0 ? m_calm_checks + 1 : 0;
  m_actions += report && report->outcome ? 1 : 0;
  const auto& rules = m_settings.rules;
  const auto least = static_cast<std::size_t>(rules.min_instances);
  hold(running >= std::min(before, least), "fewer than min instances, by kscale's doing");
  hold(running <= static_cast<std::size_t>(rules.max_instances), "more than max instances");
  if (m_docker_is_gone || m_kong_is_gone) {
    ++m_unable;
    hold(running >= before, "an instance was removed while Docker or Kong was gone");
    return;
  }
  hold(m_undo_disk == nullptr || report.has_value(), "a check failed because of the disk");
  // A failed try is followed by a wait, so not the very next check must have mended all.
  constexpr int k_mended_after = 4;
  if (m_calm_checks > k_mended_after) {
    hold(report.has_value(), "a check failed though nothing was wrong");
    hold(running >= least, "fewer than min instances");
    hold(m_machine.targets().size() == running, "targets and instances disagree");
  }
  if (m_calm_checks == k_mended_after) {
    hold(has_recent_sample(), "the history did not go on");
  }
}

bool Endurance::has_recent_sample() {
  const auto now = m_machine.clock.now().wall;
  auto* const history = require(m_monitor_records->history());
  return history != nullptr && !require(history->fleet({now - 3 * k_look_interval, now + 1s}, 1s)).empty();
}

Footprint Endurance::footprint() const {
  const auto descriptors = std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  const auto history = fs::path(m_settings.state_dir) / (m_settings.deployment.prefix + ".history.db");
  return {.heap_kib = static_cast<double>(mallinfo2().uordblks) / k_kilo,
          .descriptors = static_cast<int>(descriptors),
          .history_mib = mib(history) + mib(history.string() + "-wal"),
          .mishaps = m_happened};
}

void Endurance::print(int day, const Footprint& now) const {
  fmt::print("{:>4}{:>9}{:>9}{:>9}{:>9}{:>11.0f}{:>9}{:>10.2f}{:>10}\n", day, m_checks, m_unable, m_actions, m_happened,
             now.heap_kib, now.descriptors, now.history_mib, m_breaches);
  std::fflush(stdout);
}

/// That nothing grows: what the process holds, and, where the history is as long as it gets, that too.
void Endurance::compare(const Footprint& early, const Footprint& late, bool history_is_full) {
  constexpr double k_more_heap_kib = 256;   // what is kept of a few days grows to its full length first
  constexpr double k_kib_per_mishap = 1.5;  // actions and alerts, which are kept for a year
  hold(late.heap_kib <= early.heap_kib + k_more_heap_kib, "the heap grew");
  hold(late.descriptors <= early.descriptors, "descriptors were lost");
  const double more_mib = (late.mishaps - early.mishaps) * k_kib_per_mishap / k_kilo;
  hold(!history_is_full || late.history_mib <= early.history_mib + more_mib, "the history grew");
}

bool Endurance::run() {
  fmt::print("{:>4}{:>9}{:>9}{:>9}{:>9}{:>11}{:>9}{:>10}{:>10}\n", "day", "checks", "unable", "actions", "mishaps",
             "heap KiB", "files", "hist MiB", "breaches");
  std::optional<Footprint> early;
  constexpr int k_history_is_full = static_cast<int>(k_keep_minutes / k_day) + 2;
  const int settled = std::min((m_plan.days + 1) / 2, k_history_is_full);
  for (int day = 1; day <= m_plan.days; ++day) {
    const auto begin = std::chrono::seconds(k_day) * (day - 1);
    for (auto at = begin; at < begin + k_day; at += k_check_interval) {
      set_load(at);
      happen(at);
      check();
      if (at % k_look_interval == 0s) {
        require(m_watch->look());
      }
      m_machine.clock.forward(k_check_interval);
      // What the machine remembers for other tests.
      m_machine.http.changes.clear();
      m_machine.steps.clear();
    }
    const auto now = footprint();
    print(day, now);
    if (day == settled) {
      early = now;
    }
    if (day == m_plan.days && early && day > settled) {
      compare(*early, now, settled == k_history_is_full);
    }
  }
  hold(m_actions > 0, "nothing was scaled");
  if (m_breaches > 0) {
    fmt::print("FAILED: {}\n", m_first_breach);
  }
  return m_breaches == 0;
}

int run(int argc, const char* const* argv) {
  Plan plan;
  std::string mode = "database";
  cxxopts::Options options("kscale-endurance", "Lives through days of autoscaling and monitoring in minutes.");
  options.add_options()("help", "print this")("days", "how many (30)", cxxopts::value(plan.days), "N")(
      "mode", "how Kong keeps its entities: database or dbless (database)", cxxopts::value(mode), "MODE");
  const auto given = options.parse(argc, argv);
  if (given.count("help") > 0) {
    fmt::print("{}", options.help());
    return 0;
  }
  if (mode != "database" && mode != "dbless") {
    throw std::runtime_error(fmt::format("--mode: '{}' is neither database nor dbless", mode));
  }
  plan.mode = mode == "database" ? KongMode::database : KongMode::dbless;
  Endurance endurance(plan);
  if (!endurance.run()) {
    return 1;
  }
  if (!endurance.has_disk()) {
    fmt::print("skipped: no right to mount a disk, so that it was never full and never read-only; all else held\n");
    return k_skipped;
  }
  return 0;
}

}  // namespace
}  // namespace kscale

int main(int argc, char** argv) {
  try {
    return kscale::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "kscale-endurance: error: {}\n", error.what());
    return 2;
  }
}

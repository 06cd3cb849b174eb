#include "tests/faults/trial.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libscale/control/peers.hpp"
#include "libscale/control/readings.hpp"
#include "libscale/control/sampler.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/control/system_clock.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/net/curl_transport.hpp"
#include "libscale/store/files.hpp"
#include "libscale/store/history.hpp"
#include "libscale/store/lock.hpp"
#include "libscale/store/state_file.hpp"
#include "tests/faults/report.hpp"
#include "tests/faults/scene.hpp"
#include "tests/sandbox/machine.hpp"

namespace kscale::faults {

namespace {

using namespace std::chrono_literals;
using sandbox::Question;

constexpr auto k_longest_run = 60s;
/// Until Kong has counted some of the light load.
constexpr auto k_some_load = 150ms;
constexpr double k_requests_per_second = 25;
constexpr int k_checks_of_service = 4;
constexpr auto k_longest_checks = 45s;
/// Where a peer is gone for good no check comes to a decision any more.
constexpr auto k_longest_checks_in_vain = 15s;

/// Waits for nothing.
class HastyClock final : public Clock {
 public:
  Now now() override { return m_clock.now(); }
  Waited wait(std::chrono::nanoseconds /*span*/) override { return Waited::whole; }
  void wait_to_the_end(std::chrono::nanoseconds /*span*/) override {}

 private:
  control::SystemClock m_clock;
};

template <class T>
T must(Result<T> result) {
  if (!result) {
    throw std::runtime_error("set the trial up: " + result.error().what);
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

/// How many decisions the autoscaler has told of.
int decisions_in(std::string_view out) {
  constexpr std::string_view k_mark = " reason=";
  int count = 0;
  for (std::size_t at = out.find(k_mark); at != std::string_view::npos; at = out.find(k_mark, at + 1)) {
    ++count;
  }
  return count;
}

bool leaves_no_peer(const Plan& plan) {
  return std::ranges::any_of(plan.faults, [](const auto& fault) { return fault.second.kind == Kind::gone; });
}

/// Whether a peer that is asked twice may seem to be away.
bool may_hide_peer(const Plan& plan) {
  constexpr std::array k_signs{Kind::refused, Kind::stalled, Kind::lost,   Kind::reset,
                               Kind::drip,    Kind::half,    Kind::length, Kind::status_404};
  return leaves_no_peer(plan) || std::ranges::count_if(plan.faults, [&](const auto& fault) {
                                   return std::ranges::find(k_signs, fault.second.kind) != k_signs.end();
                                 }) > 1;
}

/// The machine, its proxy, and what is watched while a tool runs.
class Rig {
 public:
  Rig(const Place& place, const Trial& trial);
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig();

  Verdict run();

 private:
  static sandbox::MachineOptions options_of(const Place& place, const Trial& trial);

  void make_drift();
  void keep_readings();
  void age_readings();
  Ended call(Operation::Tool tool, const std::vector<std::string>& arguments, const Plan& plan, const Bounds& bounds,
             bool is_service);
  bool await_checks(const Child& child, const Plan& plan);
  Scene look();
  void begin(const Plan& plan);
  void watch(int index, const Question& question);
  Bounds bounds() const;
  void judge_rest(const Scene& after, const Scene& rest, bool is_again);
  void judge_records();
  bool has_told_that_targets_stay() const;
  void judge_load();
  void breach(std::string what);
  std::filesystem::path file(std::string_view ending) const;

  const Place& m_place;
  const Trial& m_trial;
  std::filesystem::path m_state;
  std::unique_ptr<sandbox::Machine> m_machine;
  Site m_site;
  sandbox::Crew m_crew;
  std::unique_ptr<FaultProxy> m_proxy;
  std::mutex m_mutex;  ///< of the next three, which the loop uses while a tool runs
  std::function<void()> m_kill;
  Scene m_before;
  Bounds m_bounds;
  Verdict m_verdict;
};

sandbox::MachineOptions Rig::options_of(const Place& place, const Trial& trial) {
  sandbox::MachineOptions options;
  options.directory = place.folder.string();
  options.mode = trial.mode;
  options.propagation = 20ms;
  options.setup.instances = trial.operation->instances;
  options.setup.host_port_base = place.ports;
  options.setup.address = sandbox::TargetAddress::host;
  options.load_connections = 8;
  return options;
}

Rig::Rig(const Place& place, const Trial& trial) : m_place(place), m_trial(trial), m_state(place.folder / "state") {
  std::filesystem::remove_all(place.folder);
  std::filesystem::create_directories(place.folder);
  must(store::make_private_directory(m_state));
  const auto options = options_of(place, trial);
  m_machine = must(sandbox::Machine::start(options));
  m_machine->docker().add_image(
      {.name = k_new_image, .command = {"node", "dist/main"}, .ports = {"3020/tcp"}, .build = "2"});
  m_site = {options.setup.prefix, options.setup.upstream, options.setup.host_port_base};
  m_machine->start_load({{{k_requests_per_second}, {k_requests_per_second}, std::chrono::hours(1)}});
  std::this_thread::sleep_for(k_some_load);
  keep_readings();
  if (trial.operation->with_drift) {
    make_drift();
  }
  std::this_thread::sleep_for(k_some_load);
  m_place.loop.do_and_wait([this] {
    m_proxy = std::make_unique<FaultProxy>(
        m_place.loop, m_crew,
        FaultProxy::Ends{.docker_socket = (m_place.folder / "proxy.sock").string(),
                         .kong_port = static_cast<std::uint16_t>(m_place.ports + k_ports_of_place - 1),
                         .answer =
                             [this](FaultProxy::Peer peer, const Question& question) {
                               return peer == FaultProxy::Peer::docker ? m_machine->docker().answer(question)
                                                                       : m_machine->kong().answer(question);
                             },
                         .kill =
                             [this] {
                               const std::lock_guard lock(m_mutex);
                               m_kill();
                             },
                         .answered = [this](int index, const Question& question) { watch(index, question); }});
  });
}

Rig::~Rig() {
  m_crew.wait_for_all();
  m_place.loop.do_and_wait([this] { m_proxy.reset(); });
}

std::filesystem::path Rig::file(std::string_view ending) const {
  return m_state / (m_site.prefix + std::string(ending));
}

void Rig::breach(std::string what) {
  if (std::ranges::find(m_verdict.broken, what) == m_verdict.broken.end()) {
    m_verdict.broken.push_back(std::move(what));
  }
}

Scene Rig::look() {
  return scene_of(
      m_site, [this](const Question& question) { return m_machine->docker().answer(question); },
      [this](const Question& question) { return m_machine->kong().answer(question); });
}

/// Where a check goes on from, so that it need not wait for figures.
void Rig::keep_readings() {
  control::Settings settings;
  settings.docker_host = m_machine->docker_host();
  settings.kong_url = m_machine->kong_url();
  settings.proxy_url = m_machine->proxy_url();
  HastyClock clock;
  net::CurlTransport http(-1);
  auto peers = must(control::Peers::from(
      settings, [](const std::string&) { return std::nullopt; }, http, clock));
  control::Sampler sampler(peers.engine(), peers.kong(), http, clock, settings);
  const auto instances = fleet::instances_of(must(peers.engine().find(m_site.prefix)), m_site.prefix);
  std::ignore = must(sampler.take(fleet::running(instances)));
  const auto now = clock.now();
  store::State state;
  state.reading = store::Reading{.at = {sampler.last()->at - 1s, now.wall - 1s, store::boot_id()},
                                 .text = control::write_readings(*sampler.last())};
  must(store::save_state(file(".state"), state));
}

/// The next check begins as soon as Kong has counted some more of the load, and not a second later.
void Rig::age_readings() {
  std::this_thread::sleep_for(k_some_load);
  auto state = must(store::load_state(file(".state")));
  if (state.reading) {
    state.reading->at.instant -= 1s;
    state.reading->at.wall -= 1s;
    must(store::save_state(file(".state"), state));
  }
}

/// An instance without a target, a target without an instance, a container of ours that never started, and a target
/// that a crash left at weight 0.
void Rig::make_drift() {
  control::Settings settings;
  settings.docker_host = m_machine->docker_host();
  settings.kong_url = m_machine->kong_url();
  HastyClock clock;
  net::CurlTransport http(-1);
  auto peers = must(control::Peers::from(
      settings, [](const std::string&) { return std::nullopt; }, http, clock));
  sandbox::Setup setup;
  setup.host_port_base = m_place.ports;
  const auto body_of = [&](int number) { return sandbox::container_body(setup, number); };
  auto leftover = body_of(5);
  leftover.at("Labels").set(fleet::k_deployment_label, m_site.prefix);
  for (const auto& id :
       peers.engine().create({{setup.container_name(4), body_of(4)}, {setup.container_name(5), leftover}})) {
    must(id);
  }
  must(peers.engine().start({setup.container_name(4)}).front());
  using Change = kong::TargetChange;
  must(peers.kong().change_targets(
      m_site.upstream,
      {{Change::Kind::add, fmt::format("127.0.0.1:{}", m_place.ports + 9), 100, "kscale." + m_site.prefix},
       {Change::Kind::weigh, fmt::format("127.0.0.1:{}", m_place.ports + 1), 0, {}}}));
  auto state = must(store::load_state(file(".state")));
  state.acting.emplace();
  must(store::save_state(file(".state"), state));
}

void Rig::watch(int index, const Question& question) {
  if (question.method == "GET" || question.method == "HEAD") {
    return;
  }
  const auto now = look();
  const std::lock_guard lock(m_mutex);
  for (const auto& wrong : wrong_now(m_before, now, m_bounds)) {
    breach(fmt::format("after request {}, {} {}: {}", index, question.method, question.target, wrong));
  }
}

void Rig::begin(const Plan& plan) {
  Status begun;
  for (int tries = 0; tries < 100; ++tries) {
    m_place.loop.do_and_wait([&] { begun = m_proxy->begin(plan); });
    if (begun) {
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  must(begun);
}

Ended Rig::call(Operation::Tool tool, const std::vector<std::string>& arguments, const Plan& plan, const Bounds& bounds,
                bool is_service) {
  auto words = arguments;
  const std::vector<std::string> common{
      "--docker-host",      fmt::format("unix://{}", (m_place.folder / "proxy.sock").string()),
      "--kong-url",         fmt::format("http://127.0.0.1:{}", m_place.ports + k_ports_of_place - 1),
      "--proxy-url",        m_machine->proxy_url(),
      "--target-address",   "host",
      "--host-port-base",   std::to_string(m_place.ports),
      "--state-dir",        m_state.string(),
      "--history-log",      "",
      "--request-timeout",  "3",
      "--propagation-wait", "80",
      "--drain-timeout",    "80ms",
      "--stop-timeout",     "1",
      "--ready-timeout",    "3",
      "--warm-up",          "0",
      "--cooldown-period",  "0"};
  words.insert(words.end(), common.begin(), common.end());
  const auto& program = tool == Operation::Tool::autoscaler ? m_place.kscale_auto : m_place.kscale_deploy;
  const auto before = look();
  begin(plan);
  std::unique_ptr<Child> child;
  {
    const std::lock_guard lock(m_mutex);
    m_before = before;
    m_bounds = bounds;
    child = std::make_unique<Child>(program, words, m_place.folder);
    m_kill = [&child] { child->signal(SIGKILL); };
  }
  const bool has_checked = !is_service || await_checks(*child, plan);
  if (is_service) {
    child->signal(SIGTERM);
  }
  auto ended = child->wait(k_longest_run);
  m_crew.wait_for_all();
  m_place.loop.do_and_wait([] {});
  const std::lock_guard lock(m_mutex);
  m_kill = [] {};
  if (!has_checked && ended.status == 0 && !leaves_no_peer(plan)) {
    breach("the service did not go on to its next checks");
  }
  for (const auto& wrong : wrong_now(m_before, look(), m_bounds)) {
    breach(fmt::format("at the end: {}", wrong));
  }
  return ended;
}

/// Until the service has come to some decisions, and to one since the last request that has a fault: that one is of the
/// loop alive. False when it did not.
bool Rig::await_checks(const Child& child, const Plan& plan) {
  int last = plan.kill_at.value_or(-1);
  if (!plan.faults.empty()) {
    last = std::max(last, plan.faults.rbegin()->first);
  }
  int wanted = k_checks_of_service;
  bool is_past = last < 0;
  const auto end =
      std::chrono::steady_clock::now() + (leaves_no_peer(plan) ? k_longest_checks_in_vain : k_longest_checks);
  while (std::chrono::steady_clock::now() < end && child.is_running()) {
    const int decisions = decisions_in(child.out_so_far());
    if (!is_past) {
      m_place.loop.do_and_wait([&] { is_past = static_cast<int>(m_proxy->requests().size()) > last; });
      wanted = std::max(wanted, decisions + 1);
    } else if (decisions >= wanted) {
      return true;
    }
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

/// Where Kong is gone for good, or seems to be, what is to end may leave targets behind.
Bounds Rig::bounds() const {
  auto bounds = m_trial.operation->bounds;
  bounds.targets_may_stay = m_trial.operation->aim != Operation::Aim::serve && may_hide_peer(m_trial.plan);
  return bounds;
}

void Rig::judge_rest(const Scene& after, const Scene& rest, bool is_again) {
  const auto& operation = *m_trial.operation;
  std::vector<std::string> wrong;
  if (is_again && operation.aim != Operation::Aim::serve) {
    wrong = unrest_of_those_ended(rest, operation.aim == Operation::Aim::stand ? operation.instances : 0);
  } else if (!is_again && must(store::load_state(file(".state"))).pause) {
    if (text_of(rest) != text_of(after)) {
      wrong.emplace_back("the autoscaler was paused, and changed something");
    }
  } else {
    wrong = unrest(rest);
    if (!after.containers.empty() && static_cast<int>(rest.serving().size()) < operation.fewest_after) {
      wrong.push_back(fmt::format("{} serve, fewer than {}", rest.serving().size(), operation.fewest_after));
    }
  }
  for (const auto& line : wrong) {
    breach(fmt::format("after the next run: {}", line));
  }
}

void Rig::judge_records() {
  for (const auto* const lock : {".lock", ".autoscaler.lock"}) {
    if (const auto holder = store::Lock::holder(file(lock)); !holder.empty()) {
      breach(fmt::format("the lock {} is still held by {}", lock, holder));
    }
  }
  const auto now = control::SystemClock().now().wall;
  auto history = store::History::open(file(".history.db"), now);
  if (!history || !history->events(now - 1h, 100)) {
    breach("the history cannot be read");
  } else if (const auto notice = history->take_notice()) {
    breach(fmt::format("the history: {}", *notice));
  }
  if (const auto state = store::load_state(file(".state")); !state) {
    breach(fmt::format("the state cannot be read: {}", state.error().what));
  }
}

bool Rig::has_told_that_targets_stay() const {
  return m_verdict.ended.err.find("its targets stay") != std::string::npos;
}

void Rig::judge_load() {
  const auto report = m_machine->report();
  auto lost = report.failed();
  if (const auto refused = report.by_status.find(503);
      refused != report.by_status.end() && m_trial.operation->bounds.least_serving == 0) {
    lost -= refused->second;
  }
  const bool is_excused = bounds().targets_may_stay && (leaves_no_peer(m_trial.plan) || has_told_that_targets_stay());
  if (lost > 0 && m_trial.operation->aim != Operation::Aim::go && !is_excused) {
    breach(fmt::format("{} of {} requests were lost", lost, report.sent));
  }
}

Verdict Rig::run() {
  const auto& operation = *m_trial.operation;
  if (!operation.before.empty()) {
    const auto before = call(Operation::Tool::deploy, operation.before, {}, operation.bounds, false);
    if (before.status != 0) {
      throw std::runtime_error("the call before: " + before.err);
    }
  }
  const auto begun = look();
  m_verdict.ended = call(operation.tool, operation.arguments, m_trial.plan, bounds(), operation.is_service);
  m_place.loop.do_and_wait([this] {
    m_verdict.requests = m_proxy->requests();
    m_verdict.hit = m_proxy->hit();
  });
  const bool killed = m_verdict.ended.status == 128 + SIGKILL && m_trial.plan.kill_at && !m_verdict.ended.hung;
  if (!killed) {
    for (auto& wrong : wrong_report(operation, m_verdict.ended, m_verdict.hit)) {
      breach(std::move(wrong));
    }
  }
  for (auto& wrong : wrong_decisions(operation, m_verdict.ended, m_verdict.hit)) {
    breach(std::move(wrong));
  }
  const auto after = look();
  if (!killed && !after.dead_in_rotation().empty() && bounds().targets_may_stay && !has_told_that_targets_stay()) {
    breach("targets stay, and it is not told");
  }
  age_readings();
  const bool again = m_trial.next == Next::again && !operation.is_service;
  const auto& arguments = again ? operation.arguments : arguments_of_next_check();
  const auto next = again
                        ? call(operation.tool, arguments, {}, operation.bounds, false)
                        : call(Operation::Tool::autoscaler, arguments, {}, {operation.bounds.least_serving, 6}, false);
  // Where all containers are gone, and the autoscaler was not yet paused, it has nothing to make others like.
  const bool is_impossible = !again && after.containers.empty() && next.err.find("to copy from") != std::string::npos;
  if (!is_impossible && (next.status != 0 || next.err.find(": error: ") != std::string::npos)) {
    breach(fmt::format("the next run: exit status {}: {}", next.status, next.err));
  }
  const auto rest = look();
  judge_rest(after, rest, again);
  judge_records();
  judge_load();
  m_verdict.account = fmt::format(
      "before:\n{}the tool, exit status {}:\n{}{}after it:\n{}the next run, exit status "
      "{}:\n{}{}after that:\n{}",
      text_of(begun), m_verdict.ended.status, m_verdict.ended.out, m_verdict.ended.err, text_of(after), next.status,
      next.out, next.err, text_of(rest));
  return std::move(m_verdict);
}

}  // namespace

Verdict carried_out(const Place& place, const Trial& trial) {
  return Rig(place, trial).run();
}

}  // namespace kscale::faults

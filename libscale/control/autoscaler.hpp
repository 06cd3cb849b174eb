#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/check_report.hpp"
#include "libscale/control/log.hpp"
#include "libscale/control/records.hpp"
#include "libscale/control/sampler.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/drift.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/kong/target.hpp"

namespace kscale::control {

/// How long a check takes at most, scaling included: a bound by its calls and waits, of which each has its own, and far
/// beyond what it takes when all is well.
std::chrono::nanoseconds longest_check(const Settings& settings);

/// The control loop's one turn: observe, mend, decide, act.
class Autoscaler {
 public:
  /// Told of a check when it has decided, before anything is done about it.
  using OnDecision = std::function<void(const CheckReport&)>;

  /// All that is lent must outlive the autoscaler.
  Autoscaler(const Settings& settings, fleet::World world, Records& records, const Log& log, OnDecision on_decision);

  /// One check, under the lock of the deployment. Fails when the situation could not be seen, or not in time: within
  /// six times the deadline of a call and the span between two looks, from where containers are looked for until it is
  /// decided. What then went wrong in acting stands in the report. With `dry_run` nothing is changed, neither outside
  /// nor on disk, and no lock is taken.
  Result<CheckReport> check();

 private:
  /// What is there, as far as containers and targets go.
  struct Scene {
    Instant begun;                              ///< when it began to be read
    std::vector<docker::Container> containers;  ///< also those that are no instances
    std::vector<fleet::Instance> instances;
    std::vector<kong::Target> targets;
    fleet::Drift drift;
  };

  /// Fails where reading takes longer than a check may: what is left to be read is not, and nothing is done. It counts
  /// for nothing any more once something is being done.
  Status still_fresh(Instant begun) const;
  Result<Scene> observe(const store::State& state);
  enum class Mending { off, on };
  Result<Scene> observe_and_mend(store::State& state, Mending mending, CheckReport& report);
  bool recover(store::State& state, const Scene& scene, CheckReport& report);
  bool put_back(store::State& state, const Scene& scene, CheckReport& report);
  bool mend(const Scene& scene, CheckReport& report);
  void tell_mended(const std::vector<std::string>& lines, CheckReport& report) const;
  bool is_forgotten(const store::State& state, Now now) const;
  policy::Situation situation(const Scene& scene, const Sample& sample, const store::State& state, Now now) const;
  void act(const Scene& scene, store::State& state, CheckReport& report);
  bool is_undone(const store::State& state);
  Outcome add(const Scene& scene, const policy::Decision& decision);
  Outcome remove(const Scene& scene, const CheckReport& report);
  void remember(const CheckReport& report, store::State& state);
  void resume_readings(const store::State& state, Now now);
  void tell_once(std::string& last, Level level, const std::string& text);

  const Settings& m_settings;
  fleet::World m_world;
  Records& m_records;
  const Log& m_log;
  OnDecision m_on_decision;
  Sampler m_sampler;
  std::string m_boot_id;
  std::string m_told_notice;
  std::string m_told_problems;
  std::string m_told_drift;
};

}  // namespace kscale::control

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/control/log.hpp"
#include "libscale/control/records.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/docker/compose.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/operate/plan.hpp"

namespace kscale::operate {

/// How one step went.
struct StepReport {
  enum class State { done, failed, not_run };
  Step step;
  State state = State::not_run;
  std::vector<std::string> done;  ///< what it did, one line each, where that is more than the step says
};

/// How an action went.
struct ActionReport {
  std::string action;
  std::vector<StepReport> steps;
  std::optional<int> instances;  ///< that run now; absent where Docker could not be asked
  Status status;                 ///< why it did not come to its end
};

json::Value json_of(const ActionReport& report);

/// Does what an operator asks for, step by step, with the same care as the autoscaler and under the same lock.
class Operator {
 public:
  /// All that is lent must outlive the operator. `compose` may be null: then there is no compose file.
  Operator(const control::Settings& settings, fleet::World world, control::Records& records, docker::Compose* compose,
           const control::Log& log);

  /// What there is. Where Kong fails to tell its targets, that is
  enum class Kong {
    needed,         ///< an error
    may_be_absent,  ///< an error, unless it is out of reach or has no such upstream: then it is told that targets stay
    is_to_start,    ///< no matter
  };
  Result<Situation> observe(Kong kong);

  /// How many instances run.
  Result<int> running();

  /// The right to act, waited for as long as `longest`: an autoscaler holds it for the time of a check. `locked` after
  /// that.
  Result<store::Lock> lock(std::chrono::milliseconds longest);

  /// Takes up what a restart or a replacement that was cut short has left, before anything is planned. What cannot be
  /// done is told, and stops nothing.
  void recover();

  /// Carries the plan out until a step fails. What was begun with an instance is undone then, as the steps of the fleet
  /// do; a replacement that fails also brings those back to their old image that have the new one already. A change of
  /// the number of instances goes into the history and begins the autoscaler's cooldown.
  ActionReport carry_out(const Plan& plan, const std::string& reason);

 private:
  Status put_back(const store::State& state, const Result<std::vector<fleet::Instance>>& present);
  bool begin(const Plan& plan, const Result<std::vector<fleet::Instance>>& present);
  void remember(int before, const ActionReport& report, const std::string& reason, bool is_put_right);
  Result<std::vector<fleet::Instance>> instances();
  Result<std::vector<kong::Target>> targets();

  const control::Settings& m_settings;
  fleet::World m_world;
  control::Records& m_records;
  docker::Compose* m_compose;
  const control::Log& m_log;
};

}  // namespace kscale::operate

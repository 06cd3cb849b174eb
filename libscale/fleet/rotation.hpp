#pragma once

#include <optional>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/kong/target.hpp"

namespace kscale::fleet {

/// An instance that can serve, on its way into rotation.
struct Entrant {
  Instance instance;
  Status outcome;                ///< what kept it out
  std::optional<int> weight;     ///< of its target, where that is not the deployment's
  bool target_may_stay = false;  ///< it was kept out, but its target could not be taken back
};

/// Brings instances into rotation. Their targets are made with weight 0 and get their weight when Kong's balancer knows
/// them at the right address, so that all that can go wrong does before the first request comes: each that fails is
/// taken out of Kong again. `conflict` where Kong takes the name for the address of an earlier container. When we are
/// told to stop, those not yet in rotation have `interrupted` as outcome.
void enter_rotation(World& world, const Deployment& deployment, std::vector<Entrant>& entrants);

/// Whether Kong would send the requests for a target addressed by name to another address than the container has: it
/// keeps an answer of Docker's DNS for ten minutes, also that of an earlier container of the same name.
bool is_elsewhere(const Instance& instance, const kong::TargetHealth& seen);

/// The targets of the instances, as they are among `targets`.
std::vector<kong::Target> targets_of(const std::vector<Instance>& instances, const Deployment& deployment,
                                     const std::vector<kong::Target>& targets);

/// Takes the targets out of Kong without losing a request: weight 0, wait until that has reached every worker and the
/// requests in flight are done (`propagation_wait` and `drain_timeout`), deleted. When that fails, or we are told to
/// stop before the deletion, they get their weight back.
Status leave_rotation(World& world, const Deployment& deployment, const std::vector<kong::Target>& leaving);

/// The same for instances whose requests others are to take, `targets` being all of the upstream. `refused`, with the
/// weights as they were, where no other target serves, as far as Kong's health checks know; or where fewer than
/// `staying` others run after the wait, as when one of them was removed by hand meanwhile.
Status leave_to_others(World& world, const Deployment& deployment, const std::vector<Instance>& leaving,
                       const std::vector<kong::Target>& targets, int staying);

}  // namespace kscale::fleet

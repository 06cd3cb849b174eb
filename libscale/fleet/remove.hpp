#pragma once

#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/kong/target.hpp"

namespace kscale::fleet {

/// How the removal of one instance went.
struct Removed {
  std::string name;
  bool is_out = false;  ///< of rotation, for good: no request reaches it any more, also where the rest went wrong
  Status outcome;
};

/// Takes instances away without losing a request: weight 0, wait until that has reached every worker and the requests
/// in flight are done (`propagation_wait` and `drain_timeout`), target deleted, SIGTERM, removed.
///
/// `targets` are all those of the upstream now, `staying` is how many instances are to run on. Refused, with nothing
/// changed, where those could not take the requests: see `leave_to_others`. When we are told to stop before the targets
/// are deleted, they get their weight back and nothing is removed; after that the rest is done at once. A failure
/// before the deletion gives the weight back as well; one after it leaves containers without a target, to be removed by
/// a later call. One outcome for each that was to leave.
std::vector<Removed> remove_instances(World& world, const Deployment& deployment, const std::vector<Instance>& leaving,
                                      const std::vector<kong::Target>& targets, int staying);

/// Takes all of them out of rotation without losing a request that is in flight, also where nobody serves then, and
/// stops them. The containers stay.
Status stop_instances(World& world, const Deployment& deployment, const std::vector<Instance>& stopping,
                      const std::vector<kong::Target>& targets);

/// Stops instances that no request reaches, for them to be started again. Not kept from it by signals: one that is
/// given up in the middle of stopping would be started while it still runs, and then end.
Status stop_for_restart(World& world, const Deployment& deployment, const std::vector<Instance>& stopping);

/// Removes a container that no request reaches, and with it, where it is ours, its volumes without a name.
Status remove_container(World& world, const std::string& id, bool is_ours, net::Urgency urgency);

/// Deletes their targets, and removes the containers, killing those that run.
Status discard_instances(World& world, const Deployment& deployment, const std::vector<Instance>& instances,
                         const std::vector<kong::Target>& targets);

}  // namespace kscale::fleet

#pragma once

#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/fleet/launch.hpp"

namespace kscale::fleet {

/// How many numbers are tried for one instance when Kong takes its name for another address.
inline constexpr int k_name_tries = 3;

/// How the making of one instance went.
struct Added {
  int number = 0;
  std::string name;
  Status outcome;
};

/// Leads launched containers into service: waits until they can serve, and brings them into rotation. Those that fail
/// are taken back, but for those that stay: they are left without a target.
std::vector<Added> bring_in(World& world, const Deployment& deployment, std::vector<Launch> launches);

/// Adds `count` instances beside those `present` (running or not), side by side, each in these steps: created and
/// started (with the lowest free number; a stopped container of that number is started again, or thrown away first
/// where kscale made it and others run), ready, target added with weight 0, seen in Kong's balancer at the right
/// address, weight given.
///
/// Where a name or port is taken, or Kong takes the name for the address of an earlier container, the next free number
/// is tried, unless what was made could not be undone. A failure undoes what was made for that instance, before any
/// request could reach it, and says why. When we are told to stop, those not yet in rotation are undone, with
/// `interrupted` as outcome.
std::vector<Added> add_instances(World& world, const Deployment& deployment, const std::vector<Instance>& present,
                                 int count);

}  // namespace kscale::fleet

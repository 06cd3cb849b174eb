#pragma once

#include <string_view>
#include <vector>

#include "libscale/docker/container.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/drift.hpp"

namespace kscale::fleet {

/// The containers that a replacement has set aside and could not remove.
std::vector<docker::Container> set_aside(const std::vector<docker::Container>& containers, std::string_view prefix);

/// After an action that was cut short, Docker may still be stopping instances that it had taken out of rotation: until
/// they end, in up to `stop_timeout`, they answer as if they could serve. Waits for that long where any runs without a
/// target; whether it did.
bool let_stops_end(World& world, const Deployment& deployment, const Drift& drift);

/// Takes up what a crash or a failure in the middle of a restart or a replacement has left, as ownership.hpp tells:
/// what was set aside comes back or goes, and the instances of the numbers `restarting` are started where they stand
/// stopped; those that could not be started, or where it is not decided yet which container is to serve, stay in it.
/// All that is started is waited for, some seconds at most, and led into service; what takes longer is left to `mend`.
/// `containers` are all whose name begins with the prefix.
Mended recover(World& world, const Deployment& deployment, const std::vector<docker::Container>& containers,
               std::vector<int>& restarting);

}  // namespace kscale::fleet

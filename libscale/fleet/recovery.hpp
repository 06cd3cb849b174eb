#pragma once

#include <string_view>
#include <vector>

#include "libscale/docker/container.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/drift.hpp"

namespace kscale::fleet {

/// The containers that a replacement has set aside and could not remove.
std::vector<docker::Container> set_aside(const std::vector<docker::Container>& containers, std::string_view prefix);

/// Takes up what a crash or a failure in the middle of a restart or a replacement has left, as ownership.hpp tells:
/// what was set aside comes back or goes, and the instances of the numbers `restarting` are started where they stand
/// stopped; those that could not be started stay in it. All that is started is waited for and led into service, unless
/// it takes too long: then that is left to `mend`. `containers` are all whose name begins with the prefix.
Mended recover(World& world, const Deployment& deployment, const std::vector<docker::Container>& containers,
               std::vector<int>& restarting);

}  // namespace kscale::fleet

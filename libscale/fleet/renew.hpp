#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"

namespace kscale::fleet {

/// Restarts the instance without losing a request: out of rotation (see `leave_rotation`), stopped, started, ready, and
/// into rotation again with the weight that it had. `refused`, with nothing changed, where no other instance would
/// serve meanwhile.
///
/// When it does not become ready, it is left running without a target, and the outcome says why. When we are told to
/// stop before it was stopped, it is in rotation as before; after that it is started, and left to be mended.
Status restart_instance(World& world, const Deployment& deployment, const Instance& instance);

/// Who takes the requests while an instance is replaced.
enum class Meanwhile {
  others,  ///< other instances: `refused`, with nothing changed, where none would serve
  nobody,  ///< nobody has to, as the instance does not run
};

/// Replaces the instance's container by one of `image`, otherwise like it: out of rotation, stopped, renamed, the new
/// one made, started and ready, into rotation, and the old one removed. What the container only had from its old image
/// comes from the new one. An old container that cannot be removed is left, stopped, and removed by the next
/// replacement. One that does not run is not drained, and keeps its target, if it has one.
///
/// When the new container does not become ready or cannot enter rotation, it is removed, and the old one gets its name
/// back, is started and led into rotation; the outcome says why. One that did not run is not waited for, and not
/// started where it had stood stopped.
Status replace_instance(World& world, const Deployment& deployment, const Instance& instance, const std::string& image,
                        Meanwhile meanwhile);

}  // namespace kscale::fleet

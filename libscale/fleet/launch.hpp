#pragma once

#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"

namespace kscale::fleet {

/// One container on its way to become an instance.
struct Launch {
  int number = 0;
  std::string name;
  std::string id;                ///< empty where none was made, or where it is not known whether one was
  bool was_there = false;        ///< a stopped container that was only started again
  Status outcome;                ///< what went wrong, once something did
  bool stays = false;            ///< where it fails it is left as it is, not taken back
  bool may_be_made = false;      ///< without an id: the engine's answer did not come
  bool target_may_stay = false;  ///< it went wrong, and its target could not be taken out of Kong again
  bool is_left = false;          ///< it went wrong, and could not be taken back
};

/// Creates and starts `count` containers, side by side, with the lowest free numbers but those to be `avoided`. A
/// stopped container that has such a number is started again, or replaced where kscale made it. Where a name or a host
/// port is taken, the next free number is tried. What failed leaves nothing behind.
std::vector<Launch> launch(World& world, const Deployment& deployment, const std::vector<Instance>& present,
                           const std::vector<int>& avoided, int count);

/// Creates and starts one container as the blueprint says. What failed may leave a container behind, to be taken back.
Launch launch_from(World& world, const Blueprint& blueprint, int number);

/// The inspection of a container, without what it has only from its image, so that one of another image can be made
/// like it.
Result<json::Value> inspection_of_its_own(World& world, const std::string& id);

/// Starts instances that stand stopped. One that fails then or later is left as it is.
std::vector<Launch> start_stopped(World& world, const std::vector<Instance>& stopped, net::Urgency urgency);

/// Waits until each launched container can serve, all of them together. Those that end by themselves, or are not ready
/// in time, or at the moment when we are told to stop, get the reason as their outcome.
void await_ready(World& world, const Deployment& deployment, std::vector<Launch>& launches);

/// Takes a launch back: a new container is removed, one that was there is stopped again. Not kept from it by signals,
/// but for a container that is not known: it is looked for, and otherwise left to be mended.
Status take_back(World& world, const Launch& launch);

}  // namespace kscale::fleet

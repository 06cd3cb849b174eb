#pragma once

#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/kong/target.hpp"

namespace kscale::fleet {

/// Where containers and targets disagree.
struct Drift {
  std::vector<Instance> without_target;      ///< they run, and get no requests
  std::vector<std::string> without_serving;  ///< targets of ours whose instance is gone or does not run
  std::vector<Instance> leftovers;           ///< stopped containers that kscale made, while others run
  std::vector<std::string> last_ones;        ///< such targets again, but no other is in rotation: left until one is
  std::vector<std::string> unclear;          ///< and again, while one restarts whose address may be this
  std::vector<Instance> taken_out;           ///< they run, and their target has weight 0: somebody's will, left alone

  bool is_none() const { return without_target.empty() && without_serving.empty() && leftovers.empty(); }
};

/// Compares what runs with what Kong sends requests to.
///
/// A target is ours when the deployment's tag is on it, or when an instance would be addressed so (by its name, or by a
/// port that it would publish) and no other deployment's tag is on it; others are never touched. An instance that
/// restarts or is paused keeps its target. The numbers `restarting` are those that `recover` starts where they stand
/// stopped: no leftovers, also where that has failed for now.
Drift drift_of(const std::vector<Instance>& instances, const std::vector<kong::Target>& targets,
               const Deployment& deployment, const std::vector<int>& restarting);

/// One line for each disagreement.
std::vector<std::string> described(const Drift& drift, const Deployment& deployment);

/// What became of a disagreement: one line for each thing that was done, for each that could not be, and for each that
/// has to wait until an instance can serve, or can be addressed: that stands in nobody's way.
struct Mended {
  std::vector<std::string> done;
  std::vector<Error> failed;
  std::vector<std::string> waiting;

  bool is_none() const { return done.empty() && failed.empty(); }
};

/// Whether an action has left nobody without requests but the instances that somebody had `taken_out` before.
bool all_serve(const Drift& drift, const std::vector<int>& taken_out);

/// Brings those back into rotation whose targets an action which was cut short has left with weight 0: all but the
/// instances that somebody had `taken_out` before.
Mended put_back(World& world, const Deployment& deployment, const Drift& drift, const std::vector<int>& taken_out);

/// Mends it: targets for the instances that can serve, none for what does not run, leftovers removed.
Mended mend(World& world, const Deployment& deployment, const Drift& drift);

}  // namespace kscale::fleet

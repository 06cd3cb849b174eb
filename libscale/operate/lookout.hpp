#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/control/records.hpp"
#include "libscale/control/sampler.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/kong/target.hpp"
#include "libscale/operate/overview.hpp"

namespace kscale::operate {

/// Looks at a deployment, again and again, and changes nothing.
class Lookout {
 public:
  /// All that is lent must outlive the lookout.
  Lookout(const control::Settings& settings, fleet::World world, control::Records& records);

  /// One look at all of it. Fails only with `interrupted`.
  ///
  /// Figures go on from the look before, the first ones from the readings that the autoscaler left; without such, two
  /// looks are taken, two seconds apart.
  Result<Overview> look();

 private:
  /// What is there, as Docker and Kong list it.
  struct Scene {
    std::vector<fleet::Instance> instances;
    std::vector<kong::Target> targets;
    Result<std::vector<kong::TargetHealth>> healths;
  };

  Status look_at_docker(Scene& scene, Overview& overview);
  Status look_at_health(const Scene& scene, Overview& overview);
  Status look_at_kong(Scene& scene, Overview& overview);
  Status look_at_version(Overview& overview);
  Status look_at_targets(Scene& scene, Overview& overview);
  Status look_at_load(const store::State& state, const Scene& scene, Overview& overview);

  const control::Settings& m_settings;
  fleet::World m_world;
  control::Records& m_records;
  control::Sampler m_sampler;
  std::optional<std::string> m_version;     ///< of Kong, as long as it answers
  std::optional<Instant> m_acted_on_since;  ///< while an action is under way
};

}  // namespace kscale::operate

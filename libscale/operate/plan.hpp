#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/docker/compose.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/drift.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/net/json.hpp"

namespace kscale::operate {

/// One step of an operator's action. What it is done to stands in `names`: instances, services of Compose, or addresses
/// of targets.
struct Step {
  enum class Kind {
    pause,             ///< the autoscaler is told to change nothing
    resume,            ///< and that it may again
    build,             ///< services: their images are built
    start_services,    ///< services that are no instances, such as Kong
    stop_services,     ///< likewise
    restart_services,  ///< likewise
    await_kong,        ///< until its Admin API answers
    mend,              ///< containers and targets are brought to agree
    start_composed,    ///< instances that Compose makes: started, ready, into rotation
    add,               ///< instances that are made like their siblings: the same
    remove,            ///< instances: out of rotation, stopped, removed
    restart,           ///< one instance, out of rotation meanwhile
    replace,           ///< one instance gets a container of `image`, out of rotation meanwhile
    stop,              ///< instances: out of rotation, stopped
    start,             ///< instances that are stopped: started, ready, into rotation
    help,              ///< one instance more, that serves while the only one is renewed
    end_help,          ///< and goes again
    discard,           ///< containers: killed where they run, and removed; targets too
    delete_targets,    ///< targets where no instance runs
    take_down,         ///< Compose's project: its containers and networks
    take_down_all,     ///< the same, with volumes and orphans
  };
  Kind kind = Kind::mend;
  std::vector<std::string> names;
  std::vector<int> numbers;   ///< of the instances, in the order of the names
  std::string image;          ///< empty: the name that the container has its image by
  bool comes_back = false;    ///< of stop: those are to be started again, also where the action fails
  int staying = 0;            ///< of remove: so many instances are to run on
  bool targets_stay = false;  ///< of stop and discard: Kong cannot be asked to delete them
  bool does_not_run = false;  ///< of replace: the instance fails or was stopped, and nobody has to serve meanwhile

  friend bool operator==(const Step&, const Step&) = default;
};

std::string_view name_of(Step::Kind kind);

/// What is done, for people: `drain shop-4, delete its target, stop and remove it`.
std::string text_of(const Step& step);

/// An action as steps in order.
struct Plan {
  std::string action;  ///< such as "scale"
  std::vector<Step> steps;
  std::vector<int> taken_out;  ///< the numbers of the instances that somebody had taken out of rotation before
};

/// The service of Compose that makes instance N: the one whose container is named so. Of a service that Compose scales,
/// whose containers it names PROJECT-SERVICE-N, the first instance. Null where Compose has nothing to do with it.
const docker::ComposeService* service_of(const std::vector<docker::ComposeService>& services,
                                         const fleet::Deployment& deployment, int number);

/// Whether any of the services makes instances.
bool makes_instances(const std::vector<docker::ComposeService>& services, const fleet::Deployment& deployment);

/// The step that builds the images of those services that have something to build; nothing where there are none.
std::optional<Step> building(const std::vector<docker::ComposeService>& services);

/// All that a plan rests on.
struct Situation {
  std::vector<fleet::Instance> instances;
  bool is_kong_absent = false;                   ///< or knows no such upstream
  fleet::Drift drift;                            ///< none where Kong did not tell its targets
  std::vector<docker::ComposeService> services;  ///< none without a compose file
  bool paused = false;                           ///< the autoscaler
  bool stopped = false;                          ///< and that came with a stop or a cleanup
};

Plan plan_scale(const fleet::Deployment& deployment, const Situation& situation, int wanted);

struct StartOptions {
  int instances = 3;      ///< at least so many shall run
  bool kong = false;      ///< also the services that are no instances and need no profile
  bool database = false;  ///< also Kong's database and what prepares it
};
Plan plan_start(const fleet::Deployment& deployment, const Situation& situation, const StartOptions& options);

/// `all`: also the services that are no instances.
Plan plan_stop(const fleet::Deployment& deployment, const Situation& situation, bool all);

struct RestartOptions {
  bool at_once = false;  ///< all instances together, without anybody serving meanwhile
  bool kong = false;     ///< first, with the services that are neither instances nor the database
};
Plan plan_restart(const fleet::Deployment& deployment, const Situation& situation, const RestartOptions& options);

struct DeployOptions {
  std::string image;      ///< empty: what the names of the instances' images mean, once they are built
  int instances = 3;      ///< how many are to run where none does
  bool is_built = false;  ///< nothing is to be built, or it was
};
/// Where no instance runs, those that stand are renewed without their old image being started. The same where an
/// earlier deploy did not come to its end: fewer run than are to, and since a stop or a cleanup, or the autoscaler is
/// paused and instances stand stopped.
Plan plan_deploy(const fleet::Deployment& deployment, const Situation& situation, const DeployOptions& options);

/// `everything`: with volumes and orphans.
Plan plan_cleanup(const Situation& situation, bool everything);

/// `refused` where the plan stops a container, for it to be there afterwards, that Docker removes as soon as it stops.
Status check(const Plan& plan, const Situation& situation);

/// The step for programs: its kind, its names and its text.
json::Value json_of(const Step& step);

/// The plan for programs: the action, and of each step its kind, names and text.
json::Value json_of(const Plan& plan);
/// For people: numbered lines. One that says so where there is nothing to do.
std::string text_of(const Plan& plan);

}  // namespace kscale::operate

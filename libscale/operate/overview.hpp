#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/control/sample.hpp"
#include "libscale/control/silence.hpp"
#include "libscale/docker/container.hpp"
#include "libscale/kong/admin.hpp"
#include "libscale/net/json.hpp"
#include "libscale/operate/health.hpp"

namespace kscale::operate {

/// What Kong says of itself.
struct KongView {
  std::string url;                         ///< of its Admin API, without credentials
  std::optional<kong::NodeStatus> status;  ///< absent where `error` says why
  std::optional<std::string> version;
  std::optional<Error> error;
};

/// One instance, running or not.
struct InstanceView {
  int number = 0;
  std::string name;
  docker::State state = docker::State::unknown;
  docker::Health health = docker::Health::none;  ///< none as well where it does not run
  std::optional<Percent> cpu;
  std::optional<Percent> memory;
  std::optional<Bytes> memory_used;
  std::optional<BytesPerSecond> received;
  std::optional<BytesPerSecond> sent;
  std::optional<std::chrono::seconds> uptime;
  bool warming_up = false;  ///< so new that its load says nothing yet
  bool serving = false;     ///< it runs, is not unhealthy, and Kong sends it requests
  std::string fault;        ///< why it is not healthy, by the rule of a checkup; empty: it is, or does not count
  std::optional<int> host_port;
  std::string image;
};

/// One target of the upstream.
struct TargetView {
  std::string address;
  int weight = 0;
  std::string health;                   ///< in Kong's words; empty where it says nothing
  std::optional<std::string> instance;  ///< whose target it is
};

/// What is known of the autoscaler, from its lock and from what it left on disk.
struct AutoscalerView {
  struct Last {
    std::string decision;  ///< the whole line, as it was told
    WallTime at{};
    std::chrono::seconds ago{};
  };
  std::string holder;  ///< such as "kscale-auto, pid 4711"; empty when none runs
  bool paused = false;
  std::optional<std::chrono::seconds> pause_left;  ///< absent while paused: until it is resumed
  std::optional<Last> last;
  std::chrono::seconds cooldown_up_left{};
  std::chrono::seconds cooldown_down_left{};
};

/// A deployment at one look. What could not be seen says why, and hides nothing else.
struct Overview {
  WallTime at{};
  std::string deployment;
  KongView kong;
  std::optional<Error> docker_error;  ///< then no instance is known
  std::vector<InstanceView> instances;
  std::optional<Error> targets_error;  ///< then no target is known
  std::vector<TargetView> targets;
  AutoscalerView autoscaler;
  bool is_acted_on = false;                       ///< an action is under way, to which drift may belong
  std::chrono::seconds acted_on_for{};            ///< since it was first seen to be
  Verdict verdict = Verdict::unhealthy;           ///< of the whole; degraded at best where no target is known
  control::Sample sample;                         ///< the figures of those that run, of Kong's traffic and of the host
  std::optional<std::vector<std::string>> drift;  ///< absent where instances or targets are not known
  std::vector<std::string> problems;              ///< what else could not be read

  /// The first thing that went wrong in seeing it, for the exit status: Docker, Kong, its targets.
  std::optional<Error> error() const;
  /// What is to be known of the figures, such as that Kong does not measure the service.
  std::vector<std::string> notices() const;
  /// Whether what looks wrong may be an action under way. One that goes on for too long hangs.
  bool is_under_way() const { return is_acted_on && acted_on_for < control::k_longest_action; }
};

/// The decision and its reason, without its time and figures; safe to show.
std::string brief(const AutoscalerView::Last& last);

/// For programs. Fields are only ever added; units stand in the names; what is not known is null.
json::Value json_of(const Overview& overview);

/// For people: some lines and tables, without colour, each line ended.
std::string text_of(const Overview& overview);

}  // namespace kscale::operate

#pragma once

#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/net/json.hpp"

namespace kscale::kong {

/// One entry of an upstream. A weight of 0 takes it out of rotation.
struct Target {
  std::string address;  ///< host:port as Kong writes it
  int weight = 0;
  std::vector<std::string> tags;

  friend bool operator==(const Target&, const Target&) = default;
};

/// One change to the targets of an upstream. All of them can be applied twice without harm.
struct TargetChange {
  enum class Kind {
    add,     ///< make it, or give it the weight when it is there
    weigh,   ///< give it the weight; it must be there
    remove,  ///< take it out, when it is there
  };
  Kind kind = Kind::add;
  std::string address;
  int weight = 100;
  std::string tag = "kscale";  ///< that a target gets when it is made: whose it is
};

/// What Kong's balancer says of one target.
struct TargetHealth {
  struct Address {
    std::string ip;
    int port = 0;  ///< 0 where Kong names none

    friend bool operator==(const Address&, const Address&) = default;
  };
  std::string address;
  int weight = 0;
  std::string
      health;  ///< HEALTHY, UNHEALTHY, HEALTHCHECKS_OFF, DNS_ERROR; empty for an upstream that is only just made
  std::vector<Address> resolved;  ///< where Kong sends its requests

  /// Whether Kong sends it no requests, whatever its weight.
  bool is_given_up() const { return health == "UNHEALTHY" || health == "DNS_ERROR"; }
};

/// `invalid` without an address, or a weight from 0 to 65535.
Result<Target> parse_target(const json::Value& entry);
Result<TargetHealth> parse_target_health(const json::Value& entry);

}  // namespace kscale::kong

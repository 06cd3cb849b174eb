#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/net/json.hpp"

namespace kscale::sandbox::engine {

/// A network of the stand-in. Each is a /16 of its own.
struct Network {
  std::string name;
  std::string id;
  std::string driver = "bridge";
  int subnet = 17;  ///< 172.SUBNET.0.0/16
  int last = 1;     ///< the last address given out: the gateway has the first
  std::set<int> taken;

  bool has_addresses() const { return driver == "bridge"; }
  std::string gateway() const;

  /// The next free address after the one given out last, as the engine does it: one made anew gets another.
  std::string take_address();
  void give_back(std::string_view address);
};

/// Where a container is plugged into a network.
struct NetworkEndpoint {
  std::string network;
  std::string network_id;  ///< empty until the network was seen to exist
  std::string id;          ///< this and the rest: empty while the container does not run
  std::string address;
  std::string gateway;
  std::vector<std::string> aliases;

  json::Value json(bool for_list) const;
};

}  // namespace kscale::sandbox::engine

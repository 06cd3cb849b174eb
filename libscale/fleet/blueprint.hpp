#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/docker/engine.hpp"
#include "libscale/net/json.hpp"

namespace kscale::fleet {

/// What the settings file says of new instances. It goes before what a sibling has.
struct Overrides {
  std::optional<std::string> image;
  std::map<std::string, std::string> environment;  ///< `{N}` in a value stands for the instance's number
  std::optional<std::vector<std::string>> command;
  std::map<std::string, std::string> labels;
  std::optional<std::string> network;  ///< the only one; the sibling's are left out then
  std::optional<std::string> restart;  ///< restart policy
};

/// The numbers and names that a new instance differs from its siblings in.
struct Identity {
  std::string prefix;
  int number = 0;
  int container_port = 0;
  /// An instance made from the settings alone publishes its port at this plus its number; 0: not.
  int host_port_base = 0;
  std::string publish_at = "127.0.0.1";  ///< on which of the host's addresses; empty: on all
};

/// All that is to be asked of Docker to make one instance.
struct Blueprint {
  docker::NewContainer container;
  /// The networks besides the first, as older engines take only one at creation: name and EndpointConfig.
  std::vector<std::pair<std::string, json::Value>> more_networks;
};

/// A new instance like the sibling whose inspection is given: image, environment, command, mounts, limits, restart
/// policy, networks and aliases, labels and health check are the same, but
/// - the word `STEM-K` (the prefix from its last dash on, and the sibling's number) becomes `STEM-N` in name, host
/// name,
///   environment, command, labels, aliases and mounts;
/// - fixed host ports move by N - K;
/// - what Docker chose for the sibling itself (addresses, its id as host name) is left for Docker to choose.
/// `image` stands for the sibling's image: its name, or its id where the name means another image by now.
Blueprint like_sibling(const json::Value& inspection, int sibling_number, const std::string& image,
                       const Identity& identity, const Overrides& overrides);

/// The container's `Config` without what it has only from its image, whose defaults are given: what is left says how
/// the container is to differ from whatever image it is made of.
json::Value without_defaults(const json::Value& config, const json::Value& image_defaults);

/// A new instance from the settings alone. `invalid` when they name no image.
Result<Blueprint> from_settings(const Identity& identity, const Overrides& overrides);

/// `text` with the word `from` replaced by `to`; a word is not part of a longer name or number.
std::string with_word_replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace kscale::fleet

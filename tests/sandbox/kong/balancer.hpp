#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kscale::sandbox {

/// Smooth weighted round robin, as nginx does it: each turn every peer gains its weight, the one with the most is taken
/// and pays the sum of all weights.
class Turns {
 public:
  struct Peer {
    std::string id;
    std::int64_t weight = 0;
  };

  /// The place of the next peer; nothing when no peer has a weight. Peers that are missing are forgotten.
  std::optional<std::size_t> next(const std::vector<Peer>& peers);

 private:
  std::map<std::string, std::int64_t> m_credit;  ///< by the id of the peer
};

}  // namespace kscale::sandbox

#include "tests/sandbox/kong/balancer.hpp"

#include <utility>

namespace kscale::sandbox {

std::optional<std::size_t> Turns::next(const std::vector<Peer>& peers) {
  std::map<std::string, std::int64_t> credit;
  std::int64_t total = 0;
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto& [id, weight] = peers[i];
    if (weight <= 0) {
      continue;
    }
    total += weight;
    const auto had = m_credit.find(id);
    credit[id] = weight + (had != m_credit.end() ? had->second : 0);
    if (!best || credit[id] > credit[peers[*best].id]) {
      best = i;
    }
  }
  if (best) {
    credit[peers[*best].id] -= total;
  }
  m_credit = std::move(credit);
  return best;
}

}  // namespace kscale::sandbox

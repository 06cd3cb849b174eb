#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/entities.hpp"

namespace kscale::sandbox {

/// The IP address of a host name; nothing when there is none.
using Resolver = std::function<std::optional<std::string>(std::string_view host)>;

/// Targets that were called unhealthy: upstream id and target.
using Unhealthy = std::set<std::pair<std::string, std::string>>;

/// Whether the upstream has active or passive checks configured.
bool has_healthchecks(const json::Value& upstream);

/// What the balancer knows about the targets of one upstream.
class Health {
 public:
  /// All of them outlive this.
  Health(const json::Value& upstream, const Unhealthy& unhealthy, const Resolver& resolve)
      : m_upstream(upstream), m_unhealthy(unhealthy), m_resolve(resolve) {}

  /// HEALTHY, UNHEALTHY, HEALTHCHECKS_OFF or DNS_ERROR.
  std::string state_of(const json::Value& target) const;
  bool is_usable(const json::Value& target) const;
  /// `ip:port` of a target; empty when its name is not known.
  std::string address_text(const json::Value& target) const;
  /// The member `data` of a target in GET /upstreams/U/health.
  json::Value data_of(const json::Value& target) const;
  /// The member `data` of GET /upstreams/U/health?balancer_health=1.
  json::Value summary(const std::vector<json::Value>& targets) const;
  /// Whether enough weight is available for the balancer to work at all.
  bool is_balancer_healthy(const std::vector<json::Value>& targets) const;

 private:
  json::Value host_of(const json::Value& target, bool for_summary) const;

  const json::Value& m_upstream;
  const Unhealthy& m_unhealthy;
  const Resolver& m_resolve;
};

}  // namespace kscale::sandbox

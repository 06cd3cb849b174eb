#include "tests/sandbox/kong/health.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "tests/sandbox/kong/address.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

std::int64_t weight_of(const Value& target) {
  return target["weight"].as_int().value_or(0);
}

Address address_in(const Value& target) {
  return address_of(target["target"].text_or("")).value_or(Address{});
}

Value weights(std::int64_t available, std::int64_t unavailable) {
  auto weight = Value::object();
  weight.set("total", available + unavailable);
  weight.set("available", available);
  weight.set("unavailable", unavailable);
  return weight;
}

}  // namespace

bool has_healthchecks(const json::Value& upstream) {
  const auto& checks = upstream["healthchecks"];
  const auto positive = [](const Value& number) { return number.as_number().value_or(0) > 0; };
  const auto& active = checks["active"];
  const auto& passive = checks["passive"];
  return positive(active["healthy"]["interval"]) || positive(active["unhealthy"]["interval"]) ||
         positive(passive["healthy"]["successes"]) || positive(passive["unhealthy"]["tcp_failures"]) ||
         positive(passive["unhealthy"]["timeouts"]) || positive(passive["unhealthy"]["http_failures"]);
}

std::string Health::address_text(const json::Value& target) const {
  const auto address = address_in(target);
  const auto ip = is_ip(address.host) ? std::optional(address.host) : m_resolve(address.host);
  return ip ? fmt::format("{}:{}", *ip, address.port) : "";
}

std::string Health::state_of(const json::Value& target) const {
  if (address_text(target).empty()) {
    return "DNS_ERROR";
  }
  if (!has_healthchecks(m_upstream) || weight_of(target) == 0) {
    return "HEALTHCHECKS_OFF";
  }
  const bool marked = m_unhealthy.contains({id_of(m_upstream), target["target"].text_or("")});
  return marked ? "UNHEALTHY" : "HEALTHY";
}

bool Health::is_usable(const json::Value& target) const {
  const auto state = state_of(target);
  return weight_of(target) > 0 && (state == "HEALTHY" || state == "HEALTHCHECKS_OFF");
}

json::Value Health::host_of(const json::Value& target, bool for_summary) const {
  const auto state = state_of(target);
  const auto address = address_in(target);
  const auto at = address_text(target);
  const auto weight = weight_of(target);
  auto host = Value::object();
  host.set("host", address.host);
  host.set("port", address.port);
  host.set("nodeWeight", weight);
  if (at.empty()) {
    host.set("dns", fmt::format("dns server error: 3 name error ({})", address.host));
    host.set("weight", weights(0, 0));
    host.set("addresses", Value::object());  // an empty Lua table
    return host;
  }
  auto one = Value::object();
  one.set("ip", at.substr(0, at.rfind(':')));
  one.set("port", address.port);
  one.set("weight", weight);
  if (for_summary) {
    one.set("healthy", state != "UNHEALTHY");
  } else {
    one.set("health", state);
  }
  auto addresses = Value::array();
  addresses.push_back(std::move(one));
  host.set("dns", address.host.starts_with('[') ? "AAAA" : "A");
  host.set("weight", state == "UNHEALTHY" ? weights(0, weight) : weights(weight, 0));
  host.set("addresses", std::move(addresses));
  return host;
}

json::Value Health::data_of(const json::Value& target) const {
  return host_of(target, false);
}

bool Health::is_balancer_healthy(const std::vector<json::Value>& targets) const {
  std::int64_t available = 0;
  std::int64_t total = 0;
  for (const auto& target : targets) {
    total += weight_of(target);
    available += is_usable(target) ? weight_of(target) : 0;
  }
  const auto threshold = m_upstream["healthchecks"]["threshold"].as_number().value_or(0);
  return available > 0 && 100.0 * static_cast<double>(available) >= threshold * static_cast<double>(total);
}

json::Value Health::summary(const std::vector<json::Value>& targets) const {
  std::int64_t available = 0;
  std::int64_t unavailable = 0;
  auto hosts = Value::array();
  for (const auto& target : targets) {
    auto host = host_of(target, true);
    available += host["weight"]["available"].as_int().value_or(0);
    unavailable += host["weight"]["unavailable"].as_int().value_or(0);
    hosts.push_back(std::move(host));
  }
  const bool healthy = is_balancer_healthy(targets);
  const auto* const word = healthy ? "HEALTHY" : "UNHEALTHY";
  auto details = Value::object();
  details.set("healthy", healthy);
  details.set("weight", weights(available, unavailable));
  details.set("hosts", hosts.items().empty() ? Value::object() : hosts);
  auto summary = Value::object();
  summary.set("details", std::move(details));
  summary.set("id", id_of(m_upstream));
  summary.set("health", has_healthchecks(m_upstream) ? word : "HEALTHCHECKS_OFF");
  summary.set("balancer_health", word);
  return summary;
}

}  // namespace kscale::sandbox

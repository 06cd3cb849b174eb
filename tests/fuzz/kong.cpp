// A Kong that answers whatever it likes: the first byte says what it is asked.

#include <optional>

#include "libscale/kong/admin.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/fuzz/hostile_transport.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using Changes = std::vector<kong::TargetChange>;
using Kind = kong::TargetChange::Kind;

constexpr int k_last_weight = 65535;

template <class T>
std::optional<T> value_of(const Result<T>& outcome) {
  if (!outcome) {
    require_printable(outcome.error().what, "an error of Kong's");
    return std::nullopt;
  }
  return *outcome;
}

void look_at_targets(const std::vector<kong::Target>& targets) {
  for (const auto& target : targets) {
    require(target.weight >= 0 && target.weight <= k_last_weight, "a weight is one of Kong's");
  }
}

void look_at_health(const std::vector<kong::TargetHealth>& targets) {
  constexpr int k_last_port = 65535;
  for (const auto& target : targets) {
    require(target.weight >= 0 && target.weight <= k_last_weight, "a weight is one of Kong's");
    for (const auto& address : target.resolved) {
      require(address.port >= 0 && address.port <= k_last_port, "a port is one");
    }
  }
}

void look_at_status(const kong::NodeStatus& status) {
  for (const auto& figure : {status.total_requests, status.active_connections}) {
    require_finite(figure.value_or(0), "a figure of Kong's is finite");
    require(figure.value_or(0) >= 0, "a figure of Kong's is not negative");
  }
}

void ask(kong::Admin& kong, net::HttpTransport& http, unsigned what) {
  const auto urgency = what % 2 == 0 ? net::Urgency::change : net::Urgency::to_the_end;
  switch (what / 2 % 6) {
    case 0:
      if (const auto status = value_of(kong.status())) {
        look_at_status(*status);
      }
      break;
    case 1:
      if (const auto version = value_of(kong.version())) {
        require_printable(*version, "Kong's version");
      }
      break;
    case 2:
      if (const auto targets = value_of(kong.targets("svc"))) {
        look_at_targets(*targets);
      }
      break;
    case 3:
      if (const auto health = value_of(kong.health("svc"))) {
        look_at_health(*health);
      }
      break;
    case 4:
      value_of(kong.read_metrics(http.send(kong.metrics_request())));
      break;
    default: {
      const auto changed = kong.change_targets(
          "svc", {{Kind::weigh, "127.0.0.1:19003", 0}, {Kind::add, "127.0.0.1:19009", 50}, {Kind::remove, "a:1"}},
          urgency);
      if (!changed) {
        require_printable(changed.error().what, "an error of Kong's");
      }
    }
  }
}

}  // namespace

void take(std::string_view bytes) {
  constexpr auto k_longest = std::chrono::minutes(2);
  const auto what = take_byte(bytes);
  HostileTransport http(bytes);
  fakes::HandClock clock;
  const auto begin = clock.now().instant;
  kong::Admin kong(http, clock, {.base_url = "http://localhost:8001"}, std::chrono::seconds(10));
  ask(kong, http, what);
  require(clock.now().instant - begin <= k_longest * http.requests(), "Kong is waited for in measure");
}

}  // namespace kscale::fuzz

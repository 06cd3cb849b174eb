#include "tests/sandbox/kong/state.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "tests/sandbox/kong/uuid.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

std::optional<std::string> default_address(std::string_view host) {
  return host.ends_with(".invalid") ? std::nullopt : std::optional<std::string>("127.0.0.1");
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

KongState::KongState(KongOptions given, Clock& lent)
    : options(std::move(given)), clock(lent), node_id(uuid_v4(random)) {
  if (!options.resolve) {
    options.resolve = default_address;
  }
  publish_at_once();
}

void KongState::publish_from(Instant from) {
  std::erase_if(unhealthy, [this](const auto& mark) {
    const auto* upstream = std::as_const(entities).find("upstreams", mark.first);
    const auto targets = entities.targets_of(mark.first);
    const bool there =
        std::ranges::any_of(targets, [&](const Value& target) { return target["target"] == Value(mark.second); });
    return upstream == nullptr || !has_healthchecks(*upstream) || !there;
  });
  m_views.push_back({.from = from, .entities = std::make_shared<const Entities>(entities)});
}

void KongState::publish() {
  publish_from(clock.now().instant + options.propagation);
}

void KongState::publish_at_once() {
  m_views.clear();
  publish_from(clock.now().instant);
}

const Entities& KongState::proxy_view() {
  const auto now = clock.now().instant;
  while (m_views.size() > 1 && m_views[1].from <= now) {
    m_views.pop_front();
  }
  return *m_views.front().entities;
}

ConfigReading KongState::reading() {
  return {.plugins = options.plugins, .now = clock.now().wall, .random = random};
}

Measured KongState::measured() const {
  Measured measured;
  for (const auto& plugin : entities.of("plugins")) {
    if (plugin["name"] != Value("prometheus") || plugin["enabled"] == Value(false)) {
      continue;
    }
    const auto on = [&](std::string_view flag) { return plugin["config"][flag] == Value(true); };
    measured.plugin = true;
    measured.status_codes |= options.status_code_metrics && on("status_code_metrics");
    measured.latencies |= options.latency_metrics && on("latency_metrics");
    measured.bandwidth |= options.bandwidth_metrics && on("bandwidth_metrics");
    measured.upstream_health |= options.upstream_health_metrics && on("upstream_health_metrics");
  }
  return measured;
}

Gauges KongState::gauges() {
  Gauges gauges{.node_id = node_id, .requests = requests, .targets = {}};
  const auto& view = proxy_view();
  for (const auto& upstream : view.of("upstreams")) {
    const Health health(upstream, unhealthy, options.resolve);
    for (const auto& target : view.targets_of(id_of(upstream))) {
      gauges.targets.push_back({.upstream = upstream["name"].text_or(""),
                                .target = target["target"].text_or(""),
                                .address = health.address_text(target),
                                .state = lower(health.state_of(target))});
    }
  }
  std::ranges::sort(gauges.targets, {},
                    [](const TargetState& state) { return std::pair(state.upstream, state.target); });
  return gauges;
}

Node KongState::node() const {
  return {.mode = options.mode,
          .id = node_id,
          .plugins = options.plugins,
          .requests = requests,
          .database_reachable = database_reachable,
          .configuration_hash = configuration_hash};
}

std::string hash_of(std::string_view text) {
  std::string hash;
  for (std::uint64_t value : {14695981039346656037ULL, 1099511628211ULL}) {
    for (const char c : text) {
      value = (value ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    hash += fmt::format("{:016x}", value);
  }
  return hash;
}

}  // namespace kscale::sandbox

#include "libscale/docker/container.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "libscale/base/number.hpp"
#include "libscale/docker/timestamp.hpp"

namespace kscale::docker {

namespace {

constexpr std::array<std::pair<State, std::string_view>, 8> k_states{{{State::created, "created"},
                                                                      {State::running, "running"},
                                                                      {State::paused, "paused"},
                                                                      {State::restarting, "restarting"},
                                                                      {State::removing, "removing"},
                                                                      {State::exited, "exited"},
                                                                      {State::dead, "dead"},
                                                                      {State::unknown, "unknown"}}};

constexpr std::array<std::pair<Health, std::string_view>, 4> k_healths{{{Health::none, "none"},
                                                                        {Health::starting, "starting"},
                                                                        {Health::healthy, "healthy"},
                                                                        {Health::unhealthy, "unhealthy"}}};

template <class Enum, std::size_t Count>
Enum value_named(const std::array<std::pair<Enum, std::string_view>, Count>& names, std::string_view name,
                 Enum otherwise) {
  for (const auto& [value, text] : names) {
    if (text == name) {
      return value;
    }
  }
  return otherwise;
}

template <class Enum, std::size_t Count>
std::string_view text_for(const std::array<std::pair<Enum, std::string_view>, Count>& names, Enum value) {
  for (const auto& [candidate, text] : names) {
    if (candidate == value) {
      return text;
    }
  }
  return {};
}

std::string_view without_slash(std::string_view name) {
  return name.starts_with('/') ? name.substr(1) : name;
}

std::optional<int> parse_port(std::string_view text) {
  constexpr int k_last_port = 65535;
  const auto port = number_in<int>(text);
  return port && *port > 0 && *port <= k_last_port ? port : std::nullopt;
}

/// Reads the TCP ports in `{"3020/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3021"}], "9000/tcp": null}`.
std::vector<PublishedPort> parse_ports(const json::Value& ports) {
  std::vector<PublishedPort> published;
  for (const auto& [key, bindings] : ports.members()) {
    const auto slash = std::min(key.find('/'), key.size());
    if (key.substr(slash) != "/tcp") {
      continue;
    }
    const auto container_port = parse_port(std::string_view(key).substr(0, slash));
    for (const auto& binding : bindings.items()) {
      const auto host_port = parse_port(binding["HostPort"].text_or(""));
      if (container_port && host_port) {
        published.push_back({*container_port, binding["HostIp"].text_or(""), *host_port});
      }
    }
  }
  return published;
}

int exit_code_in(const json::Value& code) {
  using Range = std::numeric_limits<int>;
  return static_cast<int>(std::clamp<std::int64_t>(code.as_int().value_or(0), Range::min(), Range::max()));
}

/// The limit of `--cpus`, given as billionths or as quota per period.
std::optional<Cores> parse_cpu_limit(const json::Value& host_config) {
  constexpr double k_nano = 1e9;
  constexpr double k_default_period = 100'000;
  if (const auto nano = host_config["NanoCpus"].as_number(); nano && *nano > 0) {
    return Cores{*nano / k_nano};
  }
  const auto quota = host_config["CpuQuota"].as_number();
  if (!quota || *quota <= 0) {
    return std::nullopt;
  }
  const double period = host_config["CpuPeriod"].as_number().value_or(0);
  return Cores{*quota / (period > 0 ? period : k_default_period)};
}

/// Docker lists them by name.
std::vector<Attachment> parse_networks(const json::Value& inspection) {
  std::vector<Attachment> networks;
  const auto mode = inspection["HostConfig"]["NetworkMode"].text_or("");
  const auto first = mode == "default" ? "bridge" : mode;
  for (const auto& [network, settings] : inspection["NetworkSettings"]["Networks"].members()) {
    const bool is_first = network == first || (!first.empty() && settings["NetworkID"].text_or("") == first);
    networks.insert(is_first ? networks.begin() : networks.end(), {network, settings["IPAddress"].text_or("")});
  }
  return networks;
}

}  // namespace

std::string_view name_of(State state) {
  return text_for(k_states, state);
}

std::string_view name_of(Health health) {
  return text_for(k_healths, health);
}

Result<Container> parse_container(const json::Value& inspection) {
  const auto id = inspection["Id"].as_string();
  const auto name = inspection["Name"].as_string();
  const auto& state = inspection["State"];
  if (!id || !name || !state["Status"].is_string()) {
    return fail(Errc::invalid, "a container without Id, Name or State.Status");
  }
  Container container;
  container.id = *id;
  container.name = without_slash(*name);
  container.image = inspection["Config"]["Image"].text_or("");
  container.state = value_named(k_states, state["Status"].text_or(""), State::unknown);
  container.health = value_named(k_healths, state["Health"]["Status"].text_or(""), Health::none);
  container.exit_code = exit_code_in(state["ExitCode"]);
  container.out_of_memory = state["OOMKilled"].as_bool().value_or(false);
  if (const auto started = parse_timestamp(state["StartedAt"].text_or(""))) {
    container.started_at = WallTime{std::chrono::duration_cast<WallTime::duration>(*started)};
  }
  for (const auto& [key, value] : inspection["Config"]["Labels"].members()) {
    container.labels.emplace(key, value.text_or(""));
  }
  container.networks = parse_networks(inspection);
  container.ports = parse_ports(inspection["NetworkSettings"]["Ports"]);
  container.cpu_limit = parse_cpu_limit(inspection["HostConfig"]);
  container.auto_remove = inspection["HostConfig"]["AutoRemove"].as_bool().value_or(false);
  return container;
}

std::vector<std::string> ids_named(const json::Value& list, std::string_view prefix) {
  std::vector<std::string> ids;
  for (const auto& container : list.items()) {
    const auto id = container["Id"].as_string();
    for (const auto& entry : container["Names"].items()) {
      const auto name = entry.text_or("");
      const auto bare = without_slash(name);
      // A slash inside makes it what another container that is linked to this one calls it: no name of its own.
      if (id && bare.starts_with(prefix) && bare.find('/') == std::string_view::npos) {
        ids.emplace_back(*id);
        break;
      }
    }
  }
  return ids;
}

std::vector<std::string> ids_labelled(const json::Value& list, std::string_view label, std::string_view value) {
  std::vector<std::string> ids;
  for (const auto& container : list.items()) {
    const auto id = container["Id"].as_string();
    if (id && container["Labels"][label].as_string() == value) {
      ids.emplace_back(*id);
    }
  }
  return ids;
}

}  // namespace kscale::docker

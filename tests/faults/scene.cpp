#include "tests/faults/scene.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "libscale/base/number.hpp"
#include "libscale/net/json.hpp"

namespace kscale::faults {

namespace {

json::Value asked(const Ask& ask, const std::string& target) {
  return json::parse(ask({.target = target}).body).value_or(json::Value());
}

}  // namespace

std::optional<std::string> Site::address_of(const std::string& name) const {
  if (!name.starts_with(prefix + '-')) {
    return std::nullopt;
  }
  const auto number = number_in<int>(std::string_view(name).substr(prefix.size() + 1));
  return number ? std::optional(fmt::format("127.0.0.1:{}", host_port_base + *number)) : std::nullopt;
}

Scene scene_of(const Site& site, const Ask& docker, const Ask& kong) {
  Scene scene;
  // By address, so that a scene can be judged without its site.
  const auto list = asked(docker, "/containers/json?all=true");
  for (const auto& container : list.items()) {
    const auto name = container["Names"].items().front().text_or("/").substr(1);
    if (name.starts_with(site.prefix)) {
      const auto address = site.address_of(name);
      scene.containers[address.value_or(name)] = {.name = name,
                                                  .state = container["State"].text_or(""),
                                                  .ours = !container["Labels"]["dev.kscale.deployment"].is_null()};
    }
  }
  const auto path = fmt::format("/upstreams/{}/targets?size=1000", site.upstream);
  const auto targets = asked(kong, path);
  for (const auto& target : targets["data"].items()) {
    scene.weights[target["target"].text_or("")] = static_cast<int>(target["weight"].as_int().value_or(-1));
  }
  return scene;
}

std::set<std::string> Scene::running() const {
  std::set<std::string> found;
  for (const auto& [address, container] : containers) {
    if (container.state == "running") {
      found.insert(address);
    }
  }
  return found;
}

std::set<std::string> Scene::serving() const {
  auto found = running();
  std::erase_if(found, [this](const auto& address) {
    const auto weight = weights.find(address);
    return weight == weights.end() || weight->second <= 0;
  });
  return found;
}

std::set<std::string> Scene::dead_in_rotation() const {
  const auto alive = running();
  std::set<std::string> found;
  for (const auto& [address, weight] : weights) {
    if (weight > 0 && !alive.contains(address)) {
      found.insert(address);
    }
  }
  return found;
}

std::vector<std::string> wrong_now(const Scene& before, const Scene& now, const Bounds& bounds) {
  std::vector<std::string> wrong;
  if (const auto serving = static_cast<int>(now.serving().size()); serving < bounds.least_serving) {
    wrong.push_back(fmt::format("{} serve, fewer than {}", serving, bounds.least_serving));
  }
  if (const auto running = static_cast<int>(now.running().size()); running > bounds.most_running) {
    wrong.push_back(fmt::format("{} run, more than {}", running, bounds.most_running));
  }
  const auto dead_before = before.dead_in_rotation();
  for (const auto& address : now.dead_in_rotation()) {
    if (!bounds.targets_may_stay && !dead_before.contains(address)) {
      wrong.push_back(fmt::format("{} is in rotation, and nothing runs there", address));
    }
  }
  return wrong;
}

std::vector<std::string> unrest(const Scene& scene) {
  std::vector<std::string> lines;
  for (const auto& [address, container] : scene.containers) {
    const bool runs = container.state == "running";
    if (container.name == address) {
      lines.push_back(fmt::format("{} is left", container.name));
    } else if (!runs && container.ours) {
      lines.push_back(fmt::format("{} of ours is {}", container.name, container.state));
    } else if (runs && !scene.serving().contains(address)) {
      lines.push_back(fmt::format("{} runs without a target", container.name));
    }
  }
  for (const auto& [address, weight] : scene.weights) {
    if (!scene.running().contains(address)) {
      lines.push_back(fmt::format("target {} with weight {} has no container", address, weight));
    }
  }
  return lines;
}

std::vector<std::string> unrest_of_those_ended(const Scene& scene, int containers) {
  std::vector<std::string> lines;
  for (const auto& address : scene.running()) {
    lines.push_back(fmt::format("{} still runs", scene.containers.at(address).name));
  }
  for (const auto& [address, weight] : scene.weights) {
    lines.push_back(fmt::format("target {} with weight {} is left", address, weight));
  }
  if (static_cast<int>(scene.containers.size()) != containers) {
    lines.push_back(fmt::format("{} containers, not {}", scene.containers.size(), containers));
  }
  return lines;
}

std::string text_of(const Scene& scene) {
  std::string text;
  for (const auto& [address, container] : scene.containers) {
    text += fmt::format("  container {} {}{}\n", container.name, container.state, container.ours ? ", ours" : "");
  }
  for (const auto& [address, weight] : scene.weights) {
    text += fmt::format("  target {} {}\n", address, weight);
  }
  return text;
}

}  // namespace kscale::faults

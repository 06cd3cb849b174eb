#include "libscale/fleet/drift.hpp"

#include <algorithm>

#include "libscale/base/number.hpp"
#include "libscale/fleet/readiness.hpp"
#include "libscale/fleet/rotation.hpp"

namespace kscale::fleet {

namespace {

/// Whether an instance would be addressed so: by its name, or by a port that it would publish.
bool is_address_of_instance(const std::string& address, const Deployment& deployment) {
  constexpr int k_most_instances = 1000;
  const auto colon = std::min(address.rfind(':'), address.size());
  const auto host = std::string_view(address).substr(0, colon);
  const auto port = number_in<int>(std::string_view(address).substr(std::min(colon + 1, address.size())));
  const int number = port.value_or(0) - deployment.host_port_base;
  const bool by_port = deployment.addressing == Addressing::host && host == deployment.host &&
                       deployment.host_port_base > 0 && number > 0 && number <= k_most_instances;
  return by_port || number_of(host, deployment.prefix).has_value();
}

bool is_ours(const kong::Target& target, const Deployment& deployment) {
  if (std::ranges::find(target.tags, deployment.tag()) != target.tags.end()) {
    return true;
  }
  const bool is_of_another =
      std::ranges::any_of(target.tags, [](const auto& tag) { return tag.starts_with(k_tag_begin); });
  return !is_of_another && is_address_of_instance(target.address, deployment);
}

/// Targets for the instances that can serve, and have an address for it.
void add_targets(World& world, const Deployment& deployment, const std::vector<Instance>& without, Mended& mended) {
  std::vector<Entrant> entrants;
  const auto seen = look(world, deployment, without);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].state == Readiness::State::ready) {
      entrants.push_back({.instance = without[i]});
    } else {
      mended.waiting.push_back(fmt::format("{} gets no target yet: {}", without[i].container.name, seen[i].why));
    }
  }
  enter_rotation(world, deployment, entrants);
  for (const auto& [instance, outcome, weight, target_may_stay] : entrants) {
    if (outcome) {
      mended.done.push_back(
          fmt::format("added target {} of {}", *deployment.address_of(instance), instance.container.name));
    } else if (!deployment.address_of(instance)) {
      mended.waiting.push_back(outcome.error().what);  // nothing that is tried again helps it
    } else {
      mended.failed.push_back(outcome.error());
    }
  }
}

void remove_targets(World& world, const Deployment& deployment, const std::vector<std::string>& stale, Mended& mended) {
  if (const auto removed = world.kong.remove_targets(deployment.upstream, stale); !removed) {
    mended.failed.push_back(wrap(removed.error(), "remove stale targets").value());
    return;
  }
  for (const auto& address : stale) {
    mended.done.push_back(fmt::format("removed target {}: no instance runs there", address));
  }
}

void remove_leftovers(World& world, const std::vector<Instance>& leftovers, Mended& mended) {
  for (const auto& leftover : leftovers) {
    const auto& name = leftover.container.name;
    const auto removed = world.engine.remove_stopped({leftover.container.id}, net::Urgency::change);
    if (removed.front()) {
      mended.done.push_back(fmt::format("removed {}, which was {}", name, name_of(leftover.container.state)));
    } else {
      mended.failed.push_back(wrap(removed.front().error(), "remove {}", name).value());
    }
  }
}

/// Those out of rotation that nobody had taken out before.
std::vector<Instance> left_out(const Drift& drift, const std::vector<int>& taken_out) {
  std::vector<Instance> found;
  std::ranges::copy_if(drift.taken_out, std::back_inserter(found), [&](const Instance& instance) {
    return std::ranges::find(taken_out, instance.number) == taken_out.end();
  });
  return found;
}

}  // namespace

Drift drift_of(const std::vector<Instance>& instances, const std::vector<kong::Target>& targets,
               const Deployment& deployment, const std::vector<int>& restarting) {
  Drift drift;
  std::vector<std::string> kept;
  bool may_have_any_address = false;
  for (const auto& instance : instances) {
    const bool comes_back = std::ranges::find(restarting, instance.number) != restarting.end();
    if (instance.is_ours() && !comes_back && instance.is_down()) {
      drift.leftovers.push_back(instance);
    }
    if (!instance.is_up()) {
      continue;
    }
    const auto address = deployment.address_of(instance);
    if (address) {
      kept.push_back(*address);
    }
    if (!instance.is_running()) {
      may_have_any_address |= !address;  // a restarting one has none for a moment
      continue;
    }
    const auto target = std::ranges::find_if(targets, [&](const auto& t) { return t.address == address; });
    if (target == targets.end()) {
      drift.without_target.push_back(instance);
    } else if (target->weight == 0) {
      drift.taken_out.push_back(instance);
    }
  }
  for (const auto& target : targets) {
    if (std::ranges::find(kept, target.address) == kept.end() && is_ours(target, deployment)) {
      (may_have_any_address ? drift.unclear : drift.without_serving).push_back(target.address);
    }
  }
  // While nothing runs, what stands stopped is all that new instances could be made like.
  if (std::ranges::none_of(instances, &Instance::is_running)) {
    drift.leftovers.clear();
  }
  // Looking at the wrong engine must not take a service down: something has to be left in rotation.
  const bool others_serve = std::ranges::any_of(targets, [&](const kong::Target& t) {
    return t.weight > 0 && std::ranges::find(drift.without_serving, t.address) == drift.without_serving.end();
  });
  if (!others_serve) {
    drift.last_ones.swap(drift.without_serving);
  }
  return drift;
}

std::vector<std::string> described(const Drift& drift, const Deployment& deployment) {
  std::vector<std::string> lines;
  for (const auto& instance : drift.without_target) {
    lines.push_back(fmt::format("{} runs, but Kong has no target {}", instance.container.name,
                                deployment.address_of(instance).value_or("for it")));
  }
  for (const auto& address : drift.without_serving) {
    lines.push_back(fmt::format("Kong has a target {}, but no instance runs there", address));
  }
  for (const auto& instance : drift.leftovers) {
    lines.push_back(fmt::format("{} is {} and of no use", instance.container.name, name_of(instance.container.state)));
  }
  for (const auto& address : drift.last_ones) {
    lines.push_back(
        fmt::format("Kong has a target {}, but no instance runs there; it stays until another target serves", address));
  }
  for (const auto& address : drift.unclear) {
    lines.push_back(fmt::format(
        "Kong has a target {}, but no instance runs there; it stays while one restarts whose address is not known",
        address));
  }
  for (const auto& instance : drift.taken_out) {
    lines.push_back(fmt::format("target {} of {} has weight 0", deployment.address_of(instance).value_or(""),
                                instance.container.name));
  }
  return lines;
}

bool all_serve(const Drift& drift, const std::vector<int>& taken_out) {
  return drift.without_target.empty() && left_out(drift, taken_out).empty();
}

Mended put_back(World& world, const Deployment& deployment, const Drift& drift, const std::vector<int>& taken_out) {
  Mended mended;
  std::vector<Entrant> entrants;
  for (const auto& instance : left_out(drift, taken_out)) {
    entrants.push_back({.instance = instance});
  }
  enter_rotation(world, deployment, entrants);
  for (const auto& [instance, outcome, weight, target_may_stay] : entrants) {
    if (outcome) {
      mended.done.push_back(fmt::format("gave target {} its weight back, after an action that was cut short",
                                        *deployment.address_of(instance)));
    } else {
      mended.failed.push_back(outcome.error());
    }
  }
  return mended;
}

Mended mend(World& world, const Deployment& deployment, const Drift& drift) {
  Mended mended;
  add_targets(world, deployment, drift.without_target, mended);
  remove_targets(world, deployment, drift.without_serving, mended);
  remove_leftovers(world, drift.leftovers, mended);
  return mended;
}

}  // namespace kscale::fleet

#include "libscale/operate/overview.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/control/check_report.hpp"
#include "libscale/control/readings.hpp"
#include "libscale/control/sampler.hpp"
#include "libscale/fleet/drift.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/operate/figures.hpp"
#include "libscale/operate/table.hpp"
#include "libscale/store/state.hpp"

namespace kscale::operate {

namespace {

using std::chrono::seconds;
using Align = Column::Align;

/// What is there, as Docker and Kong list it.
struct Scene {
  std::vector<fleet::Instance> instances;
  std::vector<kong::Target> targets;
};

template <class T>
bool was_interrupted(const Result<T>& result) {
  return !result && result.error().code == Errc::interrupted;
}

Status look_at_docker(const control::Settings& settings, const fleet::World& world, Scene& scene, Overview& overview) {
  const auto& deployment = settings.deployment;
  const auto containers = world.engine.find(deployment.prefix);
  if (was_interrupted(containers)) {
    return tl::unexpected(containers.error());
  }
  if (!containers) {
    overview.docker_error = containers.error();
    return {};
  }
  scene.instances = fleet::instances_of(*containers, deployment.prefix);
  for (const auto& instance : scene.instances) {
    const auto& container = instance.container;
    InstanceView view{.number = instance.number,
                      .name = container.name,
                      .state = container.state,
                      .health = instance.is_running() ? container.health : docker::Health::none};
    if (const auto port = fleet::published_port(instance, deployment.container_port)) {
      view.host_port = port->host_port;
    }
    view.image = container.image;
    overview.instances.push_back(std::move(view));
  }
  return {};
}

/// Kong's word for the health of the target; empty where it has none.
std::string health_of(const std::string& address, const std::vector<kong::TargetHealth>& healths) {
  const auto found = std::ranges::find(healths, address, &kong::TargetHealth::address);
  return found != healths.end() ? found->health : std::string();
}

/// The targets in the order of their instances, and then those of no instance.
std::vector<TargetView> views_of(const std::vector<kong::Target>& targets,
                                 const std::vector<kong::TargetHealth>& healths,
                                 const std::vector<fleet::Instance>& instances, const fleet::Deployment& deployment) {
  std::vector<TargetView> owned;
  std::vector<TargetView> others;
  std::ranges::transform(targets, std::back_inserter(others), [&healths](const kong::Target& target) {
    return TargetView{target.address, target.weight, health_of(target.address, healths), std::nullopt};
  });
  std::ranges::sort(others, {}, &TargetView::address);
  for (const auto& instance : instances) {
    const auto address = deployment.address_of(instance);
    const auto its = std::ranges::find_if(others, [&](const TargetView& view) { return view.address == address; });
    if (its != others.end()) {
      its->instance = instance.container.name;
      owned.push_back(std::move(*its));
      others.erase(its);
    }
  }
  std::ranges::move(others, std::back_inserter(owned));
  return owned;
}

Status look_at_targets(const fleet::Deployment& deployment, const fleet::World& world, Scene& scene,
                       Overview& overview) {
  auto targets = world.kong.targets(deployment.upstream);
  if (was_interrupted(targets)) {
    return tl::unexpected(targets.error());
  }
  if (!targets) {
    overview.targets_error = targets.error();
    return {};
  }
  const auto healths = world.kong.health(deployment.upstream);
  if (was_interrupted(healths)) {
    return tl::unexpected(healths.error());
  }
  if (!healths) {
    overview.problems.push_back(healths.error().what);
  }
  scene.targets = std::move(*targets);
  overview.targets =
      views_of(scene.targets, healths.value_or(std::vector<kong::TargetHealth>()), scene.instances, deployment);
  return {};
}

Status look_at_kong(const control::Settings& settings, const fleet::World& world, Scene& scene, Overview& overview) {
  overview.kong.url = world.kong.endpoint().shown();
  const auto status = world.kong.status();
  if (was_interrupted(status)) {
    return tl::unexpected(status.error());
  }
  if (!status) {
    // Whatever else Kong is asked, nothing more would come of it.
    overview.kong.error = status.error();
    overview.targets_error = status.error();
    return {};
  }
  overview.kong.status = *status;
  const auto version = world.kong.version();
  if (was_interrupted(version)) {
    return tl::unexpected(version.error());
  }
  if (version) {
    overview.kong.version = *version;
  } else if (status->database_reachable) {
    overview.problems.push_back(version.error().what);  // without its database Kong does not tell
  }
  return look_at_targets(settings.deployment, world, scene, overview);
}

void look_at_autoscaler(const control::Settings& settings, const std::string& holder, const store::State& state,
                        Now now, AutoscalerView& view) {
  const auto boot = store::boot_id();
  const auto since = [&](const store::Stamp& stamp) { return now.instant - store::on_this_boot(stamp, now, boot); };
  const auto left_of = [&](seconds span, const std::optional<store::Stamp>& begin) {
    return begin ? std::max(std::chrono::ceil<seconds>(span - since(*begin)), seconds{0}) : seconds{0};
  };
  view.holder = holder;
  if (const auto& pause = state.pause) {
    const auto left = pause->length ? std::optional(left_of(*pause->length, pause->since)) : std::nullopt;
    view.paused = !left || *left > seconds{0};
    view.pause_left = view.paused ? left : std::nullopt;
  }
  if (const auto& last = state.last_check) {
    view.last = {last->decision, last->at.wall, std::chrono::floor<seconds>(since(last->at))};
  }
  const auto cooldown = settings.rules.cooldown;
  view.cooldown_up_left = left_of(cooldown, state.last_up);
  view.cooldown_down_left = std::max(view.cooldown_up_left, left_of(cooldown, state.last_down));
}

/// The load of those that run, as the autoscaler measures it.
Status look_at_load(const control::Settings& settings, const fleet::World& world, const store::State& state,
                    const Scene& scene, Overview& overview) {
  const auto running = fleet::running(scene.instances);
  if (running.empty()) {
    return {};
  }
  control::Sampler sampler(world.engine, world.kong, world.http, world.clock, settings);
  if (state.reading) {
    const auto at = store::on_this_boot(state.reading->at, world.clock.now(), store::boot_id());
    if (auto readings = control::parse_readings(state.reading->text, at)) {
      sampler.resume(std::move(*readings));
    }
  }
  auto sample = sampler.take(running);
  if (!sample) {
    return tl::unexpected(sample.error());
  }
  for (const auto& seen : sample->instances) {
    const auto view = std::ranges::find(overview.instances, seen.name, &InstanceView::name);
    if (view != overview.instances.end()) {
      view->cpu = seen.cpu;
      view->memory = seen.memory;
      view->memory_used = seen.memory_used;
      view->uptime = seen.uptime;
    }
  }
  if (overview.kong.error) {
    // What the sampler says of Kong was said already.
    std::erase_if(sample->problems, [](const std::string& problem) { return problem.starts_with("Kong's "); });
  }
  std::ranges::move(sample->problems, std::back_inserter(overview.problems));
  return {};
}

json::Value error_text(const std::optional<Error>& error) {
  return error ? json::Value(error->what) : json::Value();
}

json::Value count_of(const std::optional<double>& count) {
  return count ? json::Value(*count) : json::Value();
}

json::Value json_of(const KongView& kong) {
  const auto& status = kong.status;
  const bool has_database = status && status->mode == kong::Mode::database;
  json::Value value;
  value.set("url", kong.url);
  value.set("reachable", status.has_value());
  value.set("error", error_text(kong.error));
  value.set("version", operate::json_of(kong.version));
  value.set("mode", status ? json::Value(name_of(status->mode)) : json::Value());
  value.set("configured", status ? json::Value(status->configured) : json::Value());
  value.set("database_reachable", has_database ? json::Value(status->database_reachable) : json::Value());
  value.set("active_connections", status ? count_of(status->active_connections) : json::Value());
  value.set("total_requests", status ? count_of(status->total_requests) : json::Value());
  return value;
}

json::Value json_of(const InstanceView& instance) {
  json::Value value;
  value.set("number", instance.number);
  value.set("name", instance.name);
  value.set("state", name_of(instance.state));
  value.set("health", name_of(instance.health));
  value.set("cpu_percent", operate::json_of(instance.cpu));
  value.set("memory_percent", operate::json_of(instance.memory));
  value.set("memory_bytes", operate::json_of(instance.memory_used));
  value.set("uptime_seconds", operate::json_of(instance.uptime));
  value.set("host_port", operate::json_of(instance.host_port));
  value.set("image", instance.image);
  return value;
}

json::Value json_of(const TargetView& target) {
  json::Value value;
  value.set("address", target.address);
  value.set("weight", target.weight);
  value.set("health", target.health.empty() ? json::Value() : json::Value(target.health));
  value.set("instance", operate::json_of(target.instance));
  return value;
}

json::Value json_of(const AutoscalerView& autoscaler) {
  const auto& last = autoscaler.last;
  json::Value value;
  value.set("running", !autoscaler.holder.empty());
  value.set("holder", autoscaler.holder.empty() ? json::Value() : json::Value(autoscaler.holder));
  value.set("paused", autoscaler.paused);
  value.set("pause_left_seconds", operate::json_of(autoscaler.pause_left));
  value.set("last_decision", last ? json::Value(last->decision) : json::Value());
  value.set("last_decision_time", last ? json::Value(control::shown(last->at)) : json::Value());
  value.set("last_decision_age_seconds", last ? operate::json_of(std::optional(last->ago)) : json::Value());
  value.set("cooldown_up_left_seconds", std::int64_t{autoscaler.cooldown_up_left.count()});
  value.set("cooldown_down_left_seconds", std::int64_t{autoscaler.cooldown_down_left.count()});
  return value;
}

template <class View>
json::Value json_of(const std::vector<View>& views) {
  auto list = json::Value::array();
  for (const auto& view : views) {
    list.push_back(json_of(view));
  }
  return list;
}

/// `label` and its text on one line, the texts one below the other.
std::string line(std::string_view label, const std::string& text) {
  return fmt::format("{:<12}{}\n", label, text);
}

std::string error_line(std::string_view label, const Error& error) {
  return line(label, "error: " + printable(error.what));
}

std::string mode_text(const kong::NodeStatus& status) {
  if (status.mode == kong::Mode::dbless) {
    return fmt::format("{}{}", name_of(status.mode), status.configured ? "" : " and not configured yet");
  }
  return fmt::format("with a database{}", status.database_reachable ? "" : " that it cannot reach");
}

std::string counted(double count, std::string_view what) {
  return fmt::format("{:.0f} {}{}", count, what, count == 1 ? "" : "s");
}

std::string kong_text(const KongView& kong) {
  if (!kong.status) {
    return kong.error ? error_line("Kong", *kong.error) : std::string();
  }
  const auto& status = *kong.status;
  std::string text = fmt::format("{}, {}", printable(kong.version.value_or("version unknown")), mode_text(status));
  if (status.active_connections) {
    text += ", " + counted(*status.active_connections, "connection");
  }
  if (status.total_requests) {
    text += ", " + counted(*status.total_requests, "request");
  }
  return line("Kong", text + ", " + printable(kong.url));
}

/// The decision and its reason, from the line that told of it, without its time and figures.
std::string brief(std::string_view decision) {
  constexpr std::string_view k_before = " reason=\"";
  const auto at = decision.find(k_before);
  const auto what_at = decision.find(' ');
  const auto end = decision.rfind("\" cpu=");
  if (at == std::string_view::npos || what_at >= at || end == std::string_view::npos || end < at + k_before.size()) {
    return printable(decision);
  }
  const auto what = decision.substr(what_at + 1, at - what_at - 1);
  const auto reason = decision.substr(at + k_before.size(), end - at - k_before.size());
  return printable(what.starts_with("hold") ? std::string(reason) : fmt::format("{}: {}", what, reason));
}

std::string autoscaler_text(const AutoscalerView& autoscaler) {
  std::string text =
      autoscaler.holder.empty() ? "not running" : fmt::format("running ({})", printable(autoscaler.holder));
  if (autoscaler.paused) {
    text += autoscaler.pause_left ? fmt::format(", paused ({} left)", shown(*autoscaler.pause_left))
                                  : std::string(", paused until it is resumed");
  }
  if (autoscaler.last) {
    text += fmt::format(", last: {} ({} ago)", brief(autoscaler.last->decision), shown(autoscaler.last->ago));
  }
  const auto left = [](seconds span) { return span > seconds{0} ? shown(span) + " left" : std::string("none"); };
  return line("autoscaler", text) + line("cooldown", fmt::format("up: {}, down: {}", left(autoscaler.cooldown_up_left),
                                                                 left(autoscaler.cooldown_down_left)));
}

std::string memory_text(const InstanceView& instance) {
  if (!instance.memory_used) {
    return shown(instance.memory);
  }
  const auto used = shown(*instance.memory_used);
  return instance.memory ? fmt::format("{} {}", shown(instance.memory), used) : used;
}

std::string instances_text(const Overview& overview) {
  if (overview.docker_error) {
    return {};
  }
  if (overview.instances.empty()) {
    return fmt::format("\nno instance of '{}'\n", printable(overview.deployment));
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& instance : overview.instances) {
    const bool is_checked = instance.health != docker::Health::none;
    rows.push_back({instance.name, std::string(name_of(instance.state)),
                    is_checked ? std::string(name_of(instance.health)) : "-", shown(instance.cpu),
                    memory_text(instance), shown(instance.uptime),
                    instance.host_port ? std::to_string(*instance.host_port) : "-", instance.image});
  }
  return '\n' + table_of({{"INSTANCE"},
                          {"STATE"},
                          {"HEALTH"},
                          {"CPU", Align::right},
                          {"MEMORY", Align::right},
                          {"UPTIME", Align::right},
                          {"PORT", Align::right},
                          {"IMAGE"}},
                         rows);
}

std::string targets_text(const Overview& overview) {
  if (overview.targets_error) {
    return {};
  }
  if (overview.targets.empty()) {
    return "\nno target\n";
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& target : overview.targets) {
    rows.push_back({target.address, std::to_string(target.weight), target.health.empty() ? "-" : target.health,
                    target.instance.value_or("-")});
  }
  return '\n' + table_of({{"TARGET"}, {"WEIGHT", Align::right}, {"HEALTH"}, {"INSTANCE"}}, rows);
}

std::string drift_text(const std::optional<std::vector<std::string>>& drift) {
  if (!drift || drift->empty()) {
    return fmt::format("\ndrift: {}\n", drift ? "none" : "unknown");
  }
  std::string text = "\n";
  for (const auto& disagreement : *drift) {
    text += fmt::format("drift: {}\n", printable(disagreement));
  }
  return text;
}

}  // namespace

std::optional<Error> Overview::error() const {
  return docker_error ? docker_error : kong.error ? kong.error : targets_error;
}

Result<Overview> look_over(const control::Settings& settings, const fleet::World& world, control::Records& records) {
  const auto now = world.clock.now();
  Overview overview{.at = now.wall, .deployment = settings.deployment.prefix};
  Scene scene;
  const auto state = records.load();
  look_at_autoscaler(settings, records.autoscaler(), state, now, overview.autoscaler);
  if (const auto seen = look_at_docker(settings, world, scene, overview); !seen) {
    return tl::unexpected(seen.error());
  }
  if (const auto seen = look_at_kong(settings, world, scene, overview); !seen) {
    return tl::unexpected(seen.error());
  }
  if (!overview.docker_error && !overview.targets_error) {
    overview.drift =
        fleet::described(fleet::drift_of(scene.instances, scene.targets, settings.deployment), settings.deployment);
  }
  if (const auto seen = look_at_load(settings, world, state, scene, overview); !seen) {
    return tl::unexpected(seen.error());
  }
  return overview;
}

json::Value json_of(const Overview& overview) {
  json::Value value;
  value.set("time", control::shown(overview.at));
  value.set("deployment", overview.deployment);
  value.set("kong", json_of(overview.kong));
  value.set("docker_error", error_text(overview.docker_error));
  value.set("instances", json_of(overview.instances));
  value.set("targets_error", error_text(overview.targets_error));
  value.set("targets", json_of(overview.targets));
  value.set("autoscaler", json_of(overview.autoscaler));
  value.set("drift", overview.drift ? operate::json_of(*overview.drift) : json::Value());
  value.set("problems", operate::json_of(overview.problems));
  return value;
}

std::string text_of(const Overview& overview) {
  std::string text = kong_text(overview.kong);
  if (overview.docker_error) {
    text += error_line("Docker", *overview.docker_error);
  }
  if (overview.targets_error && !overview.kong.error) {
    text += error_line("targets", *overview.targets_error);
  }
  text += autoscaler_text(overview.autoscaler);
  text += instances_text(overview);
  text += targets_text(overview);
  text += drift_text(overview.drift);
  for (const auto& problem : overview.problems) {
    text += fmt::format("not read: {}\n", printable(problem));
  }
  return text;
}

}  // namespace kscale::operate

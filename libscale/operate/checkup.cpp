#include "libscale/operate/checkup.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/base/rfc3339.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/net/json_figures.hpp"
#include "libscale/operate/figures.hpp"
#include "libscale/operate/table.hpp"

namespace kscale::operate {

namespace {

constexpr std::chrono::milliseconds k_longest_of_kong{5000};

/// What Kong and its proxy are asked.
std::vector<net::Request> questions_to_kong(const control::Settings& settings, const fleet::World& world) {
  auto status = world.kong.status_request();
  status.deadline = std::min(status.deadline, k_longest_of_kong);
  net::Request through_proxy;
  through_proxy.to.base_url = settings.proxy_url;
  through_proxy.path = settings.proxy_health_path;
  through_proxy.deadline = k_longest_of_kong;
  return {std::move(status), std::move(through_proxy)};
}

/// The part of the verdict's line that says how Kong is.
std::string kong_is(const Checkup& checkup) {
  if (!checkup.kong.fault.empty()) {
    return "Kong is not up";
  }
  const bool lacks_database = checkup.status && !checkup.status->database_reachable;
  return fmt::format("Kong is up{}{}", lacks_database ? " without its database" : "",
                     checkup.proxy.fault.empty() ? "" : "; the health path through the proxy is not well");
}

std::string instances_are(const Checkup& checkup) {
  if (checkup.docker_error) {
    return "Docker could not be asked for the instances";
  }
  const int count = backends(checkup.instances);
  return count == 0 ? "no instance runs"
                    : fmt::format("{} of {} instances healthy", count - unhealthy(checkup.instances), count);
}

std::string line(std::string_view label, const std::string& text) {
  return fmt::format("{:<10}{}\n", label, text);
}

std::string probe_text(std::string_view label, const Probe& probe, std::string_view when_well) {
  const auto what = probe.fault.empty() ? std::string(when_well) : printable(probe.fault);
  const auto took = probe.took ? fmt::format(", {}", shown(probe.took)) : std::string();
  return line(label, fmt::format("{}{}, {}", what, took, printable(probe.url)));
}

std::string kong_text(const Checkup& checkup) {
  const auto& status = checkup.status;
  auto text = probe_text("Kong", checkup.kong, status ? fmt::format("up, {}", name_of(status->mode)) : "up");
  if (status && status->mode == kong::Mode::database) {
    text += line("database", std::string(status->database_reachable ? "reachable" : "Kong cannot reach it"));
  }
  return text;
}

std::string instances_text(const std::vector<InstanceCheck>& instances) {
  if (instances.empty()) {
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& instance : instances) {
    const auto* const health = !instance.is_backend ? "stopped" : instance.fault.empty() ? "healthy" : "unhealthy";
    rows.push_back({instance.name, health, shown(instance.took), instance.is_backend ? instance.fault : ""});
  }
  return '\n' + table_of({{"INSTANCE"}, {"HEALTH"}, {"TIME", Column::Align::right}, {"FAULT"}}, rows);
}

json::Value json_of(const Probe& probe) {
  json::Value value;
  value.set("url", probe.url);
  value.set("healthy", probe.fault.empty());
  value.set("took_milliseconds", json::of(probe.took));
  value.set("fault", json::text_or_null(probe.fault));
  return value;
}

json::Value json_of(const Probe& kong, const std::optional<kong::NodeStatus>& status) {
  const bool has_database = status && status->mode == kong::Mode::database;
  auto value = json_of(kong);
  value.set("mode", status ? json::Value(name_of(status->mode)) : json::Value());
  value.set("database_reachable", has_database ? json::Value(status->database_reachable) : json::Value());
  return value;
}

json::Value json_of(const InstanceCheck& instance) {
  json::Value value;
  value.set("number", instance.number);
  value.set("name", instance.name);
  value.set("state", name_of(instance.state));
  value.set("counts", instance.is_backend);
  value.set("healthy", instance.fault.empty());
  value.set("by_healthcheck", instance.by_healthcheck);
  value.set("took_milliseconds", json::of(instance.took));
  value.set("fault", json::text_or_null(instance.fault));
  return value;
}

}  // namespace

Result<Checkup> check_up(const control::Settings& settings, const fleet::World& world) {
  Checkup checkup{.at = world.clock.now().wall, .deployment = settings.deployment.prefix};
  const auto containers = world.engine.find(settings.deployment.prefix);
  std::vector<fleet::Instance> instances;
  if (containers) {
    instances = fleet::instances_of(*containers, settings.deployment.prefix);
  } else if (containers.error().code == Errc::interrupted) {
    return tl::unexpected(containers.error());
  } else {
    checkup.docker_error = containers.error();
  }

  auto about_instances = questions_to(instances, world, settings.deployment, Ask::all);
  auto requests = questions_to_kong(settings, world);
  const auto for_kong = requests.size();
  std::ranges::copy(about_instances.requests, std::back_inserter(requests));
  const auto answers = world.http.send_all(requests);
  for (const auto& answer : answers) {
    if (!answer && answer.error().code == Errc::interrupted) {
      return tl::unexpected(answer.error());
    }
  }
  const auto status = world.kong.read_status(answers[0]);
  checkup.kong = {.url = world.kong.endpoint().shown()};
  if (answers[0]) {
    checkup.kong.took = answers[0]->elapsed;
  }
  if (status) {
    checkup.status = *status;
    checkup.kong.fault = status->configured ? "" : "Kong has no configuration yet";
  } else {
    checkup.kong.fault = status.error().what;
  }
  checkup.proxy = probed(requests[1], answers[1]);
  checkup.instances = answered(std::move(about_instances), std::span(answers).subspan(for_kong));
  return checkup;
}

json::Value json_of(const Checkup& checkup) {
  json::Value value;
  value.set("time", rfc3339_in_seconds(checkup.at));
  value.set("deployment", checkup.deployment);
  value.set("verdict", name_of(checkup.verdict()));
  value.set("backend_instances", backends(checkup.instances));
  value.set("unhealthy_instances", unhealthy(checkup.instances));
  value.set("kong", json_of(checkup.kong, checkup.status));
  value.set("proxy", json_of(checkup.proxy));
  value.set("docker_error", json::of(checkup.docker_error));
  value.set("instances", json::Value::array());
  for (const auto& instance : checkup.instances) {
    value.at("instances").push_back(json_of(instance));
  }
  return value;
}

std::string text_of(const Checkup& checkup) {
  auto text = fmt::format("{}: {}, {}\n\n", name_of(checkup.verdict()), instances_are(checkup), kong_is(checkup));
  text += kong_text(checkup) + probe_text("proxy", checkup.proxy, "well");
  if (checkup.docker_error) {
    text += line("Docker", printable(checkup.docker_error->what));
  }
  return text + instances_text(checkup.instances);
}

}  // namespace kscale::operate

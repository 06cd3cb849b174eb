#include "libscale/operate/checkup.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/control/check_report.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/fleet/readiness.hpp"
#include "libscale/operate/figures.hpp"
#include "libscale/operate/table.hpp"

namespace kscale::operate {

namespace {

constexpr std::chrono::milliseconds k_longest_of_kong{5000};
constexpr std::chrono::milliseconds k_longest_of_instance{2000};

/// What a process ends with when it is stopped: well, by SIGKILL, by SIGTERM.
constexpr std::array<int, 3> k_codes_of_stopped{0, 137, 143};

bool is_good(const net::Response& answer) {
  return answer.status >= 200 && answer.status < 400;
}

bool was_stopped(const docker::Container& container) {
  switch (container.state) {
    case docker::State::created:
    case docker::State::removing:
      return true;
    case docker::State::exited:
      return std::ranges::find(k_codes_of_stopped, container.exit_code) != k_codes_of_stopped.end();
    default:
      return false;
  }
}

/// What the container alone says of it; nothing where only its health path can tell.
std::optional<std::string> fault_told_by(const docker::Container& container) {
  switch (container.state) {
    case docker::State::running:
      break;
    case docker::State::exited:
    case docker::State::dead:
      return fmt::format("it ended with exit code {}", container.exit_code);
    default:
      return fmt::format("it is {}", name_of(container.state));
  }
  switch (container.health) {
    case docker::Health::none:
      return std::nullopt;
    case docker::Health::healthy:
      return "";
    default:
      return fmt::format("its HEALTHCHECK says {}", name_of(container.health));
  }
}

net::Request probe_of(std::string url, std::string path, std::chrono::milliseconds deadline) {
  net::Request request;
  request.to.base_url = std::move(url);
  request.path = std::move(path);
  request.deadline = deadline;
  return request;
}

Probe probed(const net::Request& request, const Result<net::Response>& answer) {
  Probe probe{.url = request.to.shown() + request.path};
  if (!answer) {
    probe.fault = answer.error().what;
    return probe;
  }
  probe.took = answer->elapsed;
  if (!is_good(*answer)) {
    probe.fault = fmt::format("it answered {}", answer->status);
  }
  return probe;
}

InstanceCheck check_of(const fleet::Instance& instance) {
  const auto& container = instance.container;
  InstanceCheck check{.number = instance.number,
                      .name = container.name,
                      .state = container.state,
                      .is_backend = !was_stopped(container),
                      .by_healthcheck = instance.is_running() && container.health != docker::Health::none};
  check.fault =
      fault_told_by(container).value_or("it has neither a HEALTHCHECK nor an address that can be asked from here");
  return check;
}

/// What the health path says, which decides where nothing else did.
void take_up(InstanceCheck& check, const Probe& probe) {
  if (probe.fault.empty()) {
    check.took = probe.took;
  }
  if (!check.by_healthcheck) {
    check.fault = probe.took && !probe.fault.empty() ? fmt::format("{}: {}", probe.url, probe.fault) : probe.fault;
  }
}

/// All that is asked at once: Kong's status, the proxy, and the instances that can be asked.
struct Questions {
  std::vector<net::Request> requests;
  std::vector<std::size_t> asked;  ///< for each request from the third on, the index of its instance
};

Questions questions(const control::Settings& settings, const fleet::World& world,
                    const std::vector<fleet::Instance>& instances) {
  Questions all;
  auto status = world.kong.status_request();
  status.deadline = std::min(status.deadline, k_longest_of_kong);
  all.requests.push_back(std::move(status));
  all.requests.push_back(probe_of(settings.proxy_url, settings.proxy_health_path, k_longest_of_kong));
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const auto url =
        instances[i].is_running() ? fleet::probe_url(world, settings.deployment, instances[i]) : std::nullopt;
    if (url) {
      all.requests.push_back(probe_of(*url, settings.deployment.health_path, k_longest_of_instance));
      all.asked.push_back(i);
    }
  }
  return all;
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
  const int backends = checkup.backends();
  return backends == 0 ? "no instance runs"
                       : fmt::format("{} of {} instances healthy", backends - checkup.unhealthy(), backends);
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

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value() : json::Value(text);
}

json::Value json_of(const Probe& probe) {
  json::Value value;
  value.set("url", probe.url);
  value.set("healthy", probe.fault.empty());
  value.set("took_milliseconds", operate::json_of(probe.took));
  value.set("fault", text_or_null(probe.fault));
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
  value.set("took_milliseconds", operate::json_of(instance.took));
  value.set("fault", text_or_null(instance.fault));
  return value;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::healthy:
      return "Healthy";
    case Verdict::degraded:
      return "Degraded";
    case Verdict::unhealthy:
      break;
  }
  return "Unhealthy";
}

int Checkup::backends() const {
  return static_cast<int>(std::ranges::count_if(instances, &InstanceCheck::is_backend));
}

int Checkup::unhealthy() const {
  return static_cast<int>(
      std::ranges::count_if(instances, [](const InstanceCheck& i) { return i.is_backend && !i.fault.empty(); }));
}

Verdict Checkup::verdict() const {
  if (!kong.fault.empty() || backends() == 0) {
    return Verdict::unhealthy;
  }
  if (unhealthy() == 0) {
    return Verdict::healthy;
  }
  return unhealthy() * 2 < backends() ? Verdict::degraded : Verdict::unhealthy;
}

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
  std::ranges::transform(instances, std::back_inserter(checkup.instances), check_of);

  const auto [requests, asked] = questions(settings, world, instances);
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
  for (std::size_t i = 0; i < asked.size(); ++i) {
    take_up(checkup.instances[asked[i]], probed(requests[i + 2], answers[i + 2]));
  }
  return checkup;
}

json::Value json_of(const Checkup& checkup) {
  json::Value value;
  value.set("time", control::shown(checkup.at));
  value.set("deployment", checkup.deployment);
  value.set("verdict", name_of(checkup.verdict()));
  value.set("backend_instances", checkup.backends());
  value.set("unhealthy_instances", checkup.unhealthy());
  value.set("kong", json_of(checkup.kong, checkup.status));
  value.set("proxy", json_of(checkup.proxy));
  value.set("docker_error", checkup.docker_error ? json::Value(checkup.docker_error->what) : json::Value());
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

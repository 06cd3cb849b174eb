#include "libscale/operate/health.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "libscale/fleet/readiness.hpp"

namespace kscale::operate {

namespace {

constexpr std::chrono::milliseconds k_longest_of_instance{2000};

constexpr int k_code_of_killed = 137;
/// What a process ends with when it is stopped: well, by SIGKILL, by SIGTERM.
constexpr std::array<int, 3> k_codes_of_stopped{0, k_code_of_killed, 143};

bool is_good(const net::Response& answer) {
  return answer.status >= 200 && answer.status < 400;
}

/// Docker tells of the want of memory also where it hit another process than the one that ends the container.
bool was_killed_by_kernel(const docker::Container& container) {
  return container.out_of_memory && container.exit_code == k_code_of_killed;
}

bool was_stopped(const docker::Container& container) {
  switch (container.state) {
    case docker::State::created:
    case docker::State::removing:
      return true;
    case docker::State::exited:
      return std::ranges::find(k_codes_of_stopped, container.exit_code) != k_codes_of_stopped.end() &&
             !was_killed_by_kernel(container);
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
      return was_killed_by_kernel(container) ? "it was killed for want of memory"
                                             : fmt::format("it ended with exit code {}", container.exit_code);
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

int backends(const std::vector<InstanceCheck>& instances) {
  return static_cast<int>(std::ranges::count_if(instances, &InstanceCheck::is_backend));
}

int unhealthy(const std::vector<InstanceCheck>& instances) {
  return static_cast<int>(
      std::ranges::count_if(instances, [](const InstanceCheck& i) { return i.is_backend && !i.fault.empty(); }));
}

Verdict verdict_of(bool kong_is_up, const std::vector<InstanceCheck>& instances) {
  if (!kong_is_up || backends(instances) == 0) {
    return Verdict::unhealthy;
  }
  if (unhealthy(instances) == 0) {
    return Verdict::healthy;
  }
  return unhealthy(instances) * 2 < backends(instances) ? Verdict::degraded : Verdict::unhealthy;
}

HealthQuestions questions_to(const std::vector<fleet::Instance>& instances, const fleet::World& world,
                             const fleet::Deployment& deployment, Ask ask) {
  HealthQuestions questions;
  std::ranges::transform(instances, std::back_inserter(questions.checks), check_of);
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const bool is_decided = ask == Ask::undecided && questions.checks[i].by_healthcheck;
    const auto url =
        instances[i].is_running() && !is_decided ? fleet::probe_url(world, deployment, instances[i]) : std::nullopt;
    if (url) {
      net::Request request;
      request.to.base_url = *url;
      request.path = deployment.health_path;
      request.deadline = k_longest_of_instance;
      questions.requests.push_back(std::move(request));
      questions.asked.push_back(i);
    }
  }
  return questions;
}

std::vector<InstanceCheck> answered(HealthQuestions questions, std::span<const Result<net::Response>> answers) {
  for (std::size_t i = 0; i < questions.asked.size(); ++i) {
    take_up(questions.checks[questions.asked[i]], probed(questions.requests[i], answers[i]));
  }
  return std::move(questions.checks);
}

}  // namespace kscale::operate

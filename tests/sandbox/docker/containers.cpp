#include "tests/sandbox/docker/containers.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "tests/sandbox/docker/create.hpp"
#include "tests/sandbox/docker/signals.hpp"

namespace kscale::sandbox::engine {

namespace {

using json::Value;
using std::chrono::seconds;

constexpr seconds k_usual_grace{10};
constexpr int k_start_failed = 128;
constexpr int k_no_command = 127;
constexpr int k_tries_for_a_port = 50;

/// Steps through all 64-bit numbers in an order that looks like chance.
std::uint64_t scrambled(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27U)) * 0x94d049bb133111eb;
  return number ^ (number >> 31U);
}

std::string_view without_slash(std::string_view name) {
  return name.starts_with('/') ? name.substr(1) : name;
}

bool is_joint(std::string_view mode) {
  return mode == "none" || mode == "host" || mode.starts_with("container:");
}

/// The time-out of a stop, or what Docker says against it. Nothing given: that of the container, or ten seconds.
tl::expected<seconds, Answer> grace_of(const ApiCall& call, const Container& container) {
  const auto text = call.parameter("t");
  if (text.empty()) {
    const auto own = container.spec.body["StopTimeout"].as_int();
    return own ? seconds(*own) : k_usual_grace;
  }
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) {
    return tl::unexpected(refusal(500, fmt::format("strconv.Atoi: parsing \"{}\": invalid syntax", text)));
  }
  return number < 0 ? seconds::max() : seconds(number);
}

}  // namespace

Containers::Containers(Clock& clock, WorkloadFactory workloads, const DockerOptions& options)
    : m_clock(clock), m_workloads(std::move(workloads)), m_images(options.images) {
  int subnet = 17;
  const auto add = [&](const std::string& name, const std::string& driver) {
    m_networks.push_back({.name = name, .id = new_id(), .driver = driver, .subnet = subnet++, .last = 1, .taken = {}});
  };
  add("bridge", "bridge");
  for (const auto& name : options.networks) {
    add(name, "bridge");
  }
  add("host", "host");
  add("none", "null");
}

std::string Containers::new_id() {
  std::string id;
  for (int part = 0; part < 4; ++part) {
    id += fmt::format("{:016x}", scrambled(++m_ids));
  }
  return id;
}

std::shared_ptr<Container> Containers::find(std::string_view name) const {
  name = without_slash(name);
  const auto first = [&](auto matches) {
    const auto found = std::find_if(m_containers.begin(), m_containers.end(), matches);
    return found == m_containers.end() ? nullptr : *found;
  };
  if (auto named = first([&](const auto& container) { return container->spec.name == name; })) {
    return named;
  }
  if (name.empty()) {
    return nullptr;
  }
  return first([&](const auto& container) { return container->spec.id.starts_with(name); });
}

Network* Containers::network(std::string_view name) {
  const auto found = std::find_if(m_networks.begin(), m_networks.end(),
                                  [&](const Network& each) { return each.name == name || each.id == name; });
  return found == m_networks.end() ? nullptr : &*found;
}

const Network* Containers::find_network(std::string_view name) const {
  const auto found = std::find_if(m_networks.begin(), m_networks.end(),
                                  [&](const Network& each) { return each.name == name || each.id == name; });
  return found == m_networks.end() ? nullptr : &*found;
}

void Containers::note(std::string_view action, const Container& container) {
  const auto now = m_clock.now().wall.time_since_epoch();
  constexpr std::size_t k_events = 256;  // as many as Docker remembers
  if (m_events.size() == k_events) {
    m_events.erase(m_events.begin());
  }
  m_events.push_back(Value::Object{
      {"status", action},
      {"id", container.spec.id},
      {"from", container.spec.image},
      {"Type", "container"},
      {"Action", action},
      {"Actor",
       Value::Object{{"ID", container.spec.id},
                     {"Attributes", Value::Object{{"image", container.spec.image}, {"name", container.spec.name}}}}},
      {"scope", "local"},
      {"time", std::int64_t{std::chrono::duration_cast<seconds>(now).count()}},
      {"timeNano", std::int64_t{std::chrono::nanoseconds(now).count()}},
  });
}

std::optional<Answer> Containers::refuse_name(const std::string& name) const {
  if (auto refused = refuse_bad_name(name)) {
    return refused;
  }
  for (const auto& other : m_containers) {
    if (other->spec.name == name) {
      return refusal(409, fmt::format("Conflict. The container name \"/{}\" is already in use by container \"{}\". You "
                                      "have to remove (or rename) that container to be able to reuse that name.",
                                      name, other->spec.id));
    }
  }
  return std::nullopt;
}

Answer Containers::rename(Container& container, const ApiCall& call) {
  const std::string name(without_slash(call.parameter("name")));
  if (name == container.spec.name) {
    return refusal(400, "Error when allocating new name: Renaming a container with the same name as its current name");
  }
  if (const auto refused = refuse_name(name)) {
    return *refused;
  }
  container.spec.name = name;
  note("rename", container);
  return {.status = 204};
}

Answer Containers::create(const ApiCall& call) {
  auto spec = spec_of(call, m_images);
  if (!spec) {
    return spec.error();
  }
  spec->id = new_id();
  const auto asked = without_slash(call.parameter("name"));
  spec->name = asked.empty() ? "nameless_" + spec->id.substr(0, 12) : std::string(asked);
  if (const auto refused = refuse_name(spec->name)) {
    return *refused;
  }
  const Image& image = *m_images.find(spec->image);
  auto container = std::make_shared<Container>();
  container->spec = *spec;
  container->image_id = id_of(image);
  const auto& check = spec->body["Healthcheck"]["Test"].items();
  const bool switched_off = !check.empty() && check.front() == Value("NONE");
  container->health_check = !switched_off && (image.health_check || !check.empty());
  container->created = m_clock.now().wall;
  container->endpoints = endpoints_of(spec->body);
  m_containers.insert(m_containers.begin(), container);
  note("create", *container);
  return json_answer(201, Value::Object{{"Id", spec->id}, {"Warnings", Value::array()}});
}

std::optional<Answer> Containers::plug_in(Container& container) {
  for (const auto& endpoint : container.endpoints) {
    if (!is_joint(endpoint.network) && network(endpoint.network) == nullptr) {
      return refusal(404, fmt::format("network {} not found", endpoint.network));
    }
  }
  for (auto& endpoint : container.endpoints) {
    Network* to = network(endpoint.network);
    if (to == nullptr || !endpoint.address.empty()) {
      continue;
    }
    endpoint.network_id = to->id;
    endpoint.id = new_id();
    endpoint.address = to->take_address();
    endpoint.gateway = to->gateway();
    const auto short_id = container.spec.id.substr(0, 12);
    auto& aliases = endpoint.aliases;
    if (to->name != "bridge" && to->has_addresses() &&
        std::find(aliases.begin(), aliases.end(), short_id) == aliases.end()) {
      aliases.push_back(short_id);
    }
  }
  return std::nullopt;
}

void Containers::unplug(Container& container) {
  for (auto& endpoint : container.endpoints) {
    if (Network* from = network(endpoint.network)) {
      from->give_back(endpoint.address);
    }
    endpoint.id.clear();
    endpoint.address.clear();
    endpoint.gateway.clear();
  }
}

bool Containers::is_taken(const Container& by_other_than, const PublishedPort& port) const {
  const auto wide = [](const std::string& address) { return address.empty() || address == "0.0.0.0"; };
  return std::any_of(m_containers.begin(), m_containers.end(), [&](const auto& other) {
    return other.get() != &by_other_than && other->is_running() &&
           std::any_of(other->spec.ports.begin(), other->spec.ports.end(), [&](const PublishedPort& theirs) {
             return theirs.host_port == port.host_port &&
                    (theirs.host_ip == port.host_ip || wide(theirs.host_ip) || wide(port.host_ip));
           });
  });
}

std::optional<Answer> Containers::refuse_taken_port(const Container& container) const {
  for (const auto& port : container.spec.ports) {
    if (port.host_port != 0 && is_taken(container, port)) {
      return refusal(
          500,
          fmt::format("driver failed programming external connectivity on endpoint {} ({}): Bind for {}:{} failed: "
                      "port is already allocated",
                      container.spec.name, container.endpoints.front().id,
                      port.host_ip.empty() ? "0.0.0.0" : port.host_ip, port.host_port));
    }
  }
  return std::nullopt;
}

/// Starts the process, on ports of the engine's own choice where none was asked for.
Status Containers::run(Container& container, Now now) {
  const auto asked = container.spec.ports;
  const bool chosen = std::any_of(asked.begin(), asked.end(), [](const auto& port) { return port.host_port == 0; });
  for (int attempt = 1;; ++attempt) {
    for (std::size_t i = 0; i < asked.size(); ++i) {
      auto& port = container.spec.ports[i];
      if (asked[i].host_port != 0) {
        continue;
      }
      do {
        port.host_port = m_next_port++;
        m_next_port = std::max<std::uint16_t>(m_next_port, 49'153);
      } while (is_taken(container, port));
    }
    std::shared_ptr<Workload> workload = m_workloads(container.spec);
    auto started = workload->start(container.spec, now);
    if (started) {
      container.workload = std::move(workload);
      return {};
    }
    if (!chosen || started.error().code != Errc::conflict || attempt == k_tries_for_a_port) {
      container.spec.ports = asked;
      return started;
    }
  }
}

Answer Containers::failed_start(Container& container, int exit_code, Answer answer) {
  unplug(container);
  container.exit_code = exit_code;
  const auto body = json::parse(answer.body);
  container.error = body ? (*body)["message"].text_or("") : std::string{};
  return answer;
}

Answer Containers::start(Container& container) {
  if (container.state == ContainerState::paused) {
    return refusal(409, "cannot start a paused container, try unpause instead");
  }
  if (container.is_running()) {
    return empty_answer(304);
  }
  if (auto refused = plug_in(container)) {
    return failed_start(container, k_start_failed, *refused);
  }
  if (auto refused = refuse_taken_port(container)) {
    return failed_start(container, k_start_failed, *refused);
  }
  const Now now = m_clock.now();
  const Image* image = m_images.find(container.spec.image);
  const auto dies_with = image != nullptr ? image->exits_at_once : std::nullopt;
  if (!dies_with) {
    if (const auto started = run(container, now); !started) {
      const auto& error = started.error();
      if (error.code == Errc::invalid) {
        return failed_start(container, k_no_command,
                            refusal(400,
                                    "failed to create shim task: OCI runtime create failed: runc create failed: "
                                    "unable to start container process: " +
                                        error.what));
      }
      if (error.code == Errc::conflict) {
        return failed_start(
            container, k_start_failed,
            refusal(500, fmt::format("driver failed programming external connectivity on endpoint {} ({}): Error "
                                     "starting userland proxy: listen tcp4 {}: bind: address already in use",
                                     container.spec.name, container.endpoints.front().id, error.what)));
      }
      return failed_start(container, k_start_failed, refusal(500, error.what));
    }
  }
  container.state = ContainerState::running;
  container.started = now.wall;
  container.exit_code = dies_with.value_or(0);
  container.error.clear();
  note("start", container);
  if (dies_with) {
    container.finished = now.wall;
    container.state = container.restarts_after(*dies_with) ? ContainerState::restarting : ContainerState::exited;
    container.restarts += container.state == ContainerState::restarting ? 1 : 0;
    note("die", container);
    unplug(container);
  }
  return empty_answer(204);
}

void Containers::end_process(Lock& lock, const std::shared_ptr<Container>& container, seconds grace,
                             std::optional<int> code) {
  const auto workload = container->workload;
  if (container->stopping) {
    // Another call is at it: hurry its process along where this one is less patient, and wait for the same end.
    if (grace == seconds(0)) {
      lock.unlock();
      workload->stop(grace);
      lock.lock();
    }
    m_ended.wait(lock, [&] { return !container->stopping; });
    return;
  }
  int own_code = container->exit_code;
  if (workload) {
    container->stopping = true;
    if (container->state == ContainerState::paused) {
      workload->thaw();
    }
    lock.unlock();
    own_code = workload->stop(grace);
    lock.lock();
    container->stopping = false;
    container->earlier_log += workload->log();
    container->workload.reset();
  }
  container->exit_code = code.value_or(own_code);
  container->finished = m_clock.now().wall;
  container->state = ContainerState::exited;
  unplug(*container);
  note("die", *container);
  if (container->spec.body["HostConfig"]["AutoRemove"].as_bool().value_or(false)) {
    std::erase(m_containers, container);
  }
  m_ended.notify_all();
}

Answer Containers::stop(Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call) {
  const auto grace = grace_of(call, *container);
  if (!grace) {
    return grace.error();
  }
  if (!container->is_running()) {
    return empty_answer(304);
  }
  end_process(lock, container, *grace);
  note("stop", *container);
  return empty_answer(204);
}

Answer Containers::restart(Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call) {
  const auto grace = grace_of(call, *container);
  if (!grace) {
    return grace.error();
  }
  if (container->is_running()) {
    end_process(lock, container, *grace);
  }
  return start(*container);
}

Answer Containers::kill(Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call) {
  const auto signal = signal_number(call.parameter("signal"));
  if (!signal) {
    return refusal(400, fmt::format("Invalid signal: {}", call.parameter("signal")));
  }
  if (!container->is_running()) {
    return refusal(409, fmt::format("Cannot kill container: {}: Container {} is not running", call.path.at(1),
                                    container->spec.id));
  }
  note("kill", *container);
  if (*signal == 9) {
    end_process(lock, container, seconds(0), 137);
  } else if (*signal == 15 || *signal == 2 || *signal == 3) {
    end_process(lock, container, k_usual_grace);
  }
  return empty_answer(204);
}

Answer Containers::remove(Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call) {
  if (container->removing) {
    return refusal(409, fmt::format("removal of container {} is already in progress", call.path.at(1)));
  }
  if (container->is_running() && !call.flag("force")) {
    const auto* advice = container->state == ContainerState::paused
                             ? "Unpause and then stop the container before attempting removal or force remove"
                             : "Stop the container before attempting removal or force remove";
    return refusal(409, fmt::format("You cannot remove a {} container {}. {}", name_of(container->state),
                                    container->spec.id, advice));
  }
  container->removing = true;
  if (container->is_running()) {
    end_process(lock, container, seconds(0), 137);
  }
  std::erase(m_containers, container);
  note("destroy", *container);
  return empty_answer(204);
}

Answer Containers::pause(Container& container) {
  if (container.state == ContainerState::paused) {
    return refusal(409, fmt::format("Container {} is already paused", container.spec.id));
  }
  if (container.state != ContainerState::running) {
    return refusal(409, fmt::format("Container {} is not running", container.spec.id));
  }
  container.workload->freeze();
  container.state = ContainerState::paused;
  note("pause", container);
  return empty_answer(204);
}

Answer Containers::unpause(Container& container) {
  if (container.state != ContainerState::paused) {
    return refusal(500, fmt::format("Container {} is not paused", container.spec.id));
  }
  container.workload->thaw();
  container.state = ContainerState::running;
  note("unpause", container);
  return empty_answer(204);
}

Answer Containers::update(Container& container, const ApiCall& call) {
  const auto body = body_of(call);
  if (!body) {
    return body.error();
  }
  if (const auto refused = refuse_low_memory(*body)) {
    return *refused;
  }
  for (const auto& [name, value] : body->members()) {
    container.spec.body.at("HostConfig").set(name, value);
  }
  note("update", container);
  return json_answer(200, Value::Object{{"Warnings", Value{}}});
}

Answer Containers::connect(const Network& to, const ApiCall& call) {
  const auto body = body_of(call);
  if (!body) {
    return body.error();
  }
  const auto name = (*body)["Container"].text_or("");
  const auto container = find(name);
  if (!container) {
    return refusal(404, "No such container: " + name);
  }
  for (const auto& endpoint : container->endpoints) {
    if (endpoint.network == to.name) {
      return refusal(403,
                     fmt::format("endpoint with name {} already exists in network {}", container->spec.name, to.name));
    }
  }
  container->endpoints.push_back(endpoint_of(to.name, (*body)["EndpointConfig"]));
  if (container->is_running()) {
    plug_in(*container);
  }
  return empty_answer(200);
}

bool Containers::exit(Lock& lock, std::string_view name, int code) {
  const auto container = find(name);
  if (!container || !container->workload) {
    return false;
  }
  end_process(lock, container, seconds(0), code);
  if (container->restarts_after(code) && find(container->spec.id) == container) {
    ++container->restarts;
    start(*container);
  }
  return true;
}

void Containers::kill_all(Lock& lock) {
  const auto containers = m_containers;
  for (const auto& container : containers) {
    if (container->is_running()) {
      end_process(lock, container, seconds(0), 137);
    }
  }
}

}  // namespace kscale::sandbox::engine

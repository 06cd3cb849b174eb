#include "tests/sandbox/docker/container.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "tests/sandbox/docker/images.hpp"

namespace kscale::sandbox::engine {

namespace {

using json::Value;
using std::chrono::duration_cast;
using std::chrono::seconds;

constexpr std::array k_names = {"created", "running", "paused", "restarting", "exited"};

/// What the engine fills in where the create call said nothing.
constexpr std::string_view k_config_defaults = R"({
  "Hostname": "", "Domainname": "", "User": "", "AttachStdin": false, "AttachStdout": false, "AttachStderr": false,
  "Tty": false, "OpenStdin": false, "StdinOnce": false, "Env": [], "Cmd": null, "Image": "", "Volumes": null,
  "WorkingDir": "", "Entrypoint": null, "OnBuild": null, "Labels": {}})";

constexpr std::string_view k_host_config_defaults = R"({
  "Binds": null, "ContainerIDFile": "", "LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "default",
  "PortBindings": {}, "RestartPolicy": {"Name": "", "MaximumRetryCount": 0}, "AutoRemove": false, "VolumeDriver": "",
  "VolumesFrom": null, "CapAdd": null, "CapDrop": null, "CgroupnsMode": "host", "Dns": null, "DnsOptions": null,
  "DnsSearch": null, "ExtraHosts": null, "GroupAdd": null, "IpcMode": "private", "Cgroup": "", "Links": null,
  "OomScoreAdj": 0, "PidMode": "", "Privileged": false, "PublishAllPorts": false, "ReadonlyRootfs": false,
  "SecurityOpt": null, "UTSMode": "", "UsernsMode": "", "ShmSize": 67108864, "Runtime": "runc",
  "ConsoleSize": [0, 0], "Isolation": "", "CpuShares": 0, "Memory": 0, "NanoCpus": 0, "CgroupParent": "",
  "BlkioWeight": 0, "BlkioWeightDevice": null, "BlkioDeviceReadBps": null, "BlkioDeviceWriteBps": null,
  "BlkioDeviceReadIOps": null, "BlkioDeviceWriteIOps": null, "CpuPeriod": 0, "CpuQuota": 0,
  "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0, "CpusetCpus": "", "CpusetMems": "", "Devices": null,
  "DeviceCgroupRules": null, "DeviceRequests": null, "KernelMemory": 0, "KernelMemoryTCP": 0,
  "MemoryReservation": 0, "MemorySwap": 0, "MemorySwappiness": null, "OomKillDisable": false, "PidsLimit": null,
  "Ulimits": null, "CpuCount": 0, "CpuPercent": 0, "IOMaximumIOps": 0, "IOMaximumBandwidth": 0,
  "MaskedPaths": ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
  "ReadonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]})";

Value defaults(std::string_view text) {
  return json::parse(text).value();
}

Value config_json(const Container& container) {
  Value config = defaults(k_config_defaults);
  for (const auto& [name, value] : container.spec.body.members()) {
    if (name != "HostConfig" && name != "NetworkingConfig" && !value.is_null()) {
      config.set(name, value);
    }
  }
  if (config["Hostname"].text_or("").empty()) {
    config.set("Hostname", container.spec.id.substr(0, 12));
  }
  config.set("Env", texts_json(container.spec.env));
  if (config["Cmd"].is_null() && config["Entrypoint"].is_null()) {
    config.set("Cmd", texts_json(container.spec.command));
  }
  return config;
}

Value host_config_json(const Container& container) {
  Value config = defaults(k_host_config_defaults);
  for (const auto& [name, value] : container.spec.body["HostConfig"].members()) {
    config.set(name, value);
  }
  return config;
}

Value exposed_ports(const Container& container) {
  Value ports = Value::object();
  for (const auto& [port, nothing] : container.spec.body["ExposedPorts"].members()) {
    ports.set(port, Value{});
  }
  return ports;
}

/// An empty address stands for IPv4 and IPv6: Docker lists both.
std::vector<std::string> shown_addresses(const PublishedPort& port) {
  return port.host_ip.empty() ? std::vector<std::string>{"0.0.0.0", "::"} : std::vector{port.host_ip};
}

/// Between two attempts to restart a container has no network, and so no ports.
Value bindings_json(const Container& container) {
  if (!container.is_running() || container.state == ContainerState::restarting) {
    return Value::object();
  }
  Value ports = exposed_ports(container);
  for (const auto& port : container.spec.ports) {
    for (const auto& address : shown_addresses(port)) {
      ports.at(port.container_port)
          .push_back(Value::Object{{"HostIp", address}, {"HostPort", std::to_string(port.host_port)}});
    }
  }
  return ports;
}

std::string_view protocol_of(std::string_view port) {
  const auto slash = port.find('/');
  return slash == std::string_view::npos ? "tcp" : port.substr(slash + 1);
}

int number_of(std::string_view port) {
  int number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return number;
}

Value port_list_json(const Container& container) {
  Value list = Value::array();
  if (!container.is_running()) {
    return list;
  }
  const Value ports = bindings_json(container);
  for (const auto& [name, bindings] : ports.members()) {
    const auto number = number_of(name);
    const auto protocol = protocol_of(name);
    if (bindings.is_null()) {
      list.push_back(Value::Object{{"PrivatePort", number}, {"Type", protocol}});
    }
    for (const auto& binding : bindings.items()) {
      list.push_back(Value::Object{{"IP", binding["HostIp"]},
                                   {"PrivatePort", number},
                                   {"PublicPort", number_of(binding["HostPort"].text_or(""))},
                                   {"Type", protocol}});
    }
  }
  return list;
}

Value bind_mount(std::string_view source, std::string_view destination, std::string_view mode) {
  const bool is_path = source.starts_with('/');
  return is_path ? Value::Object{{"Type", "bind"}, {"Source", source},   {"Destination", destination},
                                 {"Mode", mode},   {"RW", mode != "ro"}, {"Propagation", "rprivate"}}
                 : Value::Object{{"Type", "volume"},
                                 {"Name", source},
                                 {"Source", fmt::format("/var/lib/docker/volumes/{}/_data", source)},
                                 {"Destination", destination},
                                 {"Driver", "local"},
                                 {"Mode", mode.empty() ? "z" : mode},
                                 {"RW", mode != "ro"},
                                 {"Propagation", ""}};
}

Value mounts_json(const Container& container) {
  Value mounts = Value::array();
  const auto& host = container.spec.body["HostConfig"];
  for (const auto& bind : host["Binds"].items()) {
    const auto text = bind.text_or("");
    const std::string_view view = text;
    const auto first = view.find(':');
    if (first == std::string_view::npos) {
      continue;
    }
    const auto second = view.find(':', first + 1);
    const auto mode = second == std::string_view::npos ? std::string_view{} : view.substr(second + 1);
    mounts.push_back(bind_mount(view.substr(0, first), view.substr(first + 1, second - first - 1), mode));
  }
  for (const auto& mount : host["Mounts"].items()) {
    const auto* const mode = mount["ReadOnly"].as_bool().value_or(false) ? "ro" : "";
    mounts.push_back(bind_mount(mount["Source"].text_or(""), mount["Target"].text_or(""), mode));
  }
  return mounts;
}

Value networks_json(const Container& container, bool for_list) {
  Value networks = Value::object();
  for (const auto& endpoint : container.endpoints) {
    networks.set(endpoint.network, endpoint.json(for_list));
  }
  return networks;
}

Value network_settings_json(const Container& container) {
  Value settings = Value::Object{
      {"Bridge", ""},         {"SandboxID", container.is_running() ? Value(container.spec.id) : Value("")},
      {"HairpinMode", false}, {"Ports", bindings_json(container)},
      {"EndpointID", ""},     {"Gateway", ""},
      {"IPAddress", ""},      {"IPPrefixLen", 0},
      {"MacAddress", ""},
  };
  // Only the default bridge fills the fields that are older than networks.
  for (const auto& endpoint : container.endpoints) {
    if (endpoint.network == "bridge") {
      const Value shown = endpoint.json(false);
      for (const auto* name : {"EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "MacAddress"}) {
        settings.set(name, shown[name]);
      }
    }
  }
  settings.set("Networks", networks_json(container, false));
  return settings;
}

std::string shown_time(const std::optional<WallTime>& time) {
  return time ? rfc3339(*time) : std::string(k_no_time);
}

Value state_json(const Container& container) {
  Value state = Value::Object{
      {"Status", name_of(container.state)},
      {"Running", container.is_running()},
      {"Paused", container.state == ContainerState::paused},
      {"Restarting", container.state == ContainerState::restarting},
      {"OOMKilled", false},
      {"Dead", false},
      {"Pid", container.workload ? 4242 : 0},
      {"ExitCode", container.exit_code},
      {"Error", container.error},
      {"StartedAt", shown_time(container.started)},
      {"FinishedAt", shown_time(container.finished)},
  };
  if (container.health_check) {
    const auto status = container.workload ? container.workload->health() : std::string("unhealthy");
    state.set(
        "Health",
        Value::Object{{"Status", status}, {"FailingStreak", status == "unhealthy" ? 3 : 0}, {"Log", Value::array()}});
  }
  return state;
}

/// As Docker words a span: "Less than a second", "3 seconds", "About a minute", "5 minutes", "2 hours".
std::string worded(std::chrono::milliseconds span) {
  const auto whole = duration_cast<seconds>(span).count();
  if (whole < 1) {
    return "Less than a second";
  }
  if (whole == 1) {
    return "1 second";
  }
  if (whole < 60) {
    return fmt::format("{} seconds", whole);
  }
  if (whole < 120) {
    return "About a minute";
  }
  if (whole < 3600) {
    return fmt::format("{} minutes", whole / 60);
  }
  const auto hours = (whole + 1800) / 3600;
  if (hours == 1) {
    return "About an hour";
  }
  return hours < 48 ? fmt::format("{} hours", hours) : fmt::format("{} days", hours / 24);
}

std::string status_text(const Container& container, WallTime now) {
  const auto since = [&](const std::optional<WallTime>& time) { return worded(now - time.value_or(now)); };
  switch (container.state) {
    case ContainerState::created:
      return "Created";
    case ContainerState::exited:
      return fmt::format("Exited ({}) {} ago", container.exit_code, since(container.finished));
    case ContainerState::restarting:
      return fmt::format("Restarting ({}) {} ago", container.exit_code, since(container.finished));
    case ContainerState::paused:
      return fmt::format("Up {} (Paused)", since(container.started));
    case ContainerState::running:
      break;
  }
  std::string text = "Up " + since(container.started);
  if (container.health_check && container.workload) {
    const auto health = container.workload->health();
    text += health == "starting" ? " (health: starting)" : fmt::format(" ({})", health);
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

std::string_view name_of(ContainerState state) {
  return k_names.at(static_cast<std::size_t>(state));
}

bool Container::restarts_after(int code) const {
  const auto policy = spec.body["HostConfig"]["RestartPolicy"]["Name"].text_or("");
  return policy == "always" || policy == "unless-stopped" || (policy == "on-failure" && code != 0);
}

std::string Container::log() const {
  return workload ? earlier_log + workload->log() : earlier_log;
}

std::string rfc3339(WallTime time) {
  const auto whole = std::chrono::floor<seconds>(time.time_since_epoch());
  auto fraction = fmt::format(".{:03}", (time.time_since_epoch() - whole).count());
  while (fraction.ends_with('0')) {
    fraction.pop_back();
  }
  if (fraction == ".") {
    fraction.clear();
  }
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}{}Z", fmt::gmtime(static_cast<std::time_t>(whole.count())), fraction);
}

json::Value inspect_json(const Container& container) {
  const auto& command = container.spec.command;
  const std::vector<std::string> arguments(command.empty() ? command.begin() : command.begin() + 1, command.end());
  return Value::Object{
      {"Id", container.spec.id},
      {"Created", rfc3339(container.created)},
      {"Path", command.empty() ? std::string{} : command.front()},
      {"Args", texts_json(arguments)},
      {"State", state_json(container)},
      {"Image", container.image_id},
      {"LogPath", ""},
      {"Name", "/" + container.spec.name},
      {"RestartCount", container.restarts},
      {"Driver", "overlay2"},
      {"Platform", "linux"},
      {"HostConfig", host_config_json(container)},
      {"Mounts", mounts_json(container)},
      {"Config", config_json(container)},
      {"NetworkSettings", network_settings_json(container)},
  };
}

json::Value summary_json(const Container& container, WallTime now) {
  const auto& labels = container.spec.body["Labels"];
  const auto mode = container.spec.body["HostConfig"]["NetworkMode"].text_or("default");
  return Value::Object{
      {"Id", container.spec.id},
      {"Names", Value::Array{"/" + container.spec.name}},
      {"Image", container.spec.image},
      {"ImageID", container.image_id},
      {"Command", joined(container.spec.command)},
      {"Created", std::int64_t{duration_cast<seconds>(container.created.time_since_epoch()).count()}},
      {"Ports", port_list_json(container)},
      {"Labels", labels.is_object() ? labels : Value::object()},
      {"State", name_of(container.state)},
      {"Status", status_text(container, now)},
      {"HostConfig", Value::Object{{"NetworkMode", mode}}},
      {"NetworkSettings", Value::Object{{"Networks", networks_json(container, true)}}},
      {"Mounts", mounts_json(container)},
  };
}

}  // namespace kscale::sandbox::engine

#include "tests/sandbox/setup.hpp"

#include <fmt/format.h>

namespace kscale::sandbox {

namespace {

using json::Value;

constexpr int k_container_port = 3020;

}  // namespace

std::string Setup::container_name(int number) const {
  return fmt::format("{}-{}", prefix, number);
}

std::uint16_t Setup::host_port(int number) const {
  return static_cast<std::uint16_t>(host_port_base + number);
}

std::string Setup::target(int number) const {
  return address == TargetAddress::name ? fmt::format("{}:{}", container_name(number), k_container_port)
                                        : fmt::format("127.0.0.1:{}", host_port(number));
}

Value container_body(const Setup& setup, int number) {
  const auto service = fmt::format("backend-{}", number);
  const auto port = fmt::format("{}/tcp", k_container_port);
  Value env = Value::array();
  for (const auto& variable : {std::string("NODE_ENV=production"), fmt::format("PORT={}", k_container_port),
                               std::string("GLOBAL_PREFIX=street-noshery"), "INSTANCE_ID=" + service,
                               std::string("MONGO_URL=mongodb://noshery:only-for-tests@mongo:27017/noshery")}) {
    env.push_back(variable);
  }
  return Value::Object{
      {"Tty", false},
      {"OpenStdin", false},
      {"StdinOnce", false},
      {"AttachStdin", false},
      {"AttachStdout", false},
      {"AttachStderr", false},
      {"Image", k_backend_image},
      {"Env", env},
      {"ExposedPorts", Value::Object{{port, Value::object()}}},
      {"Labels", Value::Object{{"com.docker.compose.config-hash", fmt::format("{:064x}", 0xC0FFEE + number)},
                               {"com.docker.compose.container-number", "1"},
                               {"com.docker.compose.oneoff", "False"},
                               {"com.docker.compose.project", "backend_street_noshery"},
                               {"com.docker.compose.project.config_files", "docker-compose.yml"},
                               {"com.docker.compose.project.working_dir", "/srv/street-noshery"},
                               {"com.docker.compose.service", service},
                               {"com.docker.compose.version", "1.29.2"}}},
      {"HostConfig",
       Value::Object{
           {"NetworkMode", k_backend_network},
           {"RestartPolicy", Value::Object{{"Name", "unless-stopped"}, {"MaximumRetryCount", 0}}},
           {"VolumesFrom", Value::array()},
           {"Binds", Value::array()},
           {"LogConfig", Value::Object{{"Type", "json-file"}, {"Config", Value::object()}}},
           {"PortBindings",
            Value::Object{{port, Value::Array{Value::Object{
                                     {"HostIp", ""}, {"HostPort", std::to_string(setup.host_port(number))}}}}}}}},
      {"NetworkingConfig",
       Value::Object{
           {"EndpointsConfig", Value::Object{{k_backend_network, Value::Object{{"Aliases", Value::Array{service}},
                                                                               {"IPAMConfig", Value::object()}}}}}}},
  };
}

std::string kong_file(const Setup& setup) {
  std::string targets;
  for (int number = 1; number <= setup.instances; ++number) {
    targets += fmt::format("  - target: {}\n    weight: 100\n", setup.target(number));
  }
  const auto* const plugins = setup.metrics_plugin ? R"(plugins:
- name: prometheus
  config:
    per_consumer: false
    status_code_metrics: true
    latency_metrics: true
    bandwidth_metrics: true
    upstream_health_metrics: true
)"
                                                   : "";
  return fmt::format(R"(_format_version: '3.0'
services:
- name: {}
  host: {}
  port: 80
  protocol: http
  routes:
  - name: street-noshery
    paths: [/street-noshery]
    strip_path: false
  - name: health
    paths: [/health]
    strip_path: false
upstreams:
- name: {}
  algorithm: round-robin
  targets:
{}consumers:
- username: noshery-app
  keyauth_credentials:
  - key: only-for-tests
{})",
                     setup.service, setup.upstream, setup.upstream, targets.empty() ? std::string("  []\n") : targets,
                     plugins);
}

}  // namespace kscale::sandbox

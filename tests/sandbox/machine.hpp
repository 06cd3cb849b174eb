#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "libscale/base/result.hpp"
#include "tests/sandbox/docker/docker.hpp"
#include "tests/sandbox/kong/kong.hpp"
#include "tests/sandbox/load.hpp"
#include "tests/sandbox/setup.hpp"

namespace kscale::sandbox {

struct MachineOptions {
  std::string directory;         ///< where the Engine API's socket is; it must exist
  std::uint16_t admin_port = 0;  ///< 0: one that is free
  std::uint16_t proxy_port = 0;
  std::uint16_t control_port = 0;
  Setup setup;
  KongMode mode = KongMode::database;
  std::chrono::milliseconds propagation{0};
  std::string token_header;  ///< of the Admin API; with an empty token none is asked for
  std::string token;
  bool with_docker = true;  ///< false: targets are real addresses, and the instances run elsewhere
  double capacity = 100;    ///< of one instance, in requests per second
  std::chrono::milliseconds service_time{5};
  std::chrono::milliseconds start_up{0};  ///< of the instances that come after the first ones
  bool impolite = false;
  LoadPaths load;
  std::size_t load_connections = 128;
};

/// A machine with Docker and Kong, on 127.0.0.1: both APIs, the proxy, the first instances, a generator of load, and a
/// port to control all that. Everything runs on threads of its own until the object goes.
class Machine {
 public:
  static Result<std::unique_ptr<Machine>> start(const MachineOptions& options);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  std::string docker_host() const;  ///< unix://...; empty without Docker
  std::string kong_url() const;
  std::string proxy_url() const;
  std::string control_url() const;

  Docker& docker();
  Kong& kong();

  void start_load(LoadShape shape);
  LoadReport report();

 private:
  struct Inside;
  explicit Machine(const MachineOptions& options);

  Status open_doors();
  Status start_instances();

  std::unique_ptr<Inside> m_inside;
};

}  // namespace kscale::sandbox

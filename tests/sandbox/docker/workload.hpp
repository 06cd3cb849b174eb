#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/net/json.hpp"

namespace kscale::sandbox {

/// One binding of a container's port to a port of the host.
struct PublishedPort {
  std::string container_port;  ///< with protocol: "3020/tcp"
  std::string host_ip;         ///< as asked for; empty means every address
  std::uint16_t host_port = 0;
};

/// What a container was made of.
struct ContainerSpec {
  std::string id;    ///< 64 hex digits
  std::string name;  ///< without the slash
  std::string image;
  std::vector<std::string> env;      ///< "KEY=VALUE", those of the image first
  std::vector<std::string> command;  ///< entrypoint and command
  std::vector<PublishedPort> ports;  ///< with the host ports in effect
  json::Value body;                  ///< the whole body of the create call

  /// The value of a variable of the environment; empty where there is none.
  std::string_view variable(std::string_view key) const;
};

/// What a container has used since it was started.
struct WorkloadUsage {
  std::chrono::nanoseconds cpu{};
  Bytes memory;
  Bytes received;
  Bytes sent;
};

/// What runs inside a container. The sandbox runs a real HTTP server, a unit test a model on its own clock.
///
/// One object lives from one start of the container to its end. `start`, `freeze` and `thaw` are called under the
/// stand-in's lock; the rest may be called from several threads, and while `stop` runs.
class Workload {
 public:
  Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;

  /// `conflict`: a port of the host is in use, and `what` is the address. `invalid`: the command cannot be run, and
  /// `what` is the reason as runc gives it.
  virtual Status start(const ContainerSpec& spec, Now now) = 0;
  /// SIGTERM, then SIGKILL after `grace`, which may be zero. Returns the exit code when all has ended.
  virtual int stop(std::chrono::seconds grace) = 0;
  virtual WorkloadUsage usage(Now now) = 0;

  virtual void freeze() {}
  virtual void thaw() {}
  /// "starting", "healthy" or "unhealthy". Asked only where the container has a health check.
  virtual std::string health() { return "healthy"; }
  /// What was written to stdout so far.
  virtual std::string log() { return {}; }
};

using WorkloadFactory = std::function<std::unique_ptr<Workload>(const ContainerSpec&)>;

}  // namespace kscale::sandbox

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "libscale/base/units.hpp"
#include "tests/sandbox/docker/workload.hpp"
#include "tests/sandbox/loop.hpp"

namespace kscale::sandbox {

/// How the backends of a sandbox behave. What is atomic may be changed while they run.
struct BackendBehaviour {
  std::atomic<double> capacity{100};              ///< requests per second that one core serves
  std::chrono::milliseconds service_time{5};      ///< of a request, above its share of the core
  std::chrono::milliseconds longest_wait{2'000};  ///< in the queue; a request that would wait longer gets 503
  std::atomic<std::chrono::milliseconds> start_up{
      std::chrono::milliseconds(0)};  ///< until then connections are refused
  bool impolite = false;              ///< drops what is in flight when it is stopped
};

/// A container's process: an HTTP server on 127.0.0.1 and the host port of its first published port.
///
/// It has one queue: each request takes 1/capacity seconds of a core (of less, where the container's NanoCpus are
/// fewer), so that CPU rises with the load and latency with the overload. Answers carry `x-backend: $INSTANCE_ID`;
/// `/slow?ms=N` waits so long on top. `loop` must run while there are backends; both arguments must outlive them.
WorkloadFactory backends(Loop& loop, const BackendBehaviour& behaviour);

}  // namespace kscale::sandbox

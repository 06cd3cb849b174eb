#pragma once

#include <memory>
#include <string>

#include "libscale/base/units.hpp"
#include "tests/sandbox/docker/workload.hpp"

namespace kscale::sandbox {

/// How the containers of a test behave. The test keeps it and may change it at any time; not for several threads.
struct ModelBehaviour {
  Cores cpu{0.25};
  Bytes memory{32ULL * 1024 * 1024};
  BytesPerSecond received{};
  BytesPerSecond sent{};
  std::string health = "healthy";
  std::string log;
  Status start;               ///< what the next start comes to
  int exit_code_of_stop = 0;  ///< 137 is what a process that ignores SIGTERM ends with
};

/// Containers without anything inside, which use what `behaviour` says on whatever clock they are asked by. One changed
/// between two readings counts for the whole span between them.
WorkloadFactory model_workloads(std::shared_ptr<ModelBehaviour> behaviour);

}  // namespace kscale::sandbox

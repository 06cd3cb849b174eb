#pragma once

#include <chrono>

namespace kscale::policy {

/// How long to wait after the given number of failures in a row: 30 s, doubling, up to 30 minutes. Zero after none.
std::chrono::seconds backoff_after(int failures);

}  // namespace kscale::policy

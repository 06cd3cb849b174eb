#pragma once

#include <optional>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/units.hpp"

namespace kscale::store {

/// What is kept of one running instance at one moment. What is not known is absent, never zero.
struct InstanceSample {
  int number = 0;
  bool serving = true;  ///< false: unhealthy, or Kong sends it no requests
  std::optional<Percent> cpu;
  std::optional<Percent> memory;
  std::optional<Bytes> memory_used;
  std::optional<BytesPerSecond> received;
  std::optional<BytesPerSecond> sent;

  friend bool operator==(const InstanceSample&, const InstanceSample&) = default;
};

/// What is kept of a deployment at one moment.
struct FleetSample {
  WallTime at{};
  std::vector<InstanceSample> instances;  ///< the running ones
  std::optional<Percent> cpu;             ///< of one instance, on average
  std::optional<Percent> memory;          ///< likewise
  std::optional<RequestsPerSecond> request_rate;
  std::optional<Percent> error_rate;
  std::optional<Milliseconds> response_time;
  std::optional<Milliseconds> response_time_p95;
  std::optional<Percent> host_cpu;
  std::optional<Percent> host_memory;
  std::optional<Percent> host_disk;

  friend bool operator==(const FleetSample&, const FleetSample&) = default;
};

/// From `since` on, up to but without `until`.
struct TimeRange {
  WallTime since{};
  WallTime until{};
};

/// A figure over a span. Over a single sample all three are the same.
template <class T>
struct Spread {
  T mean{};
  T least{};
  T most{};

  friend bool operator==(const Spread&, const Spread&) = default;
};

/// A deployment over a span that begins at `at`. A figure that no sample of the span knew is absent.
struct FleetPoint {
  WallTime at{};
  double samples = 1;        ///< in the span
  Spread<double> instances;  ///< that ran
  Spread<double> serving;    ///< of these
  std::optional<Spread<Percent>> cpu;
  std::optional<Spread<Percent>> memory;
  std::optional<Spread<RequestsPerSecond>> request_rate;
  std::optional<Spread<Percent>> error_rate;
  std::optional<Spread<Milliseconds>> response_time;
  std::optional<Spread<Milliseconds>> response_time_p95;
  std::optional<Spread<Percent>> host_cpu;
  std::optional<Spread<Percent>> host_memory;
  std::optional<Spread<Percent>> host_disk;

  friend bool operator==(const FleetPoint&, const FleetPoint&) = default;
};

/// One instance over a span that begins at `at`.
struct InstancePoint {
  int number = 0;
  WallTime at{};
  double samples = 1;      ///< in which it ran; the figures are over these, and not over all of the span
  Spread<double> serving;  ///< 1 while it serves, 0 while not
  std::optional<Spread<Percent>> cpu;
  std::optional<Spread<Percent>> memory;
  std::optional<Spread<Bytes>> memory_used;
  std::optional<Spread<BytesPerSecond>> received;
  std::optional<Spread<BytesPerSecond>> sent;

  friend bool operator==(const InstancePoint&, const InstancePoint&) = default;
};

}  // namespace kscale::store

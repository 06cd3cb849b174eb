// The counters that the last check left on disk, twice, and the sample between them.

#include "libscale/control/readings.hpp"

#include <cmath>

#include "libscale/control/sample.hpp"
#include "libscale/docker/timestamp.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using namespace std::chrono_literals;

template <class Unit>
void look_at(const std::optional<Quantity<Unit>>& figure, std::string_view what) {
  if (figure) {
    require_finite(figure->value, what);
    require(figure->value >= 0, what);
  }
}

void look_at(const std::optional<Milliseconds>& figure, std::string_view what) {
  if (figure) {
    require_finite(figure->count(), what);
  }
}

void look_at(const control::Sample& sample) {
  for (const auto& instance : sample.instances) {
    look_at(instance.cpu, "CPU is finite and not negative");
    look_at(instance.memory, "memory is finite and not negative");
    look_at(instance.received, "what is received is finite and not negative");
    look_at(instance.sent, "what is sent is finite and not negative");
  }
  look_at(sample.request_rate, "a rate is finite and not negative");
  look_at(sample.error_rate, "a share is finite and not negative");
  look_at(sample.host_cpu, "the host's CPU is finite and not negative");
  look_at(sample.response_time, "a response time is finite");
  look_at(sample.response_time_p95, "a response time is finite");
}

std::vector<fleet::Instance> instances_of(const control::Readings& readings) {
  std::vector<fleet::Instance> instances;
  for (const auto& [id, stats] : readings.containers) {
    instances.push_back({.number = static_cast<int>(instances.size()) + 1, .container = {.id = id}});
  }
  return instances;
}

}  // namespace

void take(std::string_view bytes) {
  const auto earlier = control::parse_readings(take_part(bytes), Instant(1h));
  if (!earlier) {
    require_printable(earlier.error().what, "why counters are not taken");
    return;
  }
  const auto text = control::write_readings(*earlier);
  const auto again = control::parse_readings(text, Instant(1h));
  require(again.has_value(), "counters that are written can be read");
  require(control::write_readings(*again) == text, "counters are read as they were written");
  const auto later = control::parse_readings(bytes, Instant(1h + 30s));
  if (!later) {
    return;
  }
  const control::SampleContext context{
      .now = {Instant(1h + 30s), WallTime(1'795'472'071'755ms)}, .warm_up = 30s, .service = "svc"};
  const auto sample = control::sample_between(*earlier, *later, instances_of(*later), context);
  look_at(sample);
  static_cast<void>(control::to_keep(sample, context.now.wall));
}

}  // namespace kscale::fuzz

// The log that the first kscale scripts kept.

#include "libscale/store/scaling_log.hpp"

#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

void look_at(const store::ScalingEvent& event) {
  require(event.from >= 0 && event.to >= 0 && event.from != event.to, "an event changed something");
  require(event.at.time_since_epoch().count() >= 0, "an event is not of before 1970");
  require_finite(event.cpu.value_or(Percent{}).value, "CPU is finite");
  require_finite(event.memory.value_or(Percent{}).value, "memory is finite");
  require_finite(event.request_rate.value_or(RequestsPerSecond{}).value, "a rate is finite");
  require_finite(event.response_time.value_or(Milliseconds{}).count(), "a response time is finite");
}

}  // namespace

void take(std::string_view bytes) {
  const auto path = file("scaling.log", bytes);
  const auto events = store::read_log(path);
  require(events.has_value(), "any file can be read as a log");
  require(events->size() <= store::k_log_lines, "no more is read than is kept");
  for (const auto& event : *events) {
    look_at(event);
  }
  const store::ScalingEvent event{
      .at = WallTime(std::chrono::seconds(1'795'472'071)), .from = 2, .to = 3, .cpu = Percent{91.25}};
  require(store::append_to_log(path, event).has_value(), "any file can be added to as a log");
  const auto again = store::read_log(path);
  require(again && again->size() == std::min(events->size() + 1, store::k_log_lines), "what was there is still there");
  require(again->back() == event, "what was added is there");
}

}  // namespace kscale::fuzz

#include "libscale/operate/events.hpp"

#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/base/rfc3339.hpp"
#include "libscale/net/json_figures.hpp"

namespace kscale::operate {

json::Value json_of(const store::ScalingEvent& event) {
  json::Value value;
  value.set("time", rfc3339_in_seconds(event.at));
  value.set("from_instances", event.from);
  value.set("to_instances", event.to);
  value.set("reason", event.reason);
  value.set("cpu_percent", json::of(event.cpu));
  value.set("memory_percent", json::of(event.memory));
  value.set("requests_per_second", json::of(event.request_rate));
  value.set("response_milliseconds", json::of(event.response_time));
  value.set("actor", event.actor);
  value.set("error", event.succeeded() ? json::Value() : json::Value(event.outcome));
  return value;
}

std::string text_of(const store::ScalingEvent& event) {
  return fmt::format("{} {} -> {} {}: {}{}", rfc3339_in_seconds(event.at), event.from, event.to, printable(event.actor),
                     printable(event.reason),
                     event.succeeded() ? "" : fmt::format("; failed: {}", printable(event.outcome)));
}

}  // namespace kscale::operate

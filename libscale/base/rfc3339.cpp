#include "libscale/base/rfc3339.hpp"

#include <chrono>

#include <fmt/chrono.h>

namespace kscale {

namespace {

using std::chrono::seconds;

std::string up_to_the_second(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<seconds>(time))));
}

}  // namespace

std::string rfc3339_in_seconds(WallTime time) {
  return up_to_the_second(time) + 'Z';
}

std::string rfc3339_in_milliseconds(WallTime time) {
  return fmt::format("{}.{:03}Z", up_to_the_second(time), (time - std::chrono::floor<seconds>(time)).count());
}

}  // namespace kscale

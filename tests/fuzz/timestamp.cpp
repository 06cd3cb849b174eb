// A time as Docker writes it.

#include "libscale/docker/timestamp.hpp"

#include "libscale/base/rfc3339.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

void take(std::string_view bytes) {
  const auto time = docker::parse_timestamp(bytes);
  if (!time) {
    return;
  }
  require(time->count() >= 0, "a time is not of before 1970");
  const WallTime wall{std::chrono::floor<WallTime::duration>(*time)};
  const auto again = docker::parse_timestamp(rfc3339_in_milliseconds(wall));
  constexpr std::chrono::sys_days k_end{std::chrono::year(2262) / 1 /
                                        1};  // beyond which no year is read, but for its zone
  require(wall >= k_end || (again && WallTime{std::chrono::floor<WallTime::duration>(*again)} == wall),
          "a time that is written is read as the same");
}

}  // namespace kscale::fuzz

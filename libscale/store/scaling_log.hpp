#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/store/scaling_event.hpp"

namespace kscale::store {

/// How many lines the log keeps.
inline constexpr std::size_t k_log_lines = 50;

/// How much of an old log is read; of a longer one, the end.
inline constexpr std::size_t k_log_bytes = std::size_t{1} << 20U;

/// Adds the event to the log that the first kscale scripts kept in /tmp/kong_scaling_history.log, and keeps the last
/// `k_log_lines`. A line is
///
///     unix_time,SCALE_UP|SCALE_DOWN,from,to,cpu,memory,request_rate,response_time
///
/// with percent, requests per second and milliseconds to at most two decimals, and an empty field for what is unknown.
/// Old lines of any other shape are dropped. An event that changed nothing is not written, as the format cannot say so.
///
/// Safe where others can write to the directory: see `write_atomically`. Of two writers at once one event may be lost,
/// so the caller holds the `Lock`.
Status append_to_log(const std::filesystem::path& path, const ScalingEvent& event);

/// The events of the log, oldest first; lines of any other shape are passed over. Empty where there is no log. Reason
/// and actor are not in the format and stay empty.
Result<std::vector<ScalingEvent>> read_log(const std::filesystem::path& path);

}  // namespace kscale::store

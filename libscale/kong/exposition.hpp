#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/result.hpp"

namespace kscale::kong {

/// One line of Prometheus' text format.
struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;  ///< any, also NaN and infinite

  /// The label's value; empty where it has none, which means the same in Prometheus.
  std::string_view label(const std::string& key) const;
};

/// Reads the samples whose name `wanted` accepts. Fails with `invalid` and the line's number on a line that is none of
/// the format, and on one that no line break ends: the page is then cut off, or not to be trusted.
/// Source: Prometheus, exposition formats, text format 0.0.4.
Result<std::vector<Sample>> parse_exposition(std::string_view text,
                                             const std::function<bool(std::string_view)>& wanted);

}  // namespace kscale::kong

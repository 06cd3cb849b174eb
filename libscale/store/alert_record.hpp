#pragma once

#include <optional>
#include <string>

#include "libscale/base/clock.hpp"

namespace kscale::store {

/// An alert that fired. Rule, subject and `fired_at` together name it.
struct AlertRecord {
  std::string rule;      ///< such as "high-cpu"
  std::string subject;   ///< the instance that it is about; empty: the deployment
  std::string severity;  ///< "warning" or "critical"
  std::string summary;   ///< for people, with the figures
  WallTime since{};      ///< when what is wrong began
  WallTime fired_at{};
  std::optional<WallTime> resolved_at;  ///< absent: it still fires
  bool told = false;                    ///< it was logged, and delivered to whoever is to be told

  friend bool operator==(const AlertRecord&, const AlertRecord&) = default;
};

}  // namespace kscale::store

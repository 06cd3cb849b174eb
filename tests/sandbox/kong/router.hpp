#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/entities.hpp"

namespace kscale::sandbox {

/// Where a path leads.
struct Routed {
  json::Value route;
  json::Value service;
  std::string upstream_path;
};

/// The route with the longest matching path, `path` being a path with or without a query. Hosts, methods and headers of
/// routes are not looked at.
std::optional<Routed> routed(const Entities& entities, std::string_view path);

}  // namespace kscale::sandbox

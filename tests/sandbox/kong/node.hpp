#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/kong.hpp"

namespace kscale::sandbox {

/// Memory that the workers of Kong share.
struct SharedDict {
  std::string_view name;
  std::uint64_t used = 0;
  std::uint64_t capacity = 0;
};

std::span<const SharedDict> shared_dicts();
std::array<int, 2> worker_pids();

/// What one process of Kong knows of itself.
struct Node {
  KongMode mode = KongMode::database;
  std::string id;
  std::vector<std::string> plugins;
  std::uint64_t requests = 0;
  bool database_reachable = true;
  std::string configuration_hash;
};

/// GET /
json::Value root_of(const Node& node);
/// GET /status
json::Value status_of(const Node& node);

}  // namespace kscale::sandbox

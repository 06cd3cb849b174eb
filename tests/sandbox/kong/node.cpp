#include "tests/sandbox/kong/node.hpp"

#include <fmt/format.h>

#include "tests/sandbox/kong/node_settings.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

constexpr std::uint64_t k_mebibyte = std::uint64_t{1} << 20U;

constexpr std::array<SharedDict, 11> k_dicts{{{"kong", 40960, 5 * k_mebibyte},
                                              {"kong_cluster_events", 40960, 5 * k_mebibyte},
                                              {"kong_core_db_cache", 802816, 128 * k_mebibyte},
                                              {"kong_core_db_cache_miss", 86016, 12 * k_mebibyte},
                                              {"kong_db_cache", 798720, 128 * k_mebibyte},
                                              {"kong_db_cache_miss", 90112, 12 * k_mebibyte},
                                              {"kong_healthchecks", 49152, 5 * k_mebibyte},
                                              {"kong_locks", 61440, 8 * k_mebibyte},
                                              {"kong_rate_limiting_counters", 86016, 12 * k_mebibyte},
                                              {"kong_secrets", 40960, 5 * k_mebibyte},
                                              {"prometheus_metrics", 69632, 5 * k_mebibyte}}};

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.2f} MiB", static_cast<double>(bytes) / static_cast<double>(k_mebibyte));
}

Value memory() {
  auto dicts = Value::object();
  for (const auto& dict : k_dicts) {
    auto one = Value::object();
    one.set("allocated_slabs", mebibytes(dict.used));
    one.set("capacity", mebibytes(dict.capacity));
    dicts.set(dict.name, std::move(one));
  }
  auto workers = Value::array();
  for (const auto pid : worker_pids()) {
    auto worker = Value::object();
    worker.set("pid", pid);
    worker.set("http_allocated_gc", "40.00 MiB");
    workers.push_back(std::move(worker));
  }
  auto memory = Value::object();
  memory.set("lua_shared_dicts", std::move(dicts));
  memory.set("workers_lua_vms", std::move(workers));
  return memory;
}

}  // namespace

std::span<const SharedDict> shared_dicts() {
  return k_dicts;
}

std::array<int, 2> worker_pids() {
  return {2401, 2402};
}

json::Value status_of(const Node& node) {
  auto server = Value::object();
  for (const auto* const counter : {"total_requests", "connections_handled", "connections_accepted"}) {
    server.set(counter, node.requests);
  }
  server.set("connections_active", 1);
  server.set("connections_reading", 0);
  server.set("connections_writing", 1);
  server.set("connections_waiting", 0);
  auto status = Value::object();
  status.set("memory", memory());
  status.set("server", std::move(server));
  if (node.mode == KongMode::dbless) {
    status.set("configuration_hash", node.configuration_hash);
  } else {
    auto database = Value::object();
    database.set("reachable", node.database_reachable);
    status.set("database", std::move(database));
  }
  return status;
}

json::Value root_of(const Node& node) {
  auto available = Value::object();
  auto enabled = Value::array();
  for (const auto& plugin : node.plugins) {
    auto about = Value::object();
    about.set("priority", plugin == "key-auth" ? 1250 : 13);
    about.set("version", "3.4.2");
    available.set(plugin, std::move(about));
    enabled.push_back(plugin);
  }
  auto plugins = Value::object();
  plugins.set("available_on_server", std::move(available));
  plugins.set("enabled_in_cluster", enabled);
  auto timers = Value::object();
  timers.set("pending", 0);
  timers.set("running", 39);
  auto workers = Value::array();
  for (const auto pid : worker_pids()) {
    workers.push_back(pid);
  }
  auto pids = Value::object();
  pids.set("workers", std::move(workers));
  pids.set("master", 2400);
  auto root = Value::object();
  root.set("tagline", "Welcome to kong");
  root.set("hostname", "kong");
  root.set("lua_version", "LuaJIT 2.1.0-beta3");
  root.set("plugins", std::move(plugins));
  root.set("timers", std::move(timers));
  root.set("node_id", node.id);
  root.set("pids", std::move(pids));
  root.set("version", "3.4.2");
  auto settings = node_settings(node.mode);
  settings.set("plugins", std::move(enabled));
  root.set("configuration", std::move(settings));
  return root;
}

}  // namespace kscale::sandbox

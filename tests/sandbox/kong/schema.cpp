#include "tests/sandbox/kong/schema.hpp"

#include <algorithm>

namespace kscale::sandbox {
namespace {

using json::Value;

constexpr std::string_view k_services = R"({"enabled":true,"id":null,"host":null,"tls_verify_depth":null,
"created_at":null,"updated_at":null,"name":null,"retries":5,"write_timeout":60000,"port":80,"tls_verify":null,
"protocol":"http","client_certificate":null,"tags":null,"ca_certificates":null,"read_timeout":60000,
"connect_timeout":60000,"path":null})";

constexpr std::string_view k_routes = R"({"id":null,"regex_priority":0,"methods":null,"sources":null,
"destinations":null,"created_at":null,"updated_at":null,"name":null,"protocols":["http","https"],
"request_buffering":true,"response_buffering":true,"hosts":null,"https_redirect_status_code":426,"service":null,
"paths":null,"snis":null,"path_handling":"v0","tags":null,"headers":null,"strip_path":true,"preserve_host":false})";

constexpr std::string_view k_consumers = R"({"username":null,"custom_id":null,"created_at":null,"id":null,
"updated_at":null,"tags":null})";

constexpr std::string_view k_plugins = R"({"enabled":true,"id":null,"service":null,"tags":null,"route":null,
"consumer":null,"created_at":null,"updated_at":null,"name":null,"protocols":["grpc","grpcs","http","https"],
"instance_name":null,"config":{}})";

constexpr std::string_view k_upstreams = R"({"hash_on_uri_capture":null,"id":null,"hash_on_cookie":null,
"hash_on_cookie_path":"/","slots":10000,"created_at":null,"updated_at":null,"hash_fallback_header":null,
"hash_fallback_query_arg":null,"hash_fallback_uri_capture":null,"client_certificate":null,"host_header":null,
"algorithm":"round-robin","healthchecks":{"passive":{"type":"http","healthy":{"http_statuses":[200,201,202,203,204,205,
206,207,208,226,300,301,302,303,304,305,306,307,308],"successes":0},"unhealthy":{"tcp_failures":0,"timeouts":0,
"http_failures":0,"http_statuses":[429,500,503]}},"threshold":0,"active":{"http_path":"/","https_sni":null,
"healthy":{"interval":0,"http_statuses":[200,302],"successes":0},"unhealthy":{"interval":0,"tcp_failures":0,
"timeouts":0,"http_failures":0,"http_statuses":[429,404,500,501,502,503,504,505]},"type":"http","headers":null,
"concurrency":10,"timeout":1,"https_verify_certificate":true}},"hash_on":"none","use_srv_name":false,"tags":null,
"hash_on_header":null,"name":null,"hash_on_query_arg":null,"hash_fallback":"none"})";

constexpr std::string_view k_targets = R"({"id":null,"weight":100,"created_at":null,"tags":null,"target":null,
"updated_at":null,"upstream":null})";

constexpr std::string_view k_keyauth = R"({"consumer":null,"created_at":null,"id":null,"key":null,"tags":null})";

constexpr std::string_view k_credential = R"({"consumer":null,"created_at":null,"id":null,"tags":null})";

constexpr std::string_view k_other = R"({"id":null,"created_at":null,"updated_at":null,"tags":null})";

constexpr std::string_view k_key_auth_config = R"({"key_in_body":false,"hide_credentials":false,
"run_on_preflight":true,"key_names":["apikey"],"anonymous":null,"key_in_header":true,"key_in_query":true})";

constexpr std::string_view k_prometheus_config = R"({"per_consumer":false,"latency_metrics":false,
"upstream_health_metrics":false,"status_code_metrics":false,"bandwidth_metrics":false})";

/// Only for the texts above, which are valid.
Value parsed(std::string_view text) {
  return json::parse(text).value();
}

std::vector<Kind> all_kinds() {
  const auto of_consumer = [](std::string_view name, std::string_view key, bool random_id) {
    return Kind{.name = name,
                .key = key,
                .foreign = {{"consumer", "consumers"}},
                .cache_key = {},
                .random_id = random_id,
                .defaults = parsed(k_credential)};
  };
  const auto other = [](std::string_view name, std::string_view key) {
    return Kind{.name = name, .key = key, .foreign = {}, .cache_key = {}, .defaults = parsed(k_other)};
  };
  return {
      other("ca_certificates", ""),
      other("certificates", ""),
      {.name = "snis",
       .key = "name",
       .foreign = {{"certificate", "certificates"}},
       .cache_key = {},
       .defaults = parsed(k_other)},
      other("vaults", "prefix"),
      other("key_sets", "name"),
      {.name = "keys", .key = "name", .foreign = {{"set", "key_sets"}}, .cache_key = {}, .defaults = parsed(k_other)},
      other("consumer_groups", "name"),
      {.name = "consumers",
       .key = "username",
       .foreign = {},
       .cache_key = {},
       .whole = true,
       .defaults = parsed(k_consumers)},
      {.name = "services",
       .key = "name",
       .foreign = {{"client_certificate", "certificates"}},
       .cache_key = {},
       .whole = true,
       .defaults = parsed(k_services)},
      {.name = "routes",
       .key = "name",
       .foreign = {{"service", "services"}},
       .cache_key = {},
       .whole = true,
       .defaults = parsed(k_routes)},
      {.name = "plugins",
       .key = "instance_name",
       .foreign = {{"service", "services"}, {"route", "routes"}, {"consumer", "consumers"}},
       .cache_key = {"name", "route", "service", "consumer"},
       .whole = true,
       .defaults = parsed(k_plugins)},
      {.name = "upstreams",
       .key = "name",
       .foreign = {{"client_certificate", "certificates"}},
       .cache_key = {},
       .whole = true,
       .defaults = parsed(k_upstreams)},
      {.name = "targets",
       .key = "target",
       .foreign = {{"upstream", "upstreams"}},
       .cache_key = {"upstream", "target"},
       .whole = true,
       .defaults = parsed(k_targets)},
      {.name = "keyauth_credentials",
       .key = "key",
       .foreign = {{"consumer", "consumers"}},
       .cache_key = {},
       .random_id = true,
       .defaults = parsed(k_keyauth)},
      of_consumer("basicauth_credentials", "username", false),
      of_consumer("hmacauth_credentials", "username", false),
      of_consumer("jwt_secrets", "key", true),
      of_consumer("oauth2_credentials", "client_id", true),
      of_consumer("acls", "", true),
  };
}

Value merged(const Value& defaults, const Value& given) {
  if (given.is_null()) {
    return defaults;
  }
  if (!defaults.is_object() || !given.is_object()) {
    return given;
  }
  auto whole = defaults;
  for (const auto& [key, value] : given.members()) {
    whole.set(key, merged(defaults[key], value));
  }
  return whole;
}

}  // namespace

std::span<const Kind> kinds() {
  static const auto all = all_kinds();
  return all;
}

const Kind* kind_of(std::string_view name) {
  const auto all = kinds();
  const auto found = std::ranges::find(all, name, &Kind::name);
  return found != all.end() ? &*found : nullptr;
}

std::string_view foreign_field(const Kind& child, std::string_view parent) {
  const auto found = std::ranges::find(child.foreign, parent, &std::pair<std::string_view, std::string_view>::second);
  return found != child.foreign.end() ? found->first : std::string_view();
}

json::Value with_defaults(const Kind& kind, const json::Value& given) {
  auto entity = merged(kind.defaults, given);
  if (kind.name == "plugins") {
    entity.set("config", plugin_config(entity["name"].text_or(""), entity["config"]));
  }
  return entity;
}

json::Value plugin_config(std::string_view plugin, const json::Value& given) {
  if (plugin == "key-auth") {
    return merged(parsed(k_key_auth_config), given);
  }
  return plugin == "prometheus" ? merged(parsed(k_prometheus_config), given) : given;
}

}  // namespace kscale::sandbox

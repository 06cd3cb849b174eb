#include "tests/sandbox/kong/node_settings.hpp"

#include <string_view>

namespace kscale::sandbox {
namespace {

// clang-format off
constexpr std::string_view k_settings = R"json({"ssl_session_tickets":"on","nginx_http_ssl_session_tickets":"on","nginx_stream_ssl_session_tickets":"on",
"ssl_session_timeout":"1d","nginx_http_ssl_session_timeout":"1d","nginx_stream_ssl_session_timeout":"1d",
"ssl_session_cache_size":"10m","proxy_access_log":"logs/access.log","proxy_error_log":"logs/error.log",
"proxy_stream_access_log":"logs/access.log basic","proxy_stream_error_log":"logs/error.log",
"admin_access_log":"logs/admin_access.log","admin_error_log":"logs/error.log",
"admin_gui_access_log":"logs/admin_gui_access.log","admin_gui_error_log":"logs/admin_gui_error.log",
"status_access_log":"off","status_error_log":"logs/status_error.log",
"lua_ssl_trusted_certificate":["/etc/ssl/certs/ca-certificates.crt"],"lua_ssl_verify_depth":1,
"nginx_http_lua_ssl_protocols":"TLSv1.1 TLSv1.2 TLSv1.3","nginx_stream_lua_ssl_protocols":"TLSv1.1 TLSv1.2 TLSv1.3",
"lua_socket_pool_size":30,"cluster_control_plane":"127.0.0.1:8005","cluster_mtls":"shared",
"lua_ssl_trusted_certificate_combined":"/usr/local/kong/.ca_combined","lua_max_req_headers":100,
"headers":["server_tokens","latency_tokens"],"cluster_data_plane_purge_delay":1209600,"cluster_ocsp":"off",
"cluster_max_payload":16777216,"lua_max_resp_headers":100,"cluster_dp_labels":{},"untrusted_lua":"sandbox",
"untrusted_lua_sandbox_requires":{},"nginx_main_worker_rlimit_nofile":"auto","lmdb_environment_path":"dbless.lmdb",
"nginx_events_worker_connections":"auto","opentelemetry_tracing":["off"],"nginx_events_multi_accept":"on",
"lua_max_post_args":100,"nginx_http_charset":"UTF-8","nginx_http_client_max_body_size":"0",
"nginx_main_directives":[{"name":"daemon","value":"on"},{"name":"user","value":"root root"},
{"name":"worker_processes","value":"2"},{"name":"worker_rlimit_nofile","value":"auto"}],
"nginx_http_client_body_buffer_size":"8k","admin_gui_path":"/","nginx_events_directives":[{"name":"multi_accept",
"value":"on"},{"name":"worker_connections","value":"auto"}],"nginx_http_directives":[{"name":"charset",
"value":"UTF-8"},{"name":"client_body_buffer_size","value":"8k"},{"name":"client_max_body_size","value":"0"},
{"name":"keepalive_requests","value":"1000"},{"name":"lua_regex_cache_max_entries","value":"8192"},
{"name":"lua_regex_match_limit","value":"100000"},{"name":"lua_shared_dict","value":"prometheus_metrics 5m"},
{"name":"ssl_prefer_server_ciphers","value":"off"},{"name":"ssl_protocols","value":"TLSv1.2 TLSv1.3"},
{"name":"ssl_session_tickets","value":"on"},{"name":"ssl_session_timeout","value":"1d"}],
"nginx_http_lua_regex_match_limit":"100000","lua_ssl_protocols":"TLSv1.1 TLSv1.2 TLSv1.3",
"nginx_upstream_directives":{},"nginx_proxy_directives":[{"name":"real_ip_header","value":"X-Real-IP"},
{"name":"real_ip_recursive","value":"off"}],"nginx_http_keepalive_requests":"1000","nginx_status_directives":{},
"nginx_admin_directives":[{"name":"client_body_buffer_size","value":"10m"},{"name":"client_max_body_size",
"value":"10m"}],"nginx_stream_directives":[{"name":"lua_shared_dict","value":"stream_prometheus_metrics 5m"},
{"name":"ssl_prefer_server_ciphers","value":"off"},{"name":"ssl_protocols","value":"TLSv1.2 TLSv1.3"},
{"name":"ssl_session_tickets","value":"on"},{"name":"ssl_session_timeout","value":"1d"}],
"nginx_supstream_directives":{},"router_flavor":"traditional_compatible","nginx_admin_client_max_body_size":"10m",
"nginx_admin_client_body_buffer_size":"10m","admin_ssl_enabled":false,"client_body_buffer_size":"8k",
"status_ssl_enabled":false,"nginx_wasm_wasmer_directives":{},"nginx_wasm_main_shm_directives":{},
"pg_host":"127.0.0.1","nginx_wasm_main_directives":{},"nginx_pid":"/usr/local/kong/nginx.pid",
"upstream_keepalive_pool_size":512,"nginx_acc_logs":"/usr/local/kong/access.log","vaults":["bundled"],
"admin_acc_logs":"/usr/local/kong/admin_access.log","pg_user":"kong","nginx_conf":"/usr/local/kong/nginx.conf",
"loaded_plugins":{"key-auth":true,"prometheus":true},
"nginx_kong_gui_include_conf":"/usr/local/kong/nginx-kong-gui-include.conf",
"nginx_kong_conf":"/usr/local/kong/nginx-kong.conf","admin_listeners":[{"ip":"127.0.0.1","port":18001,"bind":false,
"backlog=16384":true,"listener":"127.0.0.1:18001 reuseport backlog=16384","http2":false,"proxy_protocol":false,
"ssl":false,"reuseport":true,"deferred":false,"ipv6only=on":false,"ipv6only=off":false,"so_keepalive=on":false,
"so_keepalive=off":false,"so_keepalive=%w*:%w*:%d*":false}],"kic":false,"upstream_keepalive_idle_timeout":60,
"upstream_keepalive_max_requests":1000,"privileged_agent":false,"log_level":"notice","admin_gui_listeners":{},
"loaded_vaults":{"env":true},"cluster_listeners":[{"deferred":false,"port":8005,"bind":false,"ip":"0.0.0.0",
"listener":"0.0.0.0:8005","http2":false,"proxy_protocol":false,"ssl":false,"reuseport":false,"backlog=%d+":false,
"ipv6only=on":false,"ipv6only=off":false,"so_keepalive=on":false,"so_keepalive=off":false,
"so_keepalive=%w*:%w*:%d*":false}],"status_listeners":[{"deferred":false,"port":18100,"bind":false,"ip":"127.0.0.1",
"listener":"127.0.0.1:18100","http2":false,"proxy_protocol":false,"ssl":false,"reuseport":false,"backlog=%d+":false,
"ipv6only=on":false,"ipv6only=off":false,"so_keepalive=on":false,"so_keepalive=off":false,
"so_keepalive=%w*:%w*:%d*":false}],"admin_gui_ssl_enabled":false,"stream_proxy_ssl_enabled":false,
"stream_listeners":{},"proxy_ssl_enabled":false,"proxy_listeners":[{"ip":"127.0.0.1","port":18000,"bind":false,
"backlog=16384":true,"listener":"127.0.0.1:18000 reuseport backlog=16384","http2":false,"proxy_protocol":false,
"ssl":false,"reuseport":true,"deferred":false,"ipv6only=on":false,"ipv6only=off":false,"so_keepalive=on":false,
"so_keepalive=off":false,"so_keepalive=%w*:%w*:%d*":false}],"nginx_wasm_v8_directives":{},
"nginx_wasm_wasmtime_directives":{},"nginx_sproxy_directives":{},
"proxy_listen":["127.0.0.1:18000 reuseport backlog=16384"],"prefix":"/usr/local/kong/dbless",
"ssl_cert_key_default_ecdsa":"/usr/local/kong/kong-default-ecdsa.key",
"nginx_inject_conf":"/usr/local/kong/nginx-inject.conf","client_ssl_cert_default":"/usr/local/kong/kong-default.crt",
"ssl_cert":{},"mem_cache_size":"128m","role":"traditional",
"nginx_kong_inject_conf":"/usr/local/kong/nginx-kong-inject.conf","nginx_err_logs":"/usr/local/kong/error.log",
"nginx_kong_stream_inject_conf":"/usr/local/kong/nginx-kong-stream-inject.conf","worker_events_max_payload":65535,
"kong_env":"/usr/local/kong/.kong_env","kong_process_secrets":"/usr/local/kong/.kong_process_secrets",
"status_ssl_cert_key_default":"/usr/local/kong/status-kong-default.key",
"ssl_cert_csr_default":"/usr/local/kong/kong-default.csr","enabled_headers":{"X-Kong-Proxy-Latency":true,"Via":true,
"Server":true,"X-Kong-Admin-Latency":true,"X-Kong-Upstream-Latency":true,"X-Kong-Upstream-Status":false,
"server_tokens":true,"latency_tokens":true,"X-Kong-Response-Latency":true},
"ssl_cert_default":"/usr/local/kong/kong-default.crt","nginx_http_ssl_protocols":"TLSv1.2 TLSv1.3",
"ssl_cert_key_default":"/usr/local/kong/kong-default.key",
"nginx_kong_stream_conf":"/usr/local/kong/nginx-kong-stream.conf",
"ssl_cert_default_ecdsa":"/usr/local/kong/kong-default-ecdsa.crt","ssl_cert_key":"******",
"ssl_cipher_suite":"intermediate","client_ssl_cert_key_default":"/usr/local/kong/kong-default.key",
"anonymous_reports":false,
"ssl_ciphers":"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384",
"admin_ssl_cert_default":"/usr/local/kong/admin-kong-default.crt","pluginserver_names":{},
"admin_ssl_cert_key_default":"/usr/local/kong/admin-kong-default.key","wasm":false,
"admin_ssl_cert_default_ecdsa":"/usr/local/kong/admin-kong-default-ecdsa.crt","db_resurrect_ttl":30,
"admin_ssl_cert_key_default_ecdsa":"/usr/local/kong/admin-kong-default-ecdsa.key",
"openresty_path":"/usr/local/kong/openresty","status_ssl_cert_default":"/usr/local/kong/status-kong-default.crt",
"lua_package_cpath":"/usr/local/kong/?.so;","client_ssl":false,"dns_resolver":["127.0.0.1:53"],
"status_ssl_cert_default_ecdsa":"/usr/local/kong/status-kong-default-ecdsa.crt","dns_hostsfile":"/etc/hosts",
"status_ssl_cert_key_default_ecdsa":"/usr/local/kong/status-kong-default-ecdsa.key","admin_gui_ssl_cert":{},
"admin_gui_ssl_cert_default":"/usr/local/kong/admin-gui-kong-default.crt","nginx_user":"root root",
"admin_gui_ssl_cert_key_default":"/usr/local/kong/admin-gui-kong-default.key","dns_error_ttl":1,
"admin_gui_ssl_cert_default_ecdsa":"/usr/local/kong/admin-gui-kong-default-ecdsa.crt","dns_not_found_ttl":30,
"admin_gui_ssl_cert_key_default_ecdsa":"/usr/local/kong/admin-gui-kong-default-ecdsa.key","dns_stale_ttl":4,
"lua_package_path":"/usr/local/kong/?.lua;/usr/local/kong/?/init.lua;/usr/local/kong/?.lua;/usr/local/kong/?/init.lua;",
"dns_cache_size":10000,"port_maps":{},"dns_order":["LAST","SRV","A","CNAME"],
"admin_listen":["127.0.0.1:18001 reuseport backlog=16384"],"dns_no_sync":false,"status_listen":["127.0.0.1:18100"],
"stream_listen":["off"],"cluster_listen":["0.0.0.0:8005"],"admin_ssl_cert":{},"admin_ssl_cert_key":"******",
"host_ports":{},"admin_gui_ssl_cert_key":"******","status_ssl_cert":{},"status_ssl_cert_key":"******",
"pg_timeout":60000,"worker_state_update_frequency":5,"nginx_main_user":"root root","nginx_daemon":"on",
"worker_consistency":"eventual","nginx_main_daemon":"on","nginx_worker_processes":"2",
"nginx_main_worker_processes":"2","trusted_ips":{},"real_ip_header":"X-Real-IP",
"nginx_proxy_real_ip_header":"X-Real-IP","real_ip_recursive":"off","nginx_proxy_real_ip_recursive":"off",
"proxy_server_ssl_verify":true,"pg_port":5432,"pg_ro_ssl_verify":false,"pg_ssl":false,"pg_ssl_verify":false,
"pg_max_concurrent_queries":0,"pg_semaphore_timeout":60000,"db_cache_warmup_entities":["services"],
"cluster_use_proxy":false,"_debug_pg_ttl_cleanup_interval":300,"admin_gui_listen":["off"],"pg_database":"kong",
"allow_debug_header":false,"pg_ro_ssl":false,"nginx_http_lua_regex_cache_max_entries":"8192",
"db_update_propagation":0,"lmdb_map_size":"128m","untrusted_lua_sandbox_environment":{},"db_cache_ttl":0,
"opentelemetry_tracing_sampling_rate":0.01,"tracing_instrumentations":["off"],"lua_max_uri_args":100,
"tracing_sampling_rate":0.01,"error_default_type":"text/plain","ssl_protocols":"TLSv1.1 TLSv1.2 TLSv1.3",
"db_update_frequency":5,"plugins":["bundled"],"nginx_stream_ssl_protocols":"TLSv1.2 TLSv1.3",
"ssl_prefer_server_ciphers":"on","nginx_http_ssl_prefer_server_ciphers":"off",
"nginx_stream_ssl_prefer_server_ciphers":"off","ssl_dhparam":"ffdhe2048","nginx_http_ssl_dhparam":"ffdhe2048",
"nginx_stream_ssl_dhparam":"ffdhe2048"})json";
// clang-format on

}  // namespace

json::Value node_settings(KongMode mode) {
  auto settings = json::parse(k_settings).value();  // the text above is valid
  if (mode == KongMode::dbless) {
    settings.set("database", "off");
    settings.set("declarative_config", "/usr/local/kong/kong.yml");
  } else {
    settings.set("database", "postgres");
    settings.set("pg_password", "******");
  }
  return settings;
}

}  // namespace kscale::sandbox

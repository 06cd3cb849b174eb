#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "tests/sandbox/http.hpp"

namespace kscale::sandbox {

enum class KongMode {
  database,  ///< entities are kept in Postgres and changed one by one
  dbless,    ///< the whole configuration is replaced at once
};

struct KongOptions {
  KongMode mode = KongMode::database;
  std::chrono::milliseconds propagation{0};  ///< how long a write takes to reach the proxy
  std::string admin_token_header;            ///< the header that carries the key of the Admin API
  std::string admin_token;                   ///< empty: no key is asked for
  /// A family that is off here is off whatever the configuration of the prometheus plugin says. One that is on needs
  /// the plugin in the configuration, with the flag of the same name, as with a real Kong.
  bool status_code_metrics = true;
  bool latency_metrics = true;
  bool bandwidth_metrics = true;
  bool upstream_health_metrics = true;
  /// The plugins that can be used; a configuration that names another one is refused.
  std::vector<std::string> plugins = {"acl",    "basic-auth", "correlation-id", "cors",          "file-log",
                                      "jwt",    "key-auth",   "prometheus",     "rate-limiting", "request-transformer",
                                      "tcp-log"};
  /// The IP address of a host name. Empty: every name is 127.0.0.1, but those that end in `.invalid` have none.
  /// Called while the stand-in is locked, so it must not call back.
  std::function<std::optional<std::string>(std::string_view host)> resolve = {};
};

struct KongState;

/// A stand-in for Kong Gateway 3.4 with the Prometheus plugin: it answers as the recordings under tests/data/kong show
/// a real one to answer, keeps what it is told, and picks targets as Kong's balancer does. No sockets, no threads; it
/// may be called from several.
class Kong {
 public:
  /// `clock` gives the timestamps and the end of the propagation delay; it must outlive the stand-in.
  Kong(KongOptions options, Clock& clock);
  Kong(const Kong&) = delete;
  Kong& operator=(const Kong&) = delete;
  ~Kong();

  /// The Admin API.
  Answer answer(const Question& question);
  /// The Status listener: /status, /status/ready and /metrics. It never asks for a key.
  Answer answer_status(const Question& question);

  /// Takes a declarative file as at the start, or as by `kong config db_import` with a database. It is in effect at
  /// once.
  Status load(std::string_view declarative_yaml);

  /// A new process: the counters are 0, and without a database only what `load` gave is left.
  void restart();

  /// Postgres goes away, or comes back. The data plane does not mind.
  void set_database_reachable(bool reachable);

  /// Whether another POST /config is being worked on, so that the next one gets 429.
  void set_loading(bool loading);

  /// Where one request of the data plane goes.
  struct Peer {
    std::string service;
    std::string route;
    std::string upstream;       ///< empty where the service's host is no upstream
    std::string target;         ///< host:port, written as Kong writes it
    std::string upstream_path;  ///< path and query, after strip_path
  };

  /// The route of the path, and one healthy target of its upstream by smooth weighted round robin, as the proxy knows
  /// them by now; or what Kong itself answers: 404 without a route, 503 without a target. Such an answer is already
  /// recorded. `path` may carry a query.
  tl::expected<Peer, Answer> pick(std::string_view path);

  /// One request that had a peer is over: feeds /metrics and /status. `source` is "service", or "kong" where Kong
  /// answered for a peer that did not (502, 504). `request` is the whole time, `upstream` the peer's part of it.
  void record(const Peer& peer, int status, std::string_view source, std::chrono::microseconds request,
              std::chrono::microseconds upstream, std::uint64_t bytes_in, std::uint64_t bytes_out);

 private:
  std::unique_ptr<KongState> m_state;
};

}  // namespace kscale::sandbox

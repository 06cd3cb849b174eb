#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/kong/target.hpp"
#include "libscale/net/http.hpp"
#include "libscale/net/json.hpp"

namespace kscale::kong {

/// How Kong keeps its configuration, and so how targets are written.
enum class Mode {
  database,  ///< one by one, through `/upstreams/U/targets`
  dbless,    ///< the whole configuration at once, through `/config`
};

std::string_view name_of(Mode mode);

/// What `GET /status` says.
struct NodeStatus {
  Mode mode = Mode::database;
  bool database_reachable = true;  ///< true without a database
  bool configured = true;          ///< false for a DB-less Kong that was given no configuration yet
  /// Of a DB-less Kong: changes whenever somebody loads another configuration.
  std::string configuration_hash;
  /// Requests since Kong started, those to its Admin API included.
  std::optional<double> total_requests;
  std::optional<double> active_connections;
};

Result<NodeStatus> parse_status(const json::Value& answer);

/// Kong's Admin API, of Kong 2.2 (before it no target could be changed in place) to 3.x.
///
/// Failures: `unauthorized` (another key is asked for), `not_found` (no such upstream), `refused`, `busy` (429 or 503
/// after all tries, or with a Retry-After that is too long), `unsupported`, `failed`, `interrupted`, and those of the
/// transport. No error repeats a configuration, which holds credentials.
class Admin {
 public:
  /// `http` and `clock` must outlive the client; the clock waits where Kong says Retry-After.
  Admin(net::HttpTransport& http, Clock& clock, net::Endpoint endpoint, std::chrono::milliseconds deadline);

  const net::Endpoint& endpoint() const { return m_endpoint; }

  Result<NodeStatus> status(net::Urgency urgency = net::Urgency::interruptible);
  /// Which Kong it is, such as "3.4.2"; safe to show.
  Result<std::string> version(net::Urgency urgency = net::Urgency::interruptible);

  /// Whether Kong has a service of that name; `not_found` if not.
  Status require_service(std::string_view name);

  /// All targets of the upstream, from all pages, those of weight 0 included. A database that Kong cannot reach is
  /// `busy`.
  Result<std::vector<Target>> targets(std::string_view upstream, net::Urgency urgency = net::Urgency::interruptible);
  /// What the balancer of this node makes of them.
  Result<std::vector<TargetHealth>> health(std::string_view upstream,
                                           net::Urgency urgency = net::Urgency::interruptible);

  /// Applies all changes, in the way that Kong's mode asks for. With a database one after the other: after a failure
  /// those before it have taken effect. Without one all or none; with `to_the_end` the configuration is then written
  /// even where it says so already, since an earlier one that was given up may still be loading. What others load into
  /// a DB-less Kong meanwhile stays, unless it comes within the one round trip before the write: Kong has no way to
  /// write only onto what was read.
  Status change_targets(std::string_view upstream, const std::vector<TargetChange>& changes,
                        net::Urgency urgency = net::Urgency::change);
  /// The same, of targets that are to go.
  Status remove_targets(std::string_view upstream, const std::vector<std::string>& addresses);

  // For one look at everything at once, together with calls to others: what to ask, and how to read the answer.
  net::Request status_request() const;
  Result<NodeStatus> read_status(const Result<net::Response>& answer);
  net::Request metrics_request() const;
  /// Prometheus' text. `unsupported` where this Kong has no such page.
  Result<std::string> read_metrics(const Result<net::Response>& answer) const;

 private:
  net::Request request(net::Method method, std::string path, net::Urgency urgency) const;
  /// Sends, and sends again as often as Kong asks for it with 429 or 503.
  Result<net::Response> call(const net::Request& request);
  /// Waits as long as the answer asks for.
  Status wait_as_asked(const net::Response& answer, net::Urgency urgency);
  Result<json::Value> get(std::string path, net::Urgency urgency);
  Result<std::vector<json::Value>> all_pages(std::string path, net::Urgency urgency);
  /// The failure of a read, or what Kong's status says is behind it.
  Error explained(const Error& error, net::Urgency urgency);
  Result<Mode> mode(net::Urgency urgency);

  Status change_in(Mode mode, std::string_view upstream, const std::vector<TargetChange>& changes,
                   net::Urgency urgency);
  Status change_in_database(std::string_view upstream, const std::vector<TargetChange>& changes, net::Urgency urgency);
  Status require_gone(std::string_view upstream, const std::string& address, net::Urgency urgency);
  Result<net::Response> change_one(const std::string& path, const TargetChange& change, net::Urgency urgency);
  Status change_configuration(std::string_view upstream, const std::vector<TargetChange>& changes,
                              net::Urgency urgency);
  /// The text of Kong's configuration.
  Result<std::string> configuration(net::Urgency urgency);

  net::HttpTransport& m_http;
  Clock& m_clock;
  net::Endpoint m_endpoint;
  std::chrono::milliseconds m_deadline;
  std::optional<Mode> m_mode;
};

}  // namespace kscale::kong

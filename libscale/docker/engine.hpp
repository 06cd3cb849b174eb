#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/docker/container.hpp"
#include "libscale/docker/log.hpp"
#include "libscale/docker/stats.hpp"
#include "libscale/net/http.hpp"
#include "libscale/net/json.hpp"

namespace kscale::docker {

/// What the whole engine says of itself.
struct EngineInfo {
  std::optional<Bytes> host_memory;
};

struct NewContainer {
  std::string name;
  json::Value body;  ///< of `POST /containers/create`
};

struct NetworkConnection {
  std::string network;
  std::string container;
  json::Value endpoint;  ///< its EndpointConfig
};

/// Whether the volumes without a name go with their container.
enum class AnonymousVolumes { keep, remove };

/// The Docker Engine API, spoken by Docker from 20.10 on and by Podman's socket.
///
/// Calls that take several containers go out all at once; the results stand in the same order. Failures keep the
/// engine's own words: `not_found`, `conflict` (a name or a port is taken), `refused`, `failed`, and those of the
/// transport. Making, connecting and starting containers is a change in the sense of `net::Urgency`.
class Engine {
 public:
  /// `http` must outlive the engine. `api_version` (as in DOCKER_API_VERSION, such as "1.41") switches the negotiation
  /// off; `deadline` bounds every call, besides the time that a stop takes by itself.
  Engine(net::HttpTransport& http, net::Endpoint endpoint, std::optional<std::string> api_version,
         std::chrono::milliseconds deadline);

  const net::Endpoint& endpoint() const { return m_endpoint; }

  /// Asks who is there and agrees on a version. Every other call does it first, until it has worked once; and again
  /// after one whose version was refused: the engine is another by then.
  Status connect(net::Urgency urgency = net::Urgency::interruptible);

  Result<EngineInfo> info();

  /// All containers, running or not, whose name begins with `prefix`. One that vanishes meanwhile is left out.
  Result<std::vector<Container>> find(std::string_view prefix, net::Urgency urgency = net::Urgency::interruptible);
  /// All containers, running or not, with that label. One that vanishes meanwhile is left out.
  Result<std::vector<Container>> labelled(std::string_view label, std::string_view value);
  Result<Container> inspect(std::string_view id);
  /// The whole answer, to make another container like it.
  Result<json::Value> inspection(std::string_view id);
  /// The id of the image that the name stands for now.
  Result<std::string> image_id(std::string_view name);
  /// What containers of the image have where nothing else was said for them: its Config.
  Result<json::Value> image_defaults(std::string_view name);

  /// Makes containers and gives their ids.
  std::vector<Result<std::string>> create(const std::vector<NewContainer>& containers);
  std::vector<Status> connect_networks(const std::vector<NetworkConnection>& connections);
  std::vector<Status> start(const std::vector<std::string>& ids, net::Urgency urgency = net::Urgency::change);
  /// SIGTERM (or the container's own stop signal), and SIGKILL when it still runs after `grace`. One that does not run
  /// is stopped already.
  std::vector<Status> stop(const std::vector<std::string>& ids, std::chrono::seconds grace,
                           net::Urgency urgency = net::Urgency::interruptible);
  /// Removes containers; those that run are killed first. One that is gone is removed already.
  std::vector<Status> remove(const std::vector<std::string>& ids, AnonymousVolumes volumes, net::Urgency urgency);
  /// Likewise, with their volumes without a name, but refused for one that runs by now.
  std::vector<Status> remove_stopped(const std::vector<std::string>& ids, net::Urgency urgency);
  /// Gives a container another name, running or not. `conflict` where that is taken.
  Status rename(std::string_view id, std::string_view name, net::Urgency urgency = net::Urgency::change);

  /// What the container wrote, both streams in order. One that follows a log asks again from the time of the last line
  /// on, and passes over as many lines of that very time as it has seen.
  Result<std::vector<LogLine>> logs(std::string_view id, const LogRange& range);
  /// The last `lines` lines of it, without their times.
  Result<std::string> log_tail(std::string_view id, int lines);

  // For one look at everything at once, together with calls to others, after `connect`: what to ask, and how to read
  // the answer, which is nothing for a container that has no data.
  net::Request stats_request(std::string_view id) const;
  Result<std::optional<Stats>> read_stats(const Result<net::Response>& answer);

 private:
  Result<json::Value> image(std::string_view name);
  net::Request request(net::Method method, std::string path, net::Urgency urgency = net::Urgency::interruptible) const;
  std::vector<Status> remove(const std::vector<std::string>& ids, std::string_view query, net::Urgency urgency);
  std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests);
  Result<net::Response> send(const net::Request& request);
  /// Looks whether an answer says that the engine is not the one that we agreed with. That nobody answers does not say
  /// so: the ping would only fail before the call, and one outage would be told in two texts.
  void notice(const Result<net::Response>& answer);
  /// Connects, and asks one question.
  Result<net::Response> ask(net::Method method, std::string path, net::Urgency urgency = net::Urgency::interruptible);
  /// The containers that pass the filters, as a list has them; `what` they are, for errors.
  Result<json::Value> list(const json::Value& filters, std::string_view what, net::Urgency urgency);
  using IdsOf = std::function<std::vector<std::string>(const json::Value& list)>;
  /// The listed containers that `ids_of` picks, from a list of which none was missing.
  Result<std::vector<Container>> read_listed(const json::Value& filters, const IdsOf& ids_of, std::string_view what,
                                             net::Urgency urgency);
  /// The containers of these ids. `not_found` where one is missing.
  Result<std::vector<Container>> inspect_all(const std::vector<std::string>& ids, std::string_view what,
                                             net::Urgency urgency);
  std::vector<Status> all_done(const std::vector<net::Request>& requests, std::string_view what);

  net::HttpTransport& m_http;
  net::Endpoint m_endpoint;
  std::optional<std::string> m_given_version;
  std::optional<std::string> m_version;  ///< agreed on, or given
  bool m_connected = false;
  SystemCounter m_system_counter = SystemCounter::trusted;
  std::chrono::milliseconds m_deadline;
};

/// The newest of the versions that both sides know: the engine's, but none beyond what kscale was written for. Nothing
/// for a text that is no version.
std::optional<std::string> agreed_version(std::string_view engines);

}  // namespace kscale::docker

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libscale/control/settings.hpp"
#include "libscale/docker/engine.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/kong/admin.hpp"
#include "libscale/net/http.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/sandbox/docker/docker.hpp"
#include "tests/sandbox/docker/model.hpp"
#include "tests/sandbox/kong/kong.hpp"

namespace kscale::fakes {

/// What happens to one request on its way.
enum class Fate {
  arrives,
  lost,         ///< it never arrives: connection refused
  answer_lost,  ///< it takes effect, but the answer does not come: time-out
  failed,       ///< the peer answers 500 and does nothing
};

/// Carries calls to the stand-ins in this process: by unix socket to Docker, by URL to Kong, else to the health path of
/// the container that publishes the port.
class InProcess final : public net::HttpTransport {
 public:
  InProcess(sandbox::Docker& docker, sandbox::Kong& kong) : m_docker(docker), m_kong(kong) {}

  std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests) override;

  /// Decides on each request to Docker and Kong, which are counted from 0. Probes are not asked for.
  std::function<Fate(int index, const net::Request&)> fate;
  /// What an instance's health path answers; 200 where nothing is set. By host port.
  std::map<int, int> health_status;
  /// The method and path of all calls to Docker and Kong that change something, in order.
  std::vector<std::string> changes;
  int sent = 0;
  bool interrupted = false;  ///< as if a signal had come: calls that give way end at once

 private:
  Result<net::Response> deliver(const net::Request& request);
  Result<net::Response> probe(const net::Request& request) const;

  sandbox::Docker& m_docker;
  sandbox::Kong& m_kong;
};

/// A machine with Docker and Kong, on a clock that the test moves, and a deployment as the original's compose file
/// makes it: `shop-1` and so on, behind the upstream `shop`.
class FakeMachine {
 public:
  explicit FakeMachine(sandbox::KongMode mode = sandbox::KongMode::database, int instances = 3);

  fleet::World world();
  static fleet::Deployment deployment();
  static control::Settings settings();

  /// Makes and starts an instance as Compose would, without telling Kong.
  void compose_up(int number, const std::string& image = "shop:1");
  void add_target(int number);

  /// Lets Kong's health checks give those targets up, as an upstream with checks does.
  void give_up(const std::vector<std::string>& addresses);

  /// The names of the running containers, and "address weight" of the targets; both sorted.
  std::vector<std::string> running();
  std::vector<std::string> targets();
  /// All containers, with their states.
  std::vector<std::string> containers();
  /// Kong's whole configuration without targets and timestamps (DB-less), to see that nothing else changed.
  std::string configuration_without_targets();

  bool kong_resolves_names = true;
  /// Names that Kong still takes for the address of an earlier container.
  std::map<std::string, std::string, std::less<>> kong_dns_cache;
  std::shared_ptr<sandbox::ModelBehaviour> behaviour = std::make_shared<sandbox::ModelBehaviour>();
  HandClock clock;
  sandbox::Docker docker;
  sandbox::Kong kong;
  InProcess http;
  docker::Engine engine;
  kong::Admin admin;
  std::vector<std::string> steps;

 private:
  std::optional<std::string> resolve(std::string_view host);
};

}  // namespace kscale::fakes

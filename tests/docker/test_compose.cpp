// Compose as it is installed, on the engine that DOCKER_HOST names: what kscale relies on.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/base/environment.hpp"
#include "libscale/docker/compose.hpp"
#include "libscale/docker/endpoint.hpp"
#include "libscale/docker/engine.hpp"
#include "libscale/net/curl_transport.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using docker::Compose;
using docker::ComposeService;

namespace {

const std::string k_project = "kscale-test-compose";

constexpr const char* k_file = R"(services:
  base:
    image: kscale-test-app:latest
    container_name: kscale-test-compose-base
  backend-1:
    image: kscale-test-app:latest
    container_name: kscale-test-compose-1
    depends_on: [base]
    environment:
      INSTANCE_ID: ${INSTANCE:-first}
      MONGO_URL: mongodb://shop:planted-secret@db/shop
    volumes: ["data:/data"]
  backend-4:
    image: kscale-test-app:latest
    profiles: [scaling]
    depends_on: [base]
  made:
    build: .
    image: kscale-test-compose-made
    profiles: [making]
volumes:
  data:
)";

/// A project of the test's own. Taken away when it ends, with all its containers.
class Project {
 public:
  Project(const net::Endpoint& endpoint, Compose found)
      : compose(std::move(found)), engine(m_http, endpoint, std::nullopt, 20s) {
    clear();
  }
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;
  ~Project() { clear(); }

  static docker::ComposeSetup setup(const fakes::TempDir& folder, const net::Endpoint& endpoint) {
    docker::ComposeSetup setup;
    setup.folder = folder.path();
    setup.project = k_project;
    setup.docker = endpoint;
    return setup;
  }

  /// The ids of the running ones, by their services; of the others an empty text.
  std::map<std::string, std::string> containers() {
    std::map<std::string, std::string> ids;
    const auto found = engine.labelled("com.docker.compose.project", k_project);
    REQUIRE(found);
    for (const auto& container : *found) {
      ids[container.labels.at("com.docker.compose.service")] = container.is_running() ? container.id : "";
    }
    return ids;
  }

  void remove_image(const std::string& name) {
    net::Request request;
    request.to = engine.endpoint();
    request.method = net::Method::del;
    request.path = "/images/" + name;
    CHECK(m_http.send(request).value().status == 200);
  }

  Compose compose;
  docker::Engine engine;

 private:
  void clear() { static_cast<void>(compose.down({.volumes = true, .orphans = true, .grace = 1s})); }

  net::CurlTransport m_http;
};

/// What a case needs; nothing, and a word in the way that ctest counts as skipped, where there is no engine or no
/// Compose.
struct Ground {
  net::Endpoint endpoint;
  docker::ComposeSetup setup;
  Compose compose;
};

std::optional<Ground> ground_in(const fakes::TempDir& folder, const std::string& file) {
  std::ofstream(folder / "docker-compose.yml") << file;
  const auto endpoint = docker::resolve_endpoint(process_environment(), {});
  if (std::getenv("DOCKER_HOST") == nullptr || !endpoint) {
    std::cout << "skipped: DOCKER_HOST names no engine\n";
    return std::nullopt;
  }
  auto setup = Project::setup(folder, *endpoint);
  const auto found = Compose::find(setup);
  if (!found && found.error().code == Errc::not_found) {
    std::cout << "skipped: " << found.error().what << "\n";
    return std::nullopt;
  }
  REQUIRE(found);
  REQUIRE(*found);
  return Ground{*endpoint, std::move(setup), **found};
}

}  // namespace

TEST_CASE("Compose lists the services of all profiles") {
  const fakes::TempDir folder;
  auto ground = ground_in(folder, k_file);
  if (!ground) {
    return;
  }
  auto services = ground->compose.services();
  REQUIRE(services);
  std::sort(services->begin(), services->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const std::string image = "kscale-test-app:latest";
  CHECK(*services == std::vector<ComposeService>{
                         {"backend-1", "kscale-test-compose-1", image, false, false},
                         {"backend-4", std::nullopt, image, false, true},
                         {"base", "kscale-test-compose-base", image, false, false},
                         {"made", std::nullopt, "kscale-test-compose-made", true, true},
                     });
}

TEST_CASE("Compose starts a service of a profile, alone, and makes nothing again") {
  const fakes::TempDir folder;
  auto ground = ground_in(folder, k_file);
  if (!ground) {
    return;
  }
  Project project(ground->endpoint, ground->compose);
  std::vector<std::string> said;
  REQUIRE(project.compose.up({"backend-4"}, [&said](std::string_view line) { said.emplace_back(line); }));
  CHECK_FALSE(said.empty());
  const auto first = project.containers();
  REQUIRE(first.size() == 1);
  CHECK_FALSE(first.at("backend-4").empty());

  REQUIRE(project.compose.up({"backend-1", "backend-4"}));
  const auto both = project.containers();
  REQUIRE(both.size() == 2);
  CHECK(both.at("backend-4") == first.at("backend-4"));

  // The file says otherwise by now, and still nothing is made again.
  auto changed = ground->setup;
  changed.variables["INSTANCE"] = "second";
  auto other = Compose::find(changed);
  REQUIRE(other);
  REQUIRE((*other)->up({"backend-1", "backend-4"}));
  CHECK(project.containers() == both);

  REQUIRE(project.compose.stop({"backend-4"}, 5s));
  CHECK(project.containers().at("backend-4").empty());
  CHECK(project.containers().at("backend-1") == both.at("backend-1"));
  REQUIRE((*other)->up({"backend-4"}));
  CHECK(project.containers() == both);
  REQUIRE(project.compose.restart({"backend-1", "backend-4"}, 5s));
  CHECK(project.containers() == both);

  REQUIRE(project.compose.down({.grace = 5s}));
  CHECK(project.containers().empty());
  CHECK(project.compose.down({}));  // it is down already
}

TEST_CASE("Compose takes a container with its labels for its own, and another one for a conflict") {
  const fakes::TempDir folder;
  auto ground = ground_in(folder, k_file);
  if (!ground) {
    return;
  }
  Project project(ground->endpoint, ground->compose);
  REQUIRE(project.compose.up({"base"}));
  const auto make = [&project](const json::Value& labels) {
    const auto made = project.engine.create(
        {{"kscale-test-compose-1", json::Value::Object{{"Image", "kscale-test-app:latest"}, {"Labels", labels}}}});
    REQUIRE(made.front());
    return *made.front();
  };
  const auto ours = make(json::Value::Object{{"com.docker.compose.project", k_project},
                                             {"com.docker.compose.service", "backend-1"},
                                             {"com.docker.compose.container-number", "1"},
                                             {"com.docker.compose.oneoff", "False"}});
  CHECK(project.compose.up({"backend-1"}));
  CHECK(project.containers().at("backend-1") == ours);
  CHECK(project.compose.down({.grace = 5s}));
  CHECK(project.containers().empty());

  const auto foreign = make(json::Value::object());
  const auto refused = project.compose.up({"backend-1"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::conflict);
  CHECK_THAT(refused.error().what, Catch::Contains("kscale-test-compose-1"));
  CHECK(project.compose.down({.volumes = true, .orphans = true, .grace = 1s}));
  CHECK(project.engine.inspect(foreign));
  CHECK(project.engine.remove({foreign}, docker::AnonymousVolumes::remove, net::Urgency::to_the_end).front());
}

TEST_CASE("Compose removes volumes and orphans only where that is asked for") {
  const fakes::TempDir folder;
  auto ground = ground_in(folder, k_file);
  if (!ground) {
    return;
  }
  Project project(ground->endpoint, ground->compose);
  const auto has_volume = [&ground] {
    net::CurlTransport http;
    net::Request request;
    request.to = ground->endpoint;
    request.path = "/volumes/" + k_project + "_data";
    return http.send(request).value().status == 200;
  };
  REQUIRE(project.compose.up({"base", "backend-1", "backend-4"}));
  std::ofstream(folder / "docker-compose.yml") << "services:\n  base:\n    image: kscale-test-app:latest\n"
                                                  "volumes:\n  data:\n";
  auto smaller = Compose::find(ground->setup)->value();
  static_cast<void>(smaller.down({.grace = 5s}));  // it cannot remove a network that an orphan is in
  CHECK_FALSE(project.containers().contains("base"));
  CHECK(project.containers().contains("backend-1"));
  CHECK(has_volume());
  CHECK(smaller.down({.orphans = true, .grace = 5s}));
  CHECK(project.containers().empty());
  CHECK(has_volume());
  CHECK(smaller.down({.volumes = true}));
  CHECK_FALSE(has_volume());
}

TEST_CASE("Compose builds an image, and says how it goes") {
  const fakes::TempDir folder;
  std::ofstream(folder / "Dockerfile") << "FROM kscale-test-app:latest\nLABEL kscale.test=compose\n";
  auto ground = ground_in(folder, k_file);
  if (!ground) {
    return;
  }
  Project project(ground->endpoint, ground->compose);
  std::vector<std::string> said;
  REQUIRE(project.compose.build({"made"}, [&said](std::string_view line) { said.emplace_back(line); }));
  CHECK(said.size() > 2);
  CHECK(project.engine.image_id("kscale-test-compose-made"));
  project.remove_image("kscale-test-compose-made");
  std::ofstream(folder / "Dockerfile") << "FROM kscale-test-app:latest\nNONSENSE\n";
  const auto bad = project.compose.build({"made"});
  REQUIRE_FALSE(bad);
  CHECK_THAT(bad.error().what, Catch::StartsWith(ground->compose.shown() + " build made: "));
  CHECK_THAT(bad.error().what, Catch::Contains("NONSENSE"));
}

TEST_CASE("what Compose cannot do is told by its words, without secrets") {
  const fakes::TempDir folder;
  auto ground = ground_in(folder, k_file);
  if (!ground) {
    return;
  }
  CHECK(ground->compose.up({"nope"}).error().code == Errc::not_found);
  CHECK(ground->compose.down({.volumes = true}));  // v1 makes networks and volumes before it looks

  auto setup = ground->setup;
  setup.docker = {.base_url = "http://localhost", .unix_socket = (folder / "no.sock").string()};
  CHECK(Compose::find(setup)->value().up({"base"}).error().code == Errc::unreachable);

  std::ofstream(folder / "docker-compose.yml") << "services:\n  a:\n    image: x\n    environment:\n"
                                                  "    - X=planted-1\n    - Y=${NOT_SET:?set NOT_SET}\n"
                                                  "    - Z=planted$${2\n    - W=${planted-3\n";
  auto bad = Compose::find(ground->setup)->value();
  for (const auto& error : {bad.services().error(), bad.up({"a"}).error(), bad.down({}).error()}) {
    CAPTURE(error.what);
    CHECK(error.what.find("planted-1") == std::string::npos);
    CHECK(error.what.find("planted$") == std::string::npos);
    CHECK(error.what.find("planted-3") == std::string::npos);
    CHECK(error.what.size() > 60);
  }
}

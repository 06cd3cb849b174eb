#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/docker/compose.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using docker::Compose;
using docker::ComposeService;
using docker::last_words;
using docker::Mask;
using Names = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

constexpr const char* k_file = R"(services:
  backend-1:
    image: shop:1
    container_name: shop-backend-1
    environment:
      MONGO_URL: mongodb://shop:planted-1@db/shop
      API: ${API:-planted-2}
      GLOBAL_PREFIX: shop
  backend-4:
    build: .
    profiles: [scaling]
    env_file: [more.env]
    environment: ["TOP=planted$$3", "PORT=3020"]
)";

/// A folder with a compose file and with programs of its own, which note how they were called.
class Place {
 public:
  Place() {
    fs::create_directory(m_folder / "bin");
    fs::create_directory(m_folder / "here");
    write("here/docker-compose.yml", k_file);
  }

  void write(const std::string& name, const std::string& text) const { std::ofstream(m_folder / name) << text; }

  /// A program that answers by the script.
  void program(const std::string& name, const std::string& script) const {
    const auto path = m_folder / "bin" / name;
    std::ofstream(path) << "#!/bin/sh\necho \"" << name << " $*\" >>'" << (m_folder / "calls").string() << "'\n"
                        << script;
    fs::permissions(path, fs::perms::owner_all);
  }

  /// Version 1, which answers `script` to all that changes something.
  void compose_1(const std::string& script = "exit 0") const {
    program("docker-compose",
            "case \"$*\" in\n"
            "  version) exit 0 ;;\n"
            "  *'config --profiles') echo scaling; echo 'other one' ;;\n"
            "  *config) echo 'a warning' >&2; cat \"$PWD/docker-compose.yml\" ;;\n"
            "  *) " +
                script + "\nesac\n");
  }

  docker::ComposeSetup setup() const {
    docker::ComposeSetup setup;
    setup.folder = m_folder / "here";
    setup.docker = {.base_url = "http://localhost", .unix_socket = "/run/fake.sock"};
    setup.variables = {{"PATH", (m_folder / "bin").string() + ":/usr/bin:/bin"}, {"MY_TOKEN", "planted-4"}};
    setup.deadline = 20s;
    return setup;
  }

  Compose compose() const {
    auto found = Compose::find(setup());
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    return **found;
  }

  /// How the programs were called since the last time.
  Names calls() const {
    Names lines;
    {
      std::ifstream in(m_folder / "calls");
      for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
      }
    }
    fs::remove(m_folder / "calls");
    return lines;
  }

  fs::path path(const std::string& name) const { return m_folder / name; }

 private:
  fakes::TempDir m_folder;
};

}  // namespace

TEST_CASE("version 2 is preferred, and version 1 is taken where there is no other") {
  const Place place;
  place.compose_1();
  CHECK(place.compose().shown() == "docker-compose");
  place.program("docker", "exit 1");
  CHECK(place.compose().shown() == "docker-compose");
  place.calls();
  place.program("docker", "exit 0");
  CHECK(place.compose().shown() == "docker compose");
  CHECK(place.calls() == Names{"docker compose version"});
}

TEST_CASE("where Compose is not there, what to install is said") {
  const Place place;
  const Error missing{Errc::not_found,
                      "Docker Compose is not there: neither 'docker compose' nor 'docker-compose' works; install the "
                      "package docker-compose-plugin (Docker's own), docker-compose-v2 (Ubuntu) or docker-compose "
                      "(Debian)"};
  auto setup = place.setup();
  setup.variables["PATH"] = place.path("bin").string();
  CHECK(Compose::find(setup).error() == missing);
  place.program("docker-compose", "exit 1");
  CHECK(Compose::find(setup).error() == missing);
}

TEST_CASE("without a compose file there is no Compose, and nobody is asked") {
  const Place place;
  place.compose_1();
  auto setup = place.setup();
  setup.folder = place.path("bin");
  const auto found = Compose::find(setup);
  REQUIRE(found.has_value());
  CHECK_FALSE(found->has_value());
  CHECK(place.calls().empty());
  for (const auto* const name : {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}) {
    place.write("bin/" + std::string(name), k_file);
    CHECK(Compose::find(setup)->has_value());
    fs::remove(place.path("bin") / name);
  }
  place.write("bin/docker-compose.override.yml", k_file);
  CHECK_FALSE(Compose::find(setup)->has_value());
}

TEST_CASE("a file that is named must be there, and is handed on with the project's name") {
  const Place place;
  place.compose_1();
  auto setup = place.setup();
  setup.file = "nope.yml";
  CHECK(Compose::find(setup).error() ==
        Error{Errc::invalid, "compose file " + (setup.folder / "nope.yml").string() + ": no such file"});
  setup.file.reset();
  setup.variables["COMPOSE_FILE"] = "docker-compose.yml:nope.yml";
  CHECK(Compose::find(setup).error().code == Errc::invalid);
  setup.variables.erase("COMPOSE_FILE");
  setup.file = "docker-compose.yml";
  setup.project = "my shop";
  auto compose = Compose::find(setup)->value();
  place.calls();
  CHECK(compose.up({"backend-4"}).has_value());
  CHECK(
      place.calls() ==
      Names{"docker-compose --file=docker-compose.yml --project-name=my shop config --profiles",
            "docker-compose --file=docker-compose.yml --project-name=my shop --profile=scaling --profile=other one up "
            "--detach --no-recreate --no-deps -- backend-4"});
}

TEST_CASE("services are read with those of all profiles, whatever Compose warns of") {
  const Place place;
  place.compose_1();
  auto compose = place.compose();
  place.calls();
  CHECK(compose.services() == std::vector<ComposeService>{
                                  {"backend-1", "shop-backend-1", "shop:1", false, false},
                                  {"backend-4", std::nullopt, "", true, true},
                              });
  CHECK(place.calls() ==
        Names{"docker-compose config --profiles", "docker-compose --profile=scaling --profile=other one config"});
}

TEST_CASE("only the services named are touched, and the profiles are asked for once") {
  const Place place;
  place.compose_1();
  auto compose = place.compose();
  place.calls();
  CHECK(compose.up({"backend-1", "backend-4"}).has_value());
  CHECK(compose.build({"backend-4"}).has_value());
  CHECK(compose.stop({"backend-4"}, 7s).has_value());
  CHECK(compose.restart({"--all"}, 7s).has_value());
  CHECK(compose.down({}).has_value());
  CHECK(compose.down({.volumes = true, .orphans = true, .grace = 3s}).has_value());
  const std::string begin = "docker-compose --profile=scaling --profile=other one ";
  CHECK(place.calls() == Names{"docker-compose config --profiles",
                               begin + "up --detach --no-recreate --no-deps -- backend-1 backend-4",
                               begin + "build -- backend-4", begin + "stop --timeout=7 -- backend-4",
                               begin + "restart --timeout=7 -- --all", begin + "down --timeout=10",
                               begin + "down --timeout=3 --volumes --remove-orphans"});
  CHECK(compose.up({}).has_value());
  CHECK(compose.build({}).has_value());
  CHECK(compose.stop({}, 1s).has_value());
  CHECK(compose.restart({}, 1s).has_value());
  CHECK(place.calls().empty());
}

TEST_CASE("Compose runs in its folder and talks to the engine that we talk to") {
  const Place place;
  place.compose_1("pwd -P; echo $DOCKER_HOST.$DOCKER_CONTEXT.$DOCKER_TLS_VERIFY");
  auto setup = place.setup();
  setup.variables["DOCKER_HOST"] = "tcp://elsewhere:1";
  setup.variables["DOCKER_CONTEXT"] = "elsewhere";
  setup.variables["DOCKER_TLS_VERIFY"] = "1";
  Names lines;
  CHECK(Compose::find(setup)->value().up({"a"}, [&](std::string_view line) { lines.emplace_back(line); }).has_value());
  CHECK(lines == Names{fs::canonical(setup.folder).string(), "unix:///run/fake.sock.."});
}

TEST_CASE("an engine over TCP is named with its certificates") {
  CHECK(docker::with_engine({{"DOCKER_CERT_PATH", "/old"}, {"A", "b"}}, {.base_url = "http://host:2375"}) ==
        docker::Variables{{"A", "b"}, {"DOCKER_HOST", "tcp://host:2375"}});
  CHECK(docker::with_engine({}, {.base_url = "https://host:2376", .tls = {.ca_file = "/certs/ca.pem"}}) ==
        docker::Variables{
            {"DOCKER_CERT_PATH", "/certs"}, {"DOCKER_HOST", "tcp://host:2376"}, {"DOCKER_TLS_VERIFY", "1"}});
}

TEST_CASE("what Compose says goes on as it comes, without secrets, and its last words become the error") {
  const Place place;
  place.write("here/.env", "FROM_DOT_ENV=planted-5\n");
  place.write("here/more.env", "MORE='planted-6'\n");
  place.compose_1(R"(printf 'Creating shop-backend-1 ... \r\n\033[31mCreating shop-backend-1 ... error\r\n'
    echo
    echo "ERROR: for shop-backend-1  bad $MY_TOKEN planted-1 planted-2" 'planted$3 planted-5 planted-6'
    echo
    echo "ERROR: for backend-1  bad $MY_TOKEN planted-1 planted-2" 'planted$3 planted-5 planted-6'
    echo Encountered errors while bringing up the project.
    exit 1)");
  auto compose = place.compose();
  Names lines;
  CHECK(compose.up({"backend-1"}, [&](std::string_view line) { lines.emplace_back(line); }).error() ==
        Error{Errc::failed, "docker-compose up backend-1: bad *** *** *** *** *** ***"});
  CHECK(lines == Names{"Creating shop-backend-1 ...", R"(\x1b[31mCreating shop-backend-1 ... error)",
                       "ERROR: for shop-backend-1  bad *** *** *** *** *** ***",
                       "ERROR: for backend-1  bad *** *** *** *** *** ***",
                       "Encountered errors while bringing up the project."});
}

TEST_CASE("what the output of config shows is a secret from then on") {
  const Place place;
  place.compose_1("echo planted-7 of backend-1; exit 1");
  auto compose = place.compose();
  CHECK(compose.down({}).error().what == "docker-compose down: planted-7 of backend-1");
  place.write("here/docker-compose.yml", "services: {backend-1: {environment: {A: planted-7, B: back}}}");
  CHECK(compose.services().has_value());
  CHECK(compose.down({}).error().what == "docker-compose down: *** of backend-1");
}

TEST_CASE("what kind of failure it was is told by Compose's words") {
  const auto kind_of = [](const std::string& words) {
    const Place place;
    place.compose_1("echo '" + words + "'; exit 1");
    return place.compose().stop({"a"}, 1s).error().code;
  };
  CHECK(kind_of("No such service: a") == Errc::not_found);
  CHECK(kind_of("no such service: a") == Errc::not_found);
  CHECK(kind_of("Conflict. The container name \"/a\" is already in use by container") == Errc::conflict);
  CHECK(kind_of("Bind for 0.0.0.0:80 failed: port is already allocated") == Errc::conflict);
  CHECK(kind_of("docker.errors.DockerException: Error while fetching server API version: (") == Errc::unreachable);
  CHECK(kind_of("Cannot connect to the Docker daemon at unix:///nope.") == Errc::unreachable);
  CHECK(kind_of("anything") == Errc::failed);
}

TEST_CASE("a Compose that says nothing is told by its exit status, and one that does not end by its deadline") {
  const Place place;
  place.compose_1("exit 7");
  CHECK(place.compose().down({}).error() == Error{Errc::failed, "docker-compose down: exit status 7"});
  place.compose_1("sleep 60");
  auto setup = place.setup();
  setup.deadline = 300ms;
  setup.build_deadline = 200ms;
  CHECK(Compose::find(setup)->value().build({"a"}).error() ==
        Error{Errc::timed_out, "docker-compose build a: docker-compose: not done in 200ms"});
}

TEST_CASE("an output of config that is none is told without what is in it") {
  CHECK(docker::parse_services("services: {a: {image: x}}").value().front().image == "x");
  CHECK(docker::parse_services("services: {}").value().empty());
  CHECK(docker::parse_services("").error() == Error{Errc::invalid, "no services in it"});
  CHECK(docker::parse_services("a b").error() == Error{Errc::invalid, "no services in it"});
  CHECK(docker::parse_services("services: [a]").error() == Error{Errc::invalid, "no services in it"});
  CHECK(docker::parse_services("services: {a: }").error() == Error{Errc::invalid, "a service without a body"});
  CHECK(docker::parse_services("services:\n  a: {x: planted").error() ==
        Error{Errc::invalid, "not valid YAML at line 2"});
  CHECK(docker::parse_services("services:\n  a: " + std::string(300'000, '[')).error() ==
        Error{Errc::invalid, "nested too deeply at line 2"});
}

TEST_CASE("a service without a profile is in none") {
  CHECK_FALSE(docker::parse_services("services: {a: {image: x}}").value().front().has_profiles);
  CHECK_FALSE(docker::parse_services("services: {a: {image: x, profiles: []}}").value().front().has_profiles);
  CHECK_FALSE(docker::parse_services("services: {a: {image: x, profiles: }}").value().front().has_profiles);
}

TEST_CASE("the output of version 2 is read as well") {
  CHECK(docker::parse_services(
            R"({"name":"shop","services":{"a":{"image":"x","profiles":["p","q"],"build":{"context":"."}}}})")
            .value() == std::vector<ComposeService>{{"a", std::nullopt, "x", true, true}});
}

TEST_CASE("of a traceback the last line is told") {
  CHECK(last_words("Traceback (most recent call last):\n  File \"x.py\", line 1, in get\n    client = get(\n"
                   "             ^^^^\ndocker.errors.DockerException: Error while fetching\n\n",
                   Mask()) == "docker.errors.DockerException: Error while fetching");
}

TEST_CASE("of many lines the last two that say something are told") {
  CHECK(last_words("one\ntwo\n\nthree\nStopping a ... done\n", Mask()) == "two; three");
  CHECK(last_words("Stopping a ... \r\nStopping a ... done\r\n", Mask()).empty());
  CHECK(last_words("", Mask()).empty());
  CHECK(last_words("  hint\n", Mask()) == "hint");
}

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include "libscale/docker/endpoint.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using docker::api_version_in;
using docker::resolve_endpoint;

template <>
struct Catch::StringMaker<Error> {
  static std::string convert(const Error& error) {
    return fmt::format("{}: {}", static_cast<int>(error.code), error.what);
  }
};

namespace {

/// A home with the docker command's settings in it, and an environment.
class User {
 public:
  std::map<std::string, std::string> environment;

  explicit User(std::map<std::string, std::string> variables = {}) : environment(std::move(variables)) {}

  std::filesystem::path home() const { return m_home.path(); }
  /// A path in the settings, as shown in messages.
  std::string file(const std::string& name) const { return m_home / ".docker" / name; }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
    std::ofstream(file(name)) << text;
  }

  void add_context(const std::string& folder, const std::string& name, const std::string& docker) const {
    write("contexts/meta/" + folder + "/meta.json",
          fmt::format(R"({{"Name":"{}","Metadata":{{}},"Endpoints":{{"docker":{}}}}})", name, docker));
  }

  Result<net::Endpoint> resolve() const {
    const auto lookup = [this](const std::string& name) {
      const auto found = environment.find(name);
      return found != environment.end() ? std::optional(found->second) : std::nullopt;
    };
    return resolve_endpoint(lookup, home());
  }

  net::Endpoint endpoint() const {
    const auto found = resolve();
    if (!found) {
      FAIL(found.error().what);
    }
    return *found;
  }

  Error error() const {
    const auto found = resolve();
    REQUIRE_FALSE(found.has_value());
    return found.error();
  }

 private:
  fakes::TempDir m_home;
};

User with_host(const std::string& host) {
  return User({{"DOCKER_HOST", host}});
}

}  // namespace

TEST_CASE("without any word Docker is at its own socket") {
  const User user;
  CHECK(user.endpoint().unix_socket == "/var/run/docker.sock");
  CHECK(user.endpoint().base_url == "http://localhost");
  CHECK(user.endpoint().tls.ca_file.empty());
  const auto homeless = resolve_endpoint([](const std::string&) { return std::nullopt; }, "");
  REQUIRE(homeless.has_value());
  CHECK(homeless->unix_socket == "/var/run/docker.sock");
}

TEST_CASE("DOCKER_HOST may be a unix socket or a host, with a port or without") {
  CHECK(with_host("unix:///run/user/1000/podman.sock").endpoint().unix_socket == "/run/user/1000/podman.sock");
  CHECK(with_host("unix:/run/user/1000/podman.sock").endpoint().unix_socket == "/run/user/1000/podman.sock");
  CHECK(with_host("unix://").endpoint().unix_socket == "/var/run/docker.sock");
  CHECK(with_host("tcp://10.0.0.1").endpoint().base_url == "http://10.0.0.1:2375");
  CHECK(with_host("tcp://10.0.0.1:4243").endpoint().base_url == "http://10.0.0.1:4243");
  CHECK(with_host("10.0.0.1:4243").endpoint().base_url == "http://10.0.0.1:4243");
  CHECK(with_host("tcp://[::1]").endpoint().base_url == "http://[::1]:2375");
  CHECK(with_host("tcp://[::1]:4243").endpoint().base_url == "http://[::1]:4243");
  CHECK(with_host("tcp://proxy:2375/docker/").endpoint().base_url == "http://proxy:2375/docker");
  CHECK(with_host("http://proxy/").endpoint().base_url == "http://proxy");
  CHECK(with_host("https://proxy:8443").endpoint().base_url == "https://proxy:8443");
  CHECK(with_host("https://proxy:8443").endpoint().tls.ca_file.empty());
}

TEST_CASE("the setting docker-host wins over DOCKER_HOST, and is named where it is wrong") {
  const auto environment = [](const std::string&) { return std::optional<std::string>("unix:///environment.sock"); };
  CHECK(resolve_endpoint(environment, {}, "unix:///setting.sock")->unix_socket == "/setting.sock");
  CHECK(resolve_endpoint(environment, {}, "")->unix_socket == "/environment.sock");
  const auto wrong = resolve_endpoint(environment, {}, "tcp://10.0.0.1:port");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().what == "docker-host: 'port' is no port");
}

TEST_CASE("DOCKER_HOST wins over DOCKER_CONTEXT, and that over the current context") {
  User user;
  user.add_context("aa", "one", R"({"Host":"tcp://one:1"})");
  user.add_context("bb", "two", R"({"Host":"unix:///two.sock","SkipTLSVerify":false})");
  user.write("config.json", R"({"auths":{},"currentContext":"one"})");
  CHECK(user.endpoint().base_url == "http://one:1");
  user.environment["DOCKER_CONTEXT"] = "two";
  CHECK(user.endpoint().unix_socket == "/two.sock");
  user.environment["DOCKER_HOST"] = "tcp://three:3";
  CHECK(user.endpoint().base_url == "http://three:3");
}

TEST_CASE("an empty variable counts as not set") {
  User user;
  user.environment = {{"DOCKER_HOST", ""}, {"DOCKER_CONTEXT", ""}, {"DOCKER_CONFIG", ""}, {"DOCKER_TLS_VERIFY", ""}};
  user.add_context("aa", "one", R"({"Host":"tcp://one:1"})");
  user.write("config.json", R"({"currentContext":"one"})");
  CHECK(user.endpoint().base_url == "http://one:1");
}

TEST_CASE("the context called default is Docker's own socket, although there may be others") {
  User user;
  user.write("config.json", R"({"currentContext":"default"})");
  CHECK(user.endpoint().unix_socket == "/var/run/docker.sock");
  user.write("config.json", R"({"currentContext":""})");
  CHECK(user.endpoint().unix_socket == "/var/run/docker.sock");
  user.write("config.json", R"({"currentContext":"gone"})");
  user.environment["DOCKER_CONTEXT"] = "default";
  CHECK(user.endpoint().unix_socket == "/var/run/docker.sock");
}

TEST_CASE("DOCKER_CONFIG says where the settings are") {
  User user;
  user.write("other/config.json", R"({"currentContext":"one"})");
  user.write("other/contexts/meta/aa/meta.json", R"({"Name":"one","Endpoints":{"docker":{"Host":"tcp://one:1"}}})");
  user.environment["DOCKER_CONFIG"] = user.file("other");
  CHECK(user.endpoint().base_url == "http://one:1");
}

TEST_CASE("DOCKER_TLS_VERIFY makes TCP to TLS, with the certificates of DOCKER_CERT_PATH") {
  User user = with_host("tcp://10.0.0.1");
  user.environment["DOCKER_TLS_VERIFY"] = "1";
  user.environment["DOCKER_CERT_PATH"] = user.file("certs");
  for (const auto* name : {"certs/ca.pem", "certs/cert.pem", "certs/key.pem"}) {
    user.write(name, "pem");
  }
  const net::Endpoint endpoint = user.endpoint();
  CHECK(endpoint.base_url == "https://10.0.0.1:2376");
  CHECK(endpoint.tls.ca_file == user.file("certs/ca.pem"));
  CHECK(endpoint.tls.client_cert_file == user.file("certs/cert.pem"));
  CHECK(endpoint.tls.client_key_file == user.file("certs/key.pem"));
  user.environment["DOCKER_HOST"] = "http://10.0.0.1:80";
  CHECK(user.endpoint().base_url == "https://10.0.0.1:80");
}

TEST_CASE("the certificates of DOCKER_TLS_VERIFY are else in the settings, our own being optional") {
  User user = with_host("tcp://10.0.0.1:9999");
  user.environment["DOCKER_TLS_VERIFY"] = "yes";
  user.write("ca.pem", "pem");
  CHECK(user.endpoint().base_url == "https://10.0.0.1:9999");
  CHECK(user.endpoint().tls.ca_file == user.file("ca.pem"));
  CHECK(user.endpoint().tls.client_cert_file.empty());
  CHECK(user.endpoint().tls.client_key_file.empty());
}

TEST_CASE("a certificate that is missing is named") {
  User user = with_host("tcp://10.0.0.1");
  user.environment["DOCKER_TLS_VERIFY"] = "1";
  CHECK(user.error() == Error{Errc::not_found, user.file("ca.pem") + " is missing; TLS with Docker needs it (see "
                                                                     "DOCKER_TLS_VERIFY and DOCKER_CERT_PATH)"});
  user.write("ca.pem", "pem");
  user.write("cert.pem", "pem");
  CHECK(user.error() == Error{Errc::not_found, fmt::format("{} is missing, but there is {}", user.file("key.pem"),
                                                           user.file("cert.pem"))});
}

TEST_CASE("DOCKER_TLS_VERIFY changes nothing for a unix socket") {
  User user;
  user.environment["DOCKER_TLS_VERIFY"] = "1";
  CHECK(user.endpoint().base_url == "http://localhost");
  user.environment["DOCKER_HOST"] = "unix:///x.sock";
  CHECK(user.endpoint().unix_socket == "/x.sock");
}

TEST_CASE("an https host uses the certificates of DOCKER_CERT_PATH") {
  User user = with_host("https://10.0.0.1:2376");
  user.write("certs/ca.pem", "pem");
  user.environment["DOCKER_CERT_PATH"] = user.file("certs");
  CHECK(user.endpoint().tls.ca_file == user.file("certs/ca.pem"));
}

TEST_CASE("a context with certificates means TLS") {
  User user;
  user.environment["DOCKER_CONTEXT"] = "far";
  user.add_context("cc", "far", R"({"Host":"tcp://far","SkipTLSVerify":false})");
  CHECK(user.endpoint().base_url == "http://far:2375");
  for (const auto* name : {"ca.pem", "cert.pem", "key.pem"}) {
    user.write(std::string("contexts/tls/cc/docker/") + name, "pem");
  }
  const net::Endpoint endpoint = user.endpoint();
  CHECK(endpoint.base_url == "https://far:2376");
  CHECK(endpoint.tls.ca_file == user.file("contexts/tls/cc/docker/ca.pem"));
  CHECK(endpoint.tls.client_cert_file == user.file("contexts/tls/cc/docker/cert.pem"));
  CHECK(endpoint.tls.client_key_file == user.file("contexts/tls/cc/docker/key.pem"));
  std::filesystem::remove(user.file("contexts/tls/cc/docker/cert.pem"));
  CHECK(user.error() == Error{Errc::not_found, fmt::format("Docker context 'far': {} is missing, but there is {}",
                                                           user.file("contexts/tls/cc/docker/cert.pem"),
                                                           user.file("contexts/tls/cc/docker/key.pem"))});
}

TEST_CASE("a context that skips the verification of TLS is refused, saying what to do") {
  User user;
  user.environment["DOCKER_CONTEXT"] = "far";
  user.add_context("cc", "far", R"({"Host":"tcp://far:2376","SkipTLSVerify":true})");
  CHECK(user.error() ==
        Error{Errc::unsupported,
              fmt::format("Docker context 'far': SkipTLSVerify is set in {}, and kscale talks to no server without "
                          "verifying its certificate; give the context the certificate of its authority with 'docker "
                          "context update far --docker host=...,ca=...'",
                          user.file("contexts/meta/cc/meta.json"))});
  user.add_context("cc", "far", R"({"Host":"unix:///far.sock","SkipTLSVerify":true})");
  CHECK(user.endpoint().unix_socket == "/far.sock");
}

TEST_CASE("an unknown context is named, and the known ones are listed") {
  User user;
  user.add_context("aa", "zoo", R"({"Host":"tcp://a:1"})");
  user.add_context("bb", "lab", R"({"Host":"tcp://b:1"})");
  user.environment["DOCKER_CONTEXT"] = "gone";
  CHECK(user.error() ==
        Error{Errc::not_found, "DOCKER_CONTEXT: there is no Docker context 'gone'; known: default, lab, zoo"});
  user.environment.clear();
  user.write("config.json", R"({"currentContext":"lost"})");
  CHECK(user.error() == Error{Errc::not_found, user.file("config.json") +
                                                   ": there is no Docker context 'lost'; known: default, lab, zoo"});
}

TEST_CASE("a broken context hinders only who might mean it") {
  User user;
  user.add_context("bb", "lab", R"({"Host":"tcp://b:1"})");
  user.write("contexts/meta/aa/meta.json", R"({"Name":"zoo",)");
  user.environment["DOCKER_CONTEXT"] = "lab";
  CHECK(user.endpoint().base_url == "http://b:1");
  user.environment["DOCKER_CONTEXT"] = "zoo";
  CHECK(user.error() ==
        Error{Errc::invalid, fmt::format("find the Docker context 'zoo' of DOCKER_CONTEXT: {}: not valid JSON at byte "
                                         "14: Missing a name for object member.",
                                         user.file("contexts/meta/aa/meta.json"))});
}

TEST_CASE("a context without a Docker host is an error that names its file") {
  User user;
  user.environment["DOCKER_CONTEXT"] = "k8s";
  for (const std::string docker : {"{}", "null", "[1]", R"({"Host":7})", R"({"Host":""})"}) {
    user.add_context("dd", "k8s", docker);
    CHECK(user.error() == Error{Errc::invalid, "Docker context 'k8s': no Endpoints.docker.Host in " +
                                                   user.file("contexts/meta/dd/meta.json")});
  }
}

TEST_CASE("settings that cannot be read are an error that names file and place, never the content") {
  User user;
  user.write("config.json", R"({"auths":{"x":s3cret}})");
  CHECK(user.error() == Error{Errc::invalid, user.file("config.json") + ": not valid JSON at byte 14: Invalid value."});
  user.write("config.json", "");
  CHECK(user.error() ==
        Error{Errc::invalid, user.file("config.json") + ": not valid JSON at byte 0: The document is empty."});
  user.write("config.json", "[]");
  CHECK(user.error() == Error{Errc::invalid, user.file("config.json") + ": not a JSON object"});
  user.write("config.json", R"({"currentContext":["x"]})");
  CHECK(user.error() == Error{Errc::invalid, user.file("config.json") + ": currentContext is not a text"});
  user.write("config.json", std::string(1024 * 1024 + 1, ' '));
  CHECK(user.error() == Error{Errc::invalid, user.file("config.json") + ": longer than 1048576 bytes"});
  user.environment["DOCKER_HOST"] = "tcp://a:1";
  CHECK(user.endpoint().base_url == "http://a:1");
}

TEST_CASE("settings that are no file are an error, and never waited for") {
  User user;
  user.write("x", "");
  REQUIRE(mkfifo(user.file("config.json").c_str(), 0600) == 0);
  CHECK(user.error() == Error{Errc::invalid, user.file("config.json") + ": not a regular file"});
}

TEST_CASE("hosts that kscale cannot speak to are refused, saying what to do") {
  CHECK(with_host("ssh://root@far").error() ==
        Error{Errc::unsupported,
              "DOCKER_HOST: ssh:// is not supported; forward the socket with 'ssh -nNT -L "
              "/tmp/docker.sock:/var/run/docker.sock HOST' and set DOCKER_HOST=unix:///tmp/docker.sock"});
  CHECK(with_host("npipe:////./pipe/docker_engine").error() ==
        Error{Errc::unsupported,
              "DOCKER_HOST: npipe:// is for Windows; set DOCKER_HOST=unix:///var/run/docker.sock, or tcp://HOST:2376 "
              "with DOCKER_TLS_VERIFY=1"});
  CHECK(with_host("fd://").error() ==
        Error{Errc::unsupported,
              "DOCKER_HOST: fd:// is for the daemon only; set DOCKER_HOST=unix:///var/run/docker.sock"});
  CHECK(with_host("ftp://x").error() ==
        Error{Errc::unsupported,
              "DOCKER_HOST: 'ftp://' is not supported; use unix://PATH, tcp://HOST:PORT, http:// or https://"});
  User user;
  user.environment["DOCKER_CONTEXT"] = "far";
  user.add_context("cc", "far", R"({"Host":"ssh://root@far"})");
  CHECK(user.error().what.starts_with("Docker context 'far': ssh:// is not supported; "));
}

TEST_CASE("a host without a name or with a port that is none is refused") {
  CHECK(with_host("tcp://").error() == Error{Errc::invalid, "DOCKER_HOST: names no host"});
  CHECK(with_host("tcp://:2375").error() == Error{Errc::invalid, "DOCKER_HOST: names no host"});
  CHECK(with_host("tcp://a:0").error() == Error{Errc::invalid, "DOCKER_HOST: '0' is no port"});
  CHECK(with_host("tcp://a:65536").error() == Error{Errc::invalid, "DOCKER_HOST: '65536' is no port"});
  CHECK(with_host("tcp://a:x1").error() == Error{Errc::invalid, "DOCKER_HOST: 'x1' is no port"});
  CHECK(with_host("tcp://a:").error() == Error{Errc::invalid, "DOCKER_HOST: '' is no port"});
}

TEST_CASE("a host with credentials is refused without showing them") {
  for (const auto* const host :
       {"tcp://me:s3cret@", "tcp://me:s3cret@a:2375", "me:s3cret@a", "https://me@a/b", "http://me:s3/cret@a:2375/b"}) {
    CAPTURE(host);
    CHECK(with_host(host).error() ==
          Error{Errc::invalid,
                "DOCKER_HOST: a user or a password in it, which no engine asks for; use certificates or a socket"});
  }
}

TEST_CASE("DOCKER_API_VERSION is a version, and an empty one counts as not set") {
  const auto version_in = [](std::optional<std::string> value) {
    return api_version_in([&value](const std::string& name) { return name == "DOCKER_API_VERSION" ? value : "1.1"; });
  };
  CHECK(version_in("1.41").value() == "1.41");
  CHECK_FALSE(version_in("").value().has_value());
  CHECK_FALSE(version_in(std::nullopt).value().has_value());
  for (const std::string odd : {"1", "1.", "2.0", "v1.41", "1.41 ", "1.-1", "1.x", "latest", "1.41/.."}) {
    const auto version = version_in(odd);
    REQUIRE_FALSE(version.has_value());
    CHECK(
        version.error() ==
        Error{Errc::invalid, fmt::format("DOCKER_API_VERSION: '{}' is no version of Docker's API, such as 1.41", odd)});
  }
}

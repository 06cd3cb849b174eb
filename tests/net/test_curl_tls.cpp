#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libscale/net/curl_transport.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/net/http_server.hpp"
#include "tests/net/raw_server.hpp"

using namespace kscale;
using namespace kscale::net;

namespace {

/// Two authorities, and what they have signed, made for one test.
class Certificates {
 public:
  Certificates() {
    authority("ca");
    authority("other");
    signed_by("ca", "server", "subjectAltName=IP:127.0.0.1");
    signed_by("ca", "elsewhere", "subjectAltName=DNS:kong.example");
    signed_by("ca", "client", "extendedKeyUsage=clientAuth");
    signed_by("other", "stranger", "extendedKeyUsage=clientAuth");
    openssl("pkey -in {0}/client.key -aes128 -passout pass:locked -out {0}/locked.key");
  }

  std::string cert(const std::string& name) const { return m_dir / (name + ".pem"); }
  std::string key(const std::string& name) const { return m_dir / (name + ".key"); }

 private:
  static constexpr auto k_new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";

  void authority(const std::string& name) const {
    openssl(
        fmt::format("req -x509 {} -subj /CN=test-{} -keyout {{0}}/{}.key -out {{0}}/{}.pem", k_new, name, name, name));
  }

  void signed_by(const std::string& authority, const std::string& name, const std::string& extension) const {
    std::ofstream(m_dir / (name + ".ext")) << extension << '\n';
    openssl(fmt::format("req {} -subj /CN={} -keyout {{0}}/{}.key -out {{0}}/{}.csr", k_new, name, name, name));
    openssl(
        fmt::format("x509 -req -in {{0}}/{}.csr -CA {{0}}/{}.pem -CAkey {{0}}/{}.key -CAcreateserial -days 2 "
                    "-extfile {{0}}/{}.ext -out {{0}}/{}.pem",
                    name, authority, authority, name, name));
  }

  /// {0} in the arguments stands for the folder.
  void openssl(const std::string& arguments) const {
    const std::string command = fmt::format(fmt::runtime("openssl " + arguments), m_dir.path().string());
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) {
      throw std::runtime_error("failed: " + command);
    }
  }

  fakes::TempDir m_dir;
};

Result<Response> ask(const HttpServer& server, const Tls& tls) {
  CurlTransport transport;
  return transport.send({.to = {.base_url = server.url(), .tls = tls}, .path = "/hello"});
}

Error error_of(const HttpServer& server, const Tls& tls) {
  const auto answer = ask(server, tls);
  REQUIRE_FALSE(answer.has_value());
  return answer.error();
}

/// The server refuses our certificate after the handshake. Whether its word for it reaches us before the end of the
/// connection is a race between the two.
bool speaks_of_our_certificate(const Error& error, const HttpServer& server) {
  return error.what.starts_with(fmt::format("TLS with {} failed: ", server.url()))
             ? error.code == Errc::unauthorized
             : error == Error{Errc::unreachable,
                              fmt::format("the connection to {} broke off after the handshake; does it want another "
                                          "certificate?",
                                          server.url())};
}

}  // namespace

TEST_CASE("TLS succeeds with a server whose authority is the one given") {
  const Certificates certs;
  const HttpServer server({.cert = certs.cert("server"), .key = certs.key("server")});
  const auto answer = ask(server, {.ca_file = certs.cert("ca")});
  REQUIRE(answer.has_value());
  CHECK(answer->body == "hello");
}

TEST_CASE("TLS fails with a server of another authority or of another name") {
  const Certificates certs;
  const HttpServer server({.cert = certs.cert("server"), .key = certs.key("server")});
  const Error error = error_of(server, {.ca_file = certs.cert("other")});
  CHECK(error.code == Errc::unauthorized);
  CHECK(error.what == fmt::format("TLS with {} failed: SSL certificate problem: unable to get local issuer certificate",
                                  server.url()));
  CHECK(error_of(server, {}).code == Errc::unauthorized);

  const HttpServer elsewhere({.cert = certs.cert("elsewhere"), .key = certs.key("elsewhere")});
  CHECK(error_of(elsewhere, {.ca_file = certs.cert("ca")}).code == Errc::unauthorized);
}

TEST_CASE("TLS shows our certificate to a server that wants one") {
  const Certificates certs;
  const HttpServer server({.cert = certs.cert("server"), .key = certs.key("server"), .client_ca = certs.cert("ca")});
  const auto answer = ask(server, {certs.cert("ca"), certs.cert("client"), certs.key("client")});
  REQUIRE(answer.has_value());
  CHECK(answer->body == "hello");
}

TEST_CASE("TLS fails where the server wants another certificate than ours, or ours is not there") {
  const Certificates certs;
  const HttpServer server({.cert = certs.cert("server"), .key = certs.key("server"), .client_ca = certs.cert("ca")});
  CHECK(speaks_of_our_certificate(error_of(server, {.ca_file = certs.cert("ca")}), server));
  CHECK(speaks_of_our_certificate(error_of(server, {certs.cert("ca"), certs.cert("stranger"), certs.key("stranger")}),
                                  server));
}

TEST_CASE("TLS fails with the name of a file that is not there") {
  const Certificates certs;
  const HttpServer server({.cert = certs.cert("server"), .key = certs.key("server")});
  const Error no_ca = error_of(server, {.ca_file = certs.cert("none")});
  CHECK(no_ca.code == Errc::unauthorized);
  CHECK(no_ca.what.find(certs.cert("none")) != std::string::npos);
  CHECK(no_ca.what.find('\n') == std::string::npos);  // libcurl's own words for it are of two lines
  CHECK(error_of(server, {certs.cert("ca"), certs.cert("none"), certs.key("client")}).code == Errc::unauthorized);
}

TEST_CASE("TLS with a key that has a pass phrase fails and asks nobody") {
  const Certificates certs;
  const HttpServer server({.cert = certs.cert("server"), .key = certs.key("server"), .client_ca = certs.cert("ca")});
  CHECK(error_of(server, {certs.cert("ca"), certs.cert("client"), certs.key("locked")}).code == Errc::unauthorized);
}

TEST_CASE("TLS with a server that does not speak it fails") {
  RawServer server([](RawConnection& connection) {
    connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    connection.wait_for_close();
  });
  CurlTransport transport;
  const std::string url = "https" + server.url().substr(4);
  const auto answer =
      transport.send({.to = {.base_url = url}, .path = "/", .deadline = std::chrono::milliseconds{300}});
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == Errc::unauthorized);
  CHECK(answer.error().what.starts_with(fmt::format("TLS with {} failed: ", url)));
}

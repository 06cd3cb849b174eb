#include <catch2/catch.hpp>

#include "libscale/net/http.hpp"

using namespace kscale;
using namespace kscale::net;

TEST_CASE("an endpoint shows itself without the credentials of its URL") {
  CHECK(Endpoint{.base_url = "http://localhost:8001"}.shown() == "http://localhost:8001");
  CHECK(Endpoint{.base_url = "http://admin:s3cret@localhost:8001"}.shown() == "http://localhost:8001");
  CHECK(Endpoint{.base_url = "https://token@kong.example/admin"}.shown() == "https://kong.example/admin");
  CHECK(Endpoint{.base_url = "http://a:p@ss@localhost"}.shown() == "http://localhost");
  CHECK(Endpoint{.base_url = "a:s3cret@localhost"}.shown() == "localhost");
}

TEST_CASE("an endpoint leaves an @ in the path alone") {
  CHECK(Endpoint{.base_url = "http://localhost/team@work"}.shown() == "http://localhost/team@work");
}

TEST_CASE("an endpoint on a unix socket shows the socket") {
  const Endpoint endpoint{.base_url = "http://localhost", .unix_socket = "/var/run/docker.sock"};
  CHECK(endpoint.shown() == "unix:/var/run/docker.sock");
  CHECK(Endpoint{.base_url = "http://a\x1b[2J\xff"}.shown() == "http://a\\x1b[2J\\xff");
  CHECK(Endpoint{.base_url = "http://localhost", .unix_socket = "/a\n"}.shown() == "unix:/a\\x0a");
}

TEST_CASE("an endpoint never shows its headers") {
  const Endpoint endpoint{.base_url = "http://localhost", .headers = {{"Kong-Admin-Token", "s3cret"}}};
  CHECK(endpoint.shown() == "http://localhost");
}

TEST_CASE("escaped keeps what stands for itself and writes the rest as percent signs") {
  CHECK(escaped("web-1.2_x~") == "web-1.2_x~");
  CHECK(escaped("127.0.0.1:8080") == "127.0.0.1:8080");
  CHECK(escaped("a b/c?d&e=f%#+") == "a%20b%2Fc%3Fd%26e%3Df%25%23%2B");
  CHECK(escaped("{\"name\":[\"x\"]}") == "%7B%22name%22:%5B%22x%22%5D%7D");
  CHECK(escaped("\xC3\xA4") == "%C3%A4");
  CHECK(escaped(std::string_view("\0\r\n", 3)) == "%00%0D%0A");
  CHECK(escaped("").empty());
}

TEST_CASE("a header is found by its name in any case, the first of several") {
  const Response response{.headers = {{"Api-Version", "1.41"}, {"X-A", ""}, {"api-version", "1.24"}}};
  CHECK(response.header("api-version") == "1.41");
  CHECK(response.header("API-VERSION") == "1.41");
  CHECK(response.header("x-a") == "");
  CHECK_FALSE(response.header("Api"));
  CHECK_FALSE(response.header(""));
}

TEST_CASE("every method has its name") {
  CHECK(name_of(Method::get) == "GET");
  CHECK(name_of(Method::head) == "HEAD");
  CHECK(name_of(Method::post) == "POST");
  CHECK(name_of(Method::put) == "PUT");
  CHECK(name_of(Method::patch) == "PATCH");
  CHECK(name_of(Method::del) == "DELETE");
}

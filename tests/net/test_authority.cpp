#include <catch2/catch.hpp>

#include "libscale/net/authority.hpp"
#include "libscale/net/http.hpp"

using namespace kscale;
using net::Authority;
using net::authority_in;
using net::origin_of;
using net::parse_authority;

TEST_CASE("a URL names whom it is for between its scheme and its path") {
  CHECK(authority_in("http://kong:8001/admin//x") == "kong:8001");
  CHECK(authority_in("http://kong") == "kong");
  CHECK(authority_in("kong:8001/admin") == "kong:8001");
  CHECK(authority_in("http://me:s3cret@kong:8001/a@b") == "me:s3cret@kong:8001");
  CHECK(authority_in("http://").empty());
  CHECK(authority_in("http://kong?key=s3cret/x@y") == "kong");
  CHECK(authority_in("http://kong:8001#s3cret") == "kong:8001");
  CHECK(authority_in("me:s3cret@kong:8001/?to=http://other") == "me:s3cret@kong:8001");
}

TEST_CASE("no credentials are shown, wherever a URL has them") {
  const auto shown = [](std::string url) { return net::Endpoint{.base_url = std::move(url)}.shown(); };
  CHECK(shown("http://me:s3cret@kong:8001/a@b") == "http://kong:8001/a@b");
  CHECK(shown("me:s3cret@kong/?to=http://other") == "kong/?to=http://other");
  CHECK(shown("me:s3cret@kong://me:s3cret@other") == "kong://other");
}

TEST_CASE("the origin of a URL has nothing of it that may be secret") {
  CHECK(origin_of("https://hooks.example/services/T0/s3cret") == "https://hooks.example");
  CHECK(origin_of("http://me:s3cret@h:1/x") == "http://h:1");
  CHECK(origin_of("http://h:1?key=s3cret") == "http://h:1");
  CHECK(origin_of("http://h") == "http://h");
  CHECK(origin_of("https://[::1]:9093/s3cret@x") == "https://[::1]:9093");
  CHECK(origin_of("").empty());
}

TEST_CASE("host and port are told apart, also of an IPv6 address and behind credentials") {
  CHECK(parse_authority("kong") == Authority{"kong", std::nullopt});
  CHECK(parse_authority("10.0.0.1:2375") == Authority{"10.0.0.1", 2375});
  CHECK(parse_authority("[::1]") == Authority{"[::1]", std::nullopt});
  CHECK(parse_authority("[::1]:2375") == Authority{"[::1]", 2375});
  CHECK(parse_authority("user:pw@h:2375") == Authority{"h", 2375});
  CHECK(parse_authority("user:p@w@[::1]:1") == Authority{"[::1]", 1});
}

TEST_CASE("no host, or a port that is none, is an error that shows no credentials") {
  for (const auto* const text : {"", ":2375", "me:s3cret@", "me:s3cret@:1"}) {
    CAPTURE(text);
    CHECK(parse_authority(text) == tl::unexpected(Error{Errc::invalid, "names no host"}));
  }
  for (const std::string port : {"", "0", "65536", "x1", "-1", "1x"}) {
    CHECK(parse_authority("me:s3cret@a:" + port) ==
          tl::unexpected(Error{Errc::invalid, fmt::format("'{}' is no port", port)}));
  }
}

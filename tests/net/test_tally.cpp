#include <catch2/catch.hpp>

#include "libscale/net/tally.hpp"
#include "tests/fakes/scripted_transport.hpp"

using namespace kscale;
using namespace kscale::net;

namespace {

const Endpoint k_docker{.base_url = "http://docker", .unix_socket = "/run/docker.sock"};
const Endpoint k_kong{.base_url = "http://user:secret@localhost:8001"};
const Endpoint k_elsewhere{.base_url = "http://10.0.0.7:3020"};

Request get(const Endpoint& to) {
  return {.to = to, .path = "/x"};
}

Result<Response> failed(Errc code) {
  return fail(code, "no");
}

struct Counting {
  fakes::ScriptedTransport below;
  Tally tally;
  TallyTransport transport{below, tally};

  Counting() {
    transport.name(k_docker, "docker");
    transport.name({.base_url = "http://localhost:8001"}, "kong");
  }

  void call(const Endpoint& to, const Result<Response>& outcome) {
    below.expect("GET /x", outcome);
    static_cast<void>(transport.send(get(to)));
  }
};

}  // namespace

TEST_CASE("calls are counted by peer, and those without a name together") {
  Counting c;
  CHECK(c.tally.peers().empty());
  c.call(k_docker, Response{.status = 200});
  c.call(k_kong, Response{.status = 200});
  c.call(k_kong, Response{.status = 201});
  c.call(k_elsewhere, Response{.status = 200});
  const auto peers = c.tally.peers();
  REQUIRE(peers.size() == 3);
  CHECK(peers.at("docker").calls == 1);
  CHECK(peers.at("kong").calls == 2);
  CHECK(peers.at("other").calls == 1);
}

TEST_CASE("what comes back is what the transport below gave, in its order") {
  Counting c;
  c.below.expect("GET /x", 200, "one");
  c.below.expect("GET /x", failed(Errc::timed_out));
  const auto outcomes = c.transport.send_all({get(k_docker), get(k_kong)});
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0]->body == "one");
  CHECK(outcomes[1].error() == Error{Errc::timed_out, "no"});
  CHECK(c.below.batches == std::vector<std::size_t>{2});
}

TEST_CASE("failures are counted by kind, and an answer like 404 or 409 is none") {
  Counting c;
  for (const int status : {200, 302, 404, 409, 401, 403, 429, 500, 503}) {
    c.call(k_docker, Response{.status = status});
  }
  for (const auto code : {Errc::unreachable, Errc::timed_out, Errc::unauthorized, Errc::invalid, Errc::interrupted}) {
    c.call(k_docker, failed(code));
  }
  const auto docker = c.tally.peers().at("docker");
  CHECK(docker.calls == 14);
  CHECK(docker.failures == std::map<CallFailure, std::uint64_t>{{CallFailure::unreachable, 1},
                                                                {CallFailure::timed_out, 1},
                                                                {CallFailure::invalid, 1},
                                                                {CallFailure::unauthorized, 3},
                                                                {CallFailure::busy, 1},
                                                                {CallFailure::server_error, 2}});
}

TEST_CASE("kinds of failures that did not happen are counted as none from the first call on") {
  Counting c;
  c.call(k_docker, Response{.status = 200});
  const auto failures = c.tally.peers().at("docker").failures;
  REQUIRE(failures.size() == 6);
  for (const auto& [kind, count] : failures) {
    CAPTURE(name_of(kind));
    CHECK(count == 0);
  }
}

TEST_CASE("a peer answers while it answers any of the calls that last went out together") {
  Counting c;
  const auto answers = [&c] { return c.tally.peers().at("docker").answers; };
  c.call(k_docker, Response{.status = 500});
  CHECK(answers());
  c.call(k_docker, failed(Errc::unreachable));
  CHECK_FALSE(answers());
  c.call(k_docker, failed(Errc::interrupted));
  CHECK_FALSE(answers());
  c.below.expect("GET /x", 200);
  c.below.expect("GET /x", failed(Errc::timed_out));
  static_cast<void>(c.transport.send_all({get(k_docker), get(k_docker)}));
  CHECK(answers());
}

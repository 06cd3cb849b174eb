#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/kong/admin.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/fakes/scripted_transport.hpp"
#include "tests/kong/recorded.hpp"

namespace kscale::kong {

inline constexpr const char* k_key = "s3cret-key";

/// The client, in front of what a real Kong answered.
struct Replay {
  /// The next request must be the recorded one, and gets the recorded answer.
  void play(const std::string& recording) {
    const auto& made = sandbox::recorded(recording);
    // Of long answers the recording keeps only what the JSON said.
    const auto body = made.body_text.empty() && made.body.is_object() ? json::dump(made.body) : made.body_text;
    http.expect(made.question.method + ' ' + made.question.target, made.status, body, made.headers);
  }

  /// Without a database: the configuration is read for a change.
  void play_reading(const std::string& recording = "dbless/36-config-get") {
    play("dbless/02-status");
    play(recording);
  }
  /// Nobody else changed it meanwhile, and it is written.
  void play_writing(const std::string& recording = "dbless/37-config-post-json-wrapped") {
    play("dbless/02-status");
    play(recording);
  }

  ~Replay() { CHECK(http.is_done()); }

  fakes::HandClock clock;
  Instant begin = clock.now().instant;
  fakes::ScriptedTransport http;
  Admin admin{http,
              clock,
              {.base_url = "http://kong:8001", .headers = {{"Kong-Admin-Token", k_key}}},
              std::chrono::seconds{10}};
};

inline json::Value body_of(const net::Request& request) {
  const auto body = json::parse(request.body);
  REQUIRE(body.has_value());
  return *body;
}

inline std::vector<net::Urgency> urgencies_of(const std::vector<net::Request>& requests) {
  std::vector<net::Urgency> urgencies;
  urgencies.reserve(requests.size());
  for (const auto& request : requests) {
    urgencies.push_back(request.urgency);
  }
  return urgencies;
}

template <class T>
Error error_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().what.find(k_key) == std::string::npos);
  return result.error();
}

inline std::string config_in(const std::string& recording) {
  return sandbox::recorded(recording).body["config"].text_or("");
}

}  // namespace kscale::kong

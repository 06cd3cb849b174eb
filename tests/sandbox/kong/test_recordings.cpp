#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/fakes/hand_clock.hpp"
#include "tests/sandbox/kong/kong.hpp"
#include "tests/sandbox/kong/likeness.hpp"
#include "tests/sandbox/kong/recording.hpp"

namespace kscale::sandbox {
namespace {

using namespace std::chrono_literals;
using Depth = Likeness::Depth;

constexpr std::string_view k_key = "s3cret-key";

/// What must happen before a recording so that the stand-in is where the real Kong was.
struct Preparation {
  std::string_view mode;
  int number;
  std::function<void(Kong&)> happens;
};

Question put(std::string target) {
  return {.method = "PUT", .target = std::move(target), .headers = {{"apikey", std::string(k_key)}}, .body = ""};
}

Question post(std::string target, std::string body) {
  return {.method = "POST",
          .target = std::move(target),
          .headers = {{"apikey", std::string(k_key)}, {"Content-Type", "application/json"}},
          .body = std::move(body)};
}

const std::vector<Preparation>& preparations() {
  static const std::vector<Preparation> all = {
      // The stand-in does not probe: what the active checks found out is told to it.
      {"postgres", 85, [](Kong& kong) { kong.answer(put("/upstreams/hc/targets/127.0.0.1:19077/unhealthy")); }},
      {"postgres", 88, [](Kong& kong) { kong.answer(put("/upstreams/hc/targets/127.0.0.1:19001/healthy")); }},
      {"postgres", 161, [](Kong& kong) { kong.set_database_reachable(false); }},
      {"postgres", 172, [](Kong& kong) { kong.set_database_reachable(true); }},
      {"dbless", 125, [](Kong& kong) { kong.set_loading(true); }},
  };
  return all;
}

/// Asked before the proxy could learn of the change before.
bool is_at_once(std::string_view mode, int number) {
  return mode == "postgres" ? (number >= 112 && number <= 117) || (number >= 145 && number <= 151) : number == 119;
}

/// What cannot be compared by value: pages in the order of random ids or of a hash table, the words of another parser.
Depth depth_of(std::string_view mode, int number) {
  const bool order = mode == "postgres" ? number == 53 || number == 54 : number == 16 || number == 17;
  const bool parser = mode == "dbless" && (number == 57 || number == 58);
  return order ? Depth::sample : parser ? Depth::shape : Depth::values;
}

class Replay {
 public:
  Replay(std::string_view mode, fakes::HandClock& clock, Kong& kong) : m_mode(mode), m_clock(clock), m_kong(kong) {}

  void run(const Recording& recording) {
    INFO(m_mode << "/" << recording.name);
    if (!is_at_once(m_mode, recording.number)) {
      m_clock.forward(2s);
    }
    for (const auto& preparation : preparations()) {
      if (preparation.mode == m_mode && preparation.number == recording.number) {
        preparation.happens(m_kong);
      }
    }
    const bool proxied_admin = recording.question.target.starts_with("/admin-api/");
    if (recording.listener == Listener::proxy && !proxied_admin) {
      proxied(recording);
      return;
    }
    auto question = recording.question;
    question.target = m_likeness.translated(question.target);
    question.body = m_likeness.translated(question.body);
    if (proxied_admin) {
      const auto peer = m_kong.pick(question.target);
      REQUIRE(peer);
      CHECK(peer->target.ends_with("8001"));
      question.target = peer->upstream_path;
      compare(recording, m_kong.answer(question));
      m_kong.record(*peer, recording.status, recording.status == 401 ? "kong" : "service", 5ms, 4ms, 100, 200);
    } else if (recording.listener == Listener::status) {
      compare(recording, m_kong.answer_status(question));
    } else {
      question.headers.emplace_back("apikey", k_key);
      compare(recording, m_kong.answer(question));
    }
  }

 private:
  void compare(const Recording& recording, const Answer& ours) {
    CHECK(ours.status == recording.status);
    CHECK(ours.content_type == recording.header("Content-Type"));
    for (const auto* const name :
         {"Allow", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Allow-Origin",
          "Access-Control-Allow-Credentials", "Retry-After", "WWW-Authenticate", "Server"}) {
      std::string value;
      for (const auto& [key, text] : ours.headers) {
        value = key == name ? text : value;
      }
      CHECK(fmt::format("{}: {}", name, value) == fmt::format("{}: {}", name, recording.header(name)));
    }
    if (recording.header("Content-Type").starts_with("text/plain")) {
      CHECK(shape_of_exposition(ours.body) == shape_of_exposition(recording.body_text));
    } else if (recording.body.is_string()) {
      CHECK(ours.body == recording.body.text_or(""));
    } else {
      const auto body = json::parse(ours.body);
      REQUIRE(body);
      const auto differences = m_likeness.differences(recording.body, *body, depth_of(m_mode, recording.number));
      INFO(differences);
      CHECK(differences.empty());
    }
  }

  void proxied(const Recording& recording) {
    const auto peer = m_kong.pick(recording.question.target);
    if (recording.header("x-backend").empty() && recording.status != 502) {
      REQUIRE(!peer);
      CHECK(peer.error().status == recording.status);
      CHECK(peer.error().content_type == recording.header("Content-Type"));
      CHECK(peer.error().body == recording.body_text);
      return;
    }
    REQUIRE(peer);
    CHECK(peer->service == "svc");
    CHECK(peer->route == "svc-route");
    CHECK(peer->target.starts_with("127.0.0.1:190"));
    if (recording.status != 502) {
      CHECK(peer->upstream_path == recording.body["path"].text_or(""));
    }
    m_kong.record(*peer, recording.status, recording.status == 502 ? "kong" : "service", 3ms, 2ms, 80, 300);
  }

  std::string_view m_mode;
  fakes::HandClock& m_clock;
  Kong& m_kong;
  Likeness m_likeness;
};

std::vector<Recording> recordings(const std::string& mode, int first, int last) {
  auto all = recordings_in(std::string(KSCALE_KONG_RECORDINGS) + "/" + mode);
  std::erase_if(all, [&](const Recording& recording) { return recording.number < first || recording.number > last; });
  REQUIRE(!all.empty());
  return all;
}

KongOptions options_for(KongMode mode) {
  return {.mode = mode,
          .propagation = 1s,
          .admin_token_header = "apikey",
          .admin_token = std::string(k_key),
          .plugins = {"key-auth", "prometheus"}};
}

/// The configuration most recordings start from: one service on one upstream, and the Admin API behind a key.
std::string start_configuration(bool with_targets) {
  auto text = recordings("dbless", 43, 43)[0].question.body;
  if (!with_targets) {
    const auto from = text.find("  targets:");
    text.erase(from, text.find("services:") - from);
  }
  return text;
}

}  // namespace

TEST_CASE("the stand-in answers as the recordings of a Kong with a database") {
  fakes::HandClock clock;
  Kong kong(options_for(KongMode::database), clock);
  REQUIRE(kong.load(start_configuration(false)));
  for (const auto port : {19001, 19002, 19003}) {
    clock.forward(20ms);
    kong.answer(post("/upstreams/svc/targets", fmt::format(R"({{"target":"127.0.0.1:{}"}})", port)));
  }
  Replay replay("postgres", clock, kong);
  for (const auto& recording : recordings("postgres", 1, 144)) {
    replay.run(recording);
  }
  kong.answer(post("/upstreams", R"({"name":"many"})"));
  for (int i = 1; i <= 120; ++i) {
    clock.forward(7ms);
    kong.answer(post("/upstreams/many/targets", fmt::format(R"({{"target":"127.0.1.{}:80"}})", i)));
  }
  for (const auto& recording : recordings("postgres", 145, 999)) {
    replay.run(recording);
  }
}

TEST_CASE("the stand-in answers as the recordings of a Kong without a database") {
  fakes::HandClock clock;
  Kong kong(options_for(KongMode::dbless), clock);
  REQUIRE(kong.load(start_configuration(true)));
  Replay replay("dbless", clock, kong);
  for (const auto& recording : recordings("dbless", 1, 110)) {
    replay.run(recording);
  }
  for (const auto& recording : recordings("dbless", 121, 999)) {
    replay.run(recording);
  }
}

TEST_CASE("the stand-in answers as the recordings of a Kong that was given no configuration") {
  fakes::HandClock clock;
  Kong kong(options_for(KongMode::dbless), clock);
  Replay replay("dbless", clock, kong);
  for (const auto& recording : recordings("dbless", 111, 120)) {
    replay.run(recording);
  }
}

}  // namespace kscale::sandbox

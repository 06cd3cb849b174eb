#include <map>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libscale/alert/outbox.hpp"
#include "libscale/net/curl_transport.hpp"
#include "libscale/net/json.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/net/http_server.hpp"

using namespace kscale;
using namespace kscale::alert;
using namespace std::chrono_literals;
using Kind = Receiver::Kind;

namespace {

/// Receivers that take what they are told; each may be told to do otherwise.
class Receivers final : public net::HttpTransport {
 public:
  /// What a receiver makes of a call instead of taking it.
  struct Mood {
    int status = 200;
    std::vector<net::Header> headers;
    std::optional<Error> error;
    std::chrono::microseconds elapsed{};
  };

  std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests) override {
    calls.push_back(requests);
    std::vector<Result<net::Response>> answers;
    for (const auto& request : requests) {
      const auto mood = moods[request.to.base_url];
      if (mood.error) {
        answers.emplace_back(tl::unexpected(*mood.error));
        continue;
      }
      if (mood.status == 200) {
        taken[request.to.base_url].push_back(json::parse(request.body).value());
      }
      answers.emplace_back(
          net::Response{.status = mood.status, .headers = mood.headers, .body = {}, .elapsed = mood.elapsed});
    }
    return answers;
  }

  std::map<std::string, Mood> moods;                      ///< by origin
  std::map<std::string, std::vector<json::Value>> taken;  ///< likewise
  std::vector<std::vector<net::Request>> calls;
};

const Error k_down{Errc::unreachable, "cannot connect to http://hook: connection refused"};

Alert alert_of(const std::string& subject, Severity severity = Severity::warning, Rule rule = Rule::high_cpu) {
  return {.finding = {rule, subject, severity, "cpu of " + subject + " is high"},
          .since = WallTime(1'795'514'340s),
          .firing = true,
          .fired_at = WallTime(1'795'514'400s)};
}

/// An outbox and whom it tells.
struct Post {
  explicit Post(const std::vector<Receiver>& receivers, std::chrono::seconds interval = 5s)
      : outbox(receivers, "shop", interval) {}

  void fire(const std::string& subject) { outbox.put({{Event::Kind::fired, alert_of(subject), {}}}, {}, clock.now()); }

  /// What is told of the troubles, each on its line.
  std::string send() {
    std::string text;
    for (const auto& error : outbox.send(http, clock.now())) {
      text += error.what + '\n';
    }
    return text;
  }

  /// The subjects that a receiver has taken.
  std::string subjects(const std::string& origin) {
    std::string all;
    for (const auto& body : http.taken[origin]) {
      all += body["subject"].text_or("") + ' ';
    }
    return all;
  }

  fakes::HandClock clock;
  Receivers http;
  Outbox outbox;
};

const Receiver k_hook{Kind::webhook, "http://hook/s3cret"};
const Receiver k_slack{Kind::slack, "https://slack/s3cret?s3cret"};
const Receiver k_alertmanager{Kind::alertmanager, "http://am:9093/s3cret"};

/// `name severity starts..ends` of each alert in the body, by the seconds since `now`.
std::string alerts_in(const json::Value& body) {
  std::string all;
  for (const auto& alert : body.items()) {
    all += fmt::format("{} {} {}; ", alert["labels"]["instance"].text_or("-"), alert["labels"]["severity"].text_or("-"),
                       alert["endsAt"].text_or("-").substr(11, 8));
  }
  return all;
}

}  // namespace

TEST_CASE("each receiver is told of each event once, in order, all receivers at once") {
  Post post({k_hook, k_slack});
  CHECK(post.send().empty());
  CHECK(post.http.calls.empty());
  post.fire("a");
  post.fire("b");
  CHECK(post.outbox.waiting() == 4);
  CHECK(post.send().empty());
  CHECK(post.subjects("http://hook") == "a b ");
  CHECK(post.http.taken["https://slack"].size() == 2);
  CHECK(post.outbox.waiting() == 0);
  REQUIRE(post.http.calls.size() == 2);
  CHECK(post.http.calls[0].size() == 2);
  CHECK(post.send().empty());
  CHECK(post.http.calls.size() == 2);
}

TEST_CASE("a receiver that cannot be reached is tried again, ever more seldom, and the trouble is told once") {
  Post post({k_hook});
  post.http.moods["http://hook"].error = k_down;
  post.fire("a");
  CHECK(post.send() == "alerts to webhook at http://hook wait: cannot connect to http://hook: connection refused\n");
  for (const auto wait : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    const auto calls = post.http.calls.size();
    post.clock.forward(wait - 1ms);
    CHECK(post.send().empty());
    CHECK(post.http.calls.size() == calls);
    post.clock.forward(1ms);
    CHECK(post.send().empty());
    CHECK(post.http.calls.size() == calls + 1);
  }
  post.http.moods.clear();
  post.fire("b");
  post.clock.forward(300s);
  CHECK(post.send().empty());
  CHECK(post.subjects("http://hook") == "a b ");
}

TEST_CASE("a trouble is told again when it is another one, and when something was delivered in between") {
  Post post({k_hook});
  post.http.moods["http://hook"].error = k_down;
  post.fire("a");
  CHECK_FALSE(post.send().empty());
  post.http.moods["http://hook"] = {.status = 502};
  post.clock.forward(5s);
  CHECK(post.send() == "alerts to webhook at http://hook wait: it answered 502\n");
  post.http.moods["http://hook"] = {.error = Error{Errc::timed_out, "no answer from http://hook in 5s"}};
  post.clock.forward(10s);
  CHECK(post.send() == "alerts to webhook at http://hook wait: no answer from http://hook in 5s\n");
  post.http.moods["http://hook"] = {.error = Error{Errc::timed_out, "no answer from http://hook in 4.3s"}};
  post.clock.forward(20s);
  CHECK(post.send().empty());
  post.http.moods.clear();
  post.clock.forward(40s);
  CHECK(post.send().empty());
  CHECK(post.subjects("http://hook") == "a ");
  post.http.moods["http://hook"] = {.error = Error{Errc::timed_out, "no answer from http://hook in 5s"}};
  post.fire("b");
  CHECK(post.send() == "alerts to webhook at http://hook wait: no answer from http://hook in 5s\n");
}

TEST_CASE("a receiver that is in trouble holds up no other") {
  Post post({k_hook, k_slack});
  post.http.moods["http://hook"].error = k_down;
  post.fire("a");
  post.fire("b");
  post.send();
  post.send();
  CHECK(post.http.taken["https://slack"].size() == 2);
  CHECK(post.outbox.waiting() == 2);
}

TEST_CASE("what a receiver refuses is given up, and the next message is sent") {
  Post post({k_hook});
  for (const auto status : {400, 401, 403, 404, 410, 302}) {
    CAPTURE(status);
    post.http.moods["http://hook"] = {.status = status};
    post.fire("a");
    post.fire("b");
    CHECK(post.send() == fmt::format("alerts to webhook at http://hook are given up: it answered {}\n", status));
    CHECK(post.outbox.waiting() == 0);
  }
  post.http.moods.clear();
  post.fire("c");
  CHECK(post.send().empty());
  CHECK(post.subjects("http://hook") == "c ");
}

TEST_CASE("a receiver that is busy is asked again, not before it says so, up to five minutes") {
  const std::vector<std::pair<std::vector<net::Header>, std::chrono::seconds>> table{
      {{}, 5s},
      {{{"retry-after", "30"}}, 30s},
      {{{"Retry-After", "1"}}, 5s},
      {{{"Retry-After", "86400"}}, 300s},
      {{{"Retry-After", "99999999999999999999"}}, 5s},
      {{{"Retry-After", "-7"}}, 5s},
      {{{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}, 5s},
  };
  for (const auto& [headers, wait] : table) {
    for (const auto status : {408, 429, 500, 503}) {
      CAPTURE(status, wait.count());
      Post post({k_hook});
      post.http.moods["http://hook"] = {.status = status, .headers = headers};
      post.fire("a");
      CHECK(post.send() == fmt::format("alerts to webhook at http://hook wait: it answered {}\n", status));
      post.http.moods.clear();
      post.clock.forward(wait - 1ms);
      post.send();
      CHECK(post.outbox.waiting() == 1);
      post.clock.forward(1ms);
      post.send();
      CHECK(post.outbox.waiting() == 0);
    }
  }
}

TEST_CASE("of too many messages the oldest are dropped, which is told once until something is delivered") {
  Post post({k_hook});
  post.http.moods["http://hook"].error = k_down;
  for (int i = 0; i < 103; ++i) {
    post.fire(std::to_string(i));
  }
  CHECK(post.outbox.waiting() == k_outbox_size);
  CHECK(post.send() ==
        "alerts to webhook at http://hook are dropped: more than 100 wait\n"
        "alerts to webhook at http://hook wait: cannot connect to http://hook: connection refused\n");
  post.fire("103");
  CHECK(post.send().empty());
  post.http.moods.clear();
  post.clock.forward(5s);
  CHECK(post.send().empty());
  CHECK(post.subjects("http://hook").starts_with("4 5 6 "));
  CHECK(post.subjects("http://hook").ends_with(" 102 103 "));
}

TEST_CASE("an interrupted message stays, is no trouble, and is sent the next time at once") {
  Post post({k_hook});
  post.http.moods["http://hook"].error = Error{Errc::interrupted, "interrupted"};
  post.fire("a");
  CHECK(post.send().empty());
  CHECK(post.outbox.waiting() == 1);
  post.http.moods.clear();
  CHECK(post.send().empty());
  CHECK(post.subjects("http://hook") == "a ");
}

TEST_CASE("one send takes no longer than the deadline, however many messages wait") {
  Post post({k_hook, k_slack});
  post.http.moods["http://hook"].elapsed = 2s;
  for (int i = 0; i < 5; ++i) {
    post.fire(std::to_string(i));
  }
  CHECK(post.send().empty());
  REQUIRE(post.http.calls.size() == 3);
  CHECK(post.http.calls[0][0].deadline == 5s);
  CHECK(post.http.calls[1][0].deadline == 3s);
  CHECK(post.http.calls[2][0].deadline == 1s);
  post.send();
  CHECK(post.subjects("http://hook") == "0 1 2 3 4 ");
}

TEST_CASE("steps of the wall clock do not change when a message is tried again") {
  Post post({k_hook});
  post.http.moods["http://hook"].error = k_down;
  post.fire("a");
  post.send();
  post.http.moods.clear();
  post.clock.step_wall(1h);
  post.send();
  CHECK(post.outbox.waiting() == 1);
  post.clock.step_wall(-2h);
  post.clock.forward(5s);
  post.send();
  CHECK(post.outbox.waiting() == 0);
}

TEST_CASE("Alertmanager is told of all that fires, at once when it changes, else every minute") {
  Post post({k_alertmanager});
  const auto& taken = post.http.taken["http://am:9093"];
  const auto put = [&](const std::vector<Event>& events, const std::vector<Alert>& firing) {
    post.outbox.put(events, firing, post.clock.now());
    CHECK(post.send().empty());
  };
  const auto a = alert_of("a");
  const auto b = alert_of("b");
  put({}, {});
  CHECK(taken.empty());

  put({{Event::Kind::fired, a, a.fired_at}}, {a});
  REQUIRE(taken.size() == 1);
  CHECK(alerts_in(taken.back()) == "a warning 22:17:31; ");  // three minutes from now
  CHECK(post.http.calls.back().front().path == "/s3cret/api/v2/alerts");
  post.clock.forward(30s);
  put({}, {a});
  CHECK(taken.size() == 1);

  put({{Event::Kind::fired, b, b.fired_at}}, {a, b});
  REQUIRE(taken.size() == 2);
  CHECK(alerts_in(taken.back()) == "a warning 22:18:01; b warning 22:18:01; ");
  post.clock.forward(59s);
  put({}, {a, b});
  CHECK(taken.size() == 2);
  post.clock.forward(1s);
  put({{Event::Kind::repeated, a, {}}}, {a, b});
  CHECK(taken.size() == 3);

  post.clock.forward(10s);
  put({{Event::Kind::resolved, a, post.clock.now().wall - 1s}}, {b});
  REQUIRE(taken.size() == 4);
  CHECK(alerts_in(taken.back()) == "b warning 22:19:11; a warning 22:16:10; ");
  post.clock.forward(60s);
  put({}, {b});
  REQUIRE(taken.size() == 5);
  CHECK(alerts_in(taken.back()) == "b warning 22:20:11; ");  // the end of a was delivered

  put({{Event::Kind::resolved, b, post.clock.now().wall}}, {});
  CHECK(taken.size() == 6);
  post.clock.forward(1h);
  put({}, {});
  CHECK(taken.size() == 6);
  CHECK(post.outbox.waiting() == 0);
}

TEST_CASE("what is only pending is not told to Alertmanager") {
  Post post({k_alertmanager});
  auto pending = alert_of("a");
  pending.firing = false;
  post.outbox.put({}, {pending}, post.clock.now());
  CHECK(post.send().empty());
  CHECK(post.http.calls.empty());
}

TEST_CASE("an alert of another severity is another one to Alertmanager, and the one before ends") {
  Post post({k_alertmanager});
  const auto& taken = post.http.taken["http://am:9093"];
  post.outbox.put({}, {alert_of("a")}, post.clock.now());
  post.send();
  post.outbox.put({}, {alert_of("a", Severity::critical)}, post.clock.now());
  post.send();
  REQUIRE(taken.size() == 2);
  CHECK(alerts_in(taken.back()) == "a critical 22:17:31; a warning 22:14:31; ");
}

TEST_CASE("Alertmanager is told of an end until it took it, and not when it fires again before") {
  Post post({k_alertmanager});
  const auto& taken = post.http.taken["http://am:9093"];
  const auto a = alert_of("a");
  post.outbox.put({}, {a}, post.clock.now());
  post.send();
  post.http.moods["http://am:9093"] = {.status = 503};
  post.outbox.put({{Event::Kind::resolved, a, post.clock.now().wall}}, {}, post.clock.now());
  CHECK(post.send() == "alerts to Alertmanager at http://am:9093 wait: it answered 503\n");
  CHECK(post.outbox.waiting() == 1);
  post.http.moods.clear();
  SECTION("it stays over") {
    post.clock.forward(5s);
    post.outbox.put({}, {}, post.clock.now());
    CHECK(post.send().empty());
    CHECK(alerts_in(taken.back()) == "a warning 22:14:31; ");
    CHECK(post.outbox.waiting() == 0);
  }
  SECTION("it fires again") {
    post.clock.forward(5s);
    post.outbox.put({{Event::Kind::fired, a, post.clock.now().wall}}, {a}, post.clock.now());
    CHECK(post.send().empty());
    CHECK(alerts_in(taken.back()) == "a warning 22:17:36; ");
  }
}

TEST_CASE("what Alertmanager refuses is given up, and what fires is told again after a minute") {
  Post post({k_alertmanager});
  post.http.moods["http://am:9093"] = {.status = 400};
  post.outbox.put({}, {alert_of("a")}, post.clock.now());
  CHECK(post.send() == "alerts to Alertmanager at http://am:9093 are given up: it answered 400\n");
  CHECK(post.send().empty());
  CHECK(post.http.calls.size() == 1);
  post.http.moods.clear();
  post.clock.forward(60s);
  CHECK(post.send().empty());
  CHECK(post.http.taken["http://am:9093"].size() == 1);
}

TEST_CASE("an alert of an earlier process that has ended meanwhile is told to Alertmanager") {
  Post post({k_alertmanager});
  post.outbox.put({{Event::Kind::resolved, alert_of("a"), post.clock.now().wall}}, {}, post.clock.now());
  CHECK(post.send().empty());
  REQUIRE(post.http.taken["http://am:9093"].size() == 1);
  CHECK(alerts_in(post.http.taken["http://am:9093"].back()) == "a warning 22:14:31; ");
}

TEST_CASE("what Alertmanager is told more seldom than each minute is valid for longer") {
  Post post({k_alertmanager}, 10min);
  const auto a = alert_of("a");
  post.outbox.put({{Event::Kind::fired, a, a.fired_at}}, {a}, post.clock.now());
  CHECK(post.send().empty());
  CHECK(alerts_in(post.http.taken["http://am:9093"].back()) == "a warning 22:44:31; ");
}

TEST_CASE("over a real connection a message arrives, and no trouble tells more of a URL than its origin") {
  const net::HttpServer server;
  net::CurlTransport http;
  fakes::HandClock clock;
  Outbox outbox({{Kind::webhook, server.url() + "/echo"},
                 {Kind::slack, server.url() + "/s3cret?s3cret"},
                 {Kind::webhook, "http://me:s3cret@127.0.0.1:1/s3cret"}},
                "shop", 5s);
  outbox.put({{Event::Kind::fired, alert_of("a"), {}}}, {}, clock.now());
  const auto errors = outbox.send(http, clock.now());
  REQUIRE(errors.size() == 2);
  CHECK(errors[0] ==
        Error{Errc::not_found, fmt::format("alerts to Slack at {} are given up: it answered 404", server.url())});
  CHECK(errors[1].code == Errc::unreachable);
  CHECK(
      errors[1].what.starts_with("alerts to webhook at http://127.0.0.1:1 wait: cannot connect to http://127.0.0.1:1"));
  CHECK(errors[1].what.find("s3cret") == std::string::npos);
  CHECK(outbox.waiting() == 1);
}

#include <catch2/catch.hpp>

#include "libscale/alert/receiver.hpp"
#include "libscale/net/json.hpp"
#include "tests/fakes/golden.hpp"

using namespace kscale;
using namespace kscale::alert;
using namespace std::chrono_literals;
using Kind = Receiver::Kind;

namespace {

constexpr WallTime k_time{1'795'514'400'417ms};

const Alert k_cpu{.finding = {.rule = Rule::high_cpu,
                              .subject = "shop-2",
                              .severity = Severity::warning,
                              .summary = "cpu of shop-2 is 93.1%, above 80%"},
                  .since = k_time - 90s,
                  .firing = true,
                  .fired_at = k_time - 30s};
const Alert k_kong{.finding = {.rule = Rule::kong_unreachable,
                               .subject = "",
                               .severity = Severity::critical,
                               .summary = "Kong is unreachable: no answer from http://kong:8001 in 2s"},
                   .since = k_time - 15s,
                   .firing = true,
                   .fired_at = k_time};

std::string body_in_lines(const net::Request& request) {
  const auto body = json::parse(request.body);
  REQUIRE(body);
  return fakes::in_lines(*body) + '\n';
}

std::string slack_text(const Event& event) {
  const auto body = json::parse(message({Kind::slack, "http://h/x"}, event, "shop").body);
  REQUIRE(body);
  CHECK(body->members().size() == 1);
  return (*body)["text"].text_or("");
}

}  // namespace

TEST_CASE("a receiver is shown by its kind and the origin of its URL") {
  CHECK(shown(Receiver{Kind::slack, "https://hooks.slack.example/services/T0/s3cret"}) ==
        "Slack at https://hooks.slack.example");
  CHECK(shown(Receiver{Kind::webhook, "http://me:s3cret@h:1?key=s3cret"}) == "webhook at http://h:1");
  CHECK(shown(Receiver{Kind::alertmanager, "http://[::1]:9093"}) == "Alertmanager at http://[::1]:9093");
}

TEST_CASE("a message goes by POST to the whole of the URL, of which its endpoint shows only the origin") {
  const Event event{Event::Kind::fired, k_cpu, k_time};
  const auto request = message({Kind::webhook, "http://me:s3cret@h:1/hook/s3cret?key=s3cret#part"}, event, "shop");
  CHECK(request.method == net::Method::post);
  CHECK(request.to.base_url == "http://me:s3cret@h:1");
  CHECK(request.to.shown() == "http://h:1");
  CHECK(request.path == "/hook/s3cret?key=s3cret");
  CHECK(request.headers == std::vector<net::Header>{{"Content-Type", "application/json"}});
  CHECK(message({Kind::webhook, "http://h"}, event, "shop").path == "/");
  CHECK(message({Kind::webhook, "http://h?key=x"}, event, "shop").path == "/?key=x");
  CHECK(message({Kind::webhook, "http://h/x/"}, event, "shop").path == "/x/");
}

TEST_CASE("the API of Alertmanager lies behind its base, with or without a path") {
  const auto path_of = [](const std::string& url) {
    return alertmanager_message({Kind::alertmanager, url}, {}, {}, "shop", k_time, 180s).path;
  };
  CHECK(path_of("http://am:9093") == "/api/v2/alerts");
  CHECK(path_of("http://am:9093/") == "/api/v2/alerts");
  CHECK(path_of("https://am/alertmanager//") == "/alertmanager/api/v2/alerts");
  CHECK(path_of("https://am/x?key=y") == "/x/api/v2/alerts?key=y");
}

TEST_CASE("what a webhook is told is an interface") {
  const Receiver receiver{Kind::webhook, "http://h/x"};
  CHECK(body_in_lines(message(receiver, {Event::Kind::fired, k_cpu, k_time}, "shop")) ==
        fakes::golden("alert_webhook_fired.json"));
  CHECK(body_in_lines(message(receiver, {Event::Kind::resolved, k_kong, k_time + 60s}, "shop")) ==
        fakes::golden("alert_webhook_resolved.json"));
  const auto repeated = json::parse(message(receiver, {Event::Kind::repeated, k_cpu, k_time}, "shop").body);
  CHECK((*repeated)["kind"].as_string() == "repeated");
  CHECK((*repeated)["resolved_at"].is_null());
}

TEST_CASE("Slack is told a sentence") {
  CHECK(slack_text({Event::Kind::fired, k_cpu, k_time}) ==
        "\u26A0\uFE0F shop: warning: cpu of shop-2 is 93.1%, above 80% (high-cpu, since 2026-11-24T09:58:30Z)");
  CHECK(slack_text({Event::Kind::repeated, k_kong, k_time}) ==
        "\U0001F6A8 shop: still critical: Kong is unreachable: no answer from http://kong:8001 in 2s "
        "(kong-unreachable, since 2026-11-24T09:59:45Z)");
  CHECK(slack_text({Event::Kind::resolved, k_kong, k_time}) ==
        "\u2705 shop: resolved: Kong is unreachable: no answer from http://kong:8001 in 2s "
        "(kong-unreachable, since 2026-11-24T09:59:45Z)");
}

TEST_CASE("text from outside can neither address anybody in Slack nor break a body") {
  auto alert = k_cpu;
  alert.finding.summary = "<!channel> a & b\n\"\xff\\";
  CHECK(slack_text({Event::Kind::fired, alert, k_time}).find("&lt;!channel&gt; a &amp; b\\x0a\"\\xff\\ (") !=
        std::string::npos);
  const Receiver webhook{Kind::webhook, "http://h"};
  const auto body = json::parse(message(webhook, {Event::Kind::fired, alert, k_time}, "shop\xff").body);
  REQUIRE(body);
  CHECK((*body)["summary"].as_string() == "<!channel> a & b\\x0a\"\\xff\\");
  CHECK((*body)["deployment"].as_string() == "shop\\xff");
}

TEST_CASE("what Alertmanager is told is an interface") {
  const auto request = alertmanager_message({Kind::alertmanager, "http://am:9093"}, {k_kong},
                                            {{Event::Kind::resolved, k_cpu, k_time - 1s}}, "shop", k_time + 2s, 180s);
  CHECK(body_in_lines(request) == fakes::golden("alert_alertmanager.json"));
  CHECK(request.headers == std::vector<net::Header>{{"Content-Type", "application/json"}});
}

TEST_CASE("no alert ends before it starts when the wall clock was set back") {
  const Receiver receiver{Kind::alertmanager, "http://am:9093"};
  const auto body = json::parse(
      alertmanager_message(receiver, {k_kong}, {{Event::Kind::resolved, k_cpu, k_time - 1h}}, "shop", k_time - 2h, 180s)
          .body);
  REQUIRE(body);
  CHECK(body->items().at(0)["startsAt"].as_string() == "2026-11-24T08:00:00.417Z");
  CHECK(body->items().at(0)["endsAt"].as_string() == "2026-11-24T08:03:00.417Z");
  CHECK(body->items().at(1)["startsAt"].as_string() == "2026-11-24T08:00:00.417Z");
  CHECK(body->items().at(1)["endsAt"].as_string() == "2026-11-24T08:00:00.417Z");
}

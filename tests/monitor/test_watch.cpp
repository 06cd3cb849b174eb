#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/monitor/watch.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using fakes::FakeMachine;
using Names = std::vector<std::string>;

namespace {

/// Takes what is posted to http://hook, and lets all else through to the machine.
class Hook final : public net::HttpTransport {
 public:
  explicit Hook(net::HttpTransport& others) : m_others(others) {}

  std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests) override {
    std::vector<Result<net::Response>> answers;
    answers.reserve(requests.size());
    for (const auto& request : requests) {
      const auto& url = request.to.base_url;
      answers.push_back(url == "http://hook"   ? take(request)
                        : url == "http://away" ? fail(Errc::unreachable, "cannot connect to http://away")
                                               : m_others.send(request));
    }
    return answers;
  }

  bool is_up = true;
  Names told;  ///< kind and subject of each message

 private:
  Result<net::Response> take(const net::Request& request) {
    if (!is_up) {
      return fail(Errc::unreachable, "cannot connect to http://hook: connection refused");
    }
    const auto body = json::parse(request.body).value();
    told.push_back(body["kind"].text_or("") + ' ' + body["subject"].text_or("-"));
    return net::Response{.status = 200, .headers = {}, .body = ""};
  }

  net::HttpTransport& m_others;
};

/// A monitor that tells a webhook, and can be ended and begun again as a process can.
struct Watched {
  Watched() {
    settings.state_dir = (dir / "state").string();
    settings.history_log.clear();
    settings.alerting.webhook_url = "http://hook/alerts";
    begin();
  }

  void begin() {
    watch.reset();
    records.reset();
    auto opened = control::Records::open(
        settings, [](const std::string&) { return std::nullopt; }, machine.clock, log);
    REQUIRE(opened);
    records = std::make_unique<control::Records>(std::move(*opened));
    watch.emplace(settings, fleet::World{machine.engine, machine.admin, hook, machine.clock, "127.0.0.1", {}}, *records,
                  log, monitor::Duties{.records = true, .keeps_alerts = true, .tells = true, .at_once = true});
  }

  void look() {
    REQUIRE(watch->look());
    machine.clock.forward(5s);
  }

  /// All that fired, and whether it is over.
  Names history() const {
    Names lines;
    const auto found = records->history().value()->alerts(WallTime{}, 100).value();
    for (const auto& record : found) {
      lines.push_back(record.rule + ' ' + record.subject + (record.resolved_at ? " over" : ""));
    }
    return lines;
  }

  fakes::TempDir dir;
  FakeMachine machine{sandbox::KongMode::database, 3};
  Hook hook{machine.http};
  control::Settings settings = FakeMachine::settings();
  control::Log log{[](control::Level, std::string_view) {}};
  std::unique_ptr<control::Records> records;
  std::optional<monitor::Watch> watch;
};

void take_out(Watched& watched, int weight) {
  REQUIRE(watched.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3021", weight}}));
}

}  // namespace

TEST_CASE("what could not be delivered before the end of the process is told by the next one, and once") {
  Watched watched;
  watched.look();
  watched.hook.is_up = false;
  take_out(watched, 0);
  watched.look();
  watched.hook.is_up = true;
  watched.begin();
  watched.look();
  CHECK(watched.hook.told == Names{"fired -"});
  watched.begin();
  watched.look();
  CHECK(watched.hook.told.size() == 1);

  watched.hook.is_up = false;
  take_out(watched, 100);
  watched.look();
  CHECK(watched.history() == Names{"target-drift "});
  watched.hook.is_up = true;
  watched.begin();
  watched.look();
  CHECK(watched.hook.told == Names{"fired -", "resolved -"});
  CHECK(watched.history() == Names{"target-drift  over"});
  watched.begin();
  watched.look();
  CHECK(watched.hook.told.size() == 2);
}

TEST_CASE("whoever was told that an alert fired is told that it is over, also while another receiver is away") {
  Watched watched;
  watched.settings.alerting.slack_url = "http://away/services";
  watched.begin();
  take_out(watched, 0);
  watched.look();
  CHECK(watched.hook.told == Names{"fired -"});
  watched.begin();
  take_out(watched, 100);
  watched.look();
  CHECK(watched.hook.told == Names{"fired -", "resolved -"});
}

TEST_CASE("a receiver that is away for long does not keep the history from knowing that an alert is over") {
  Watched watched;
  watched.hook.is_up = false;
  take_out(watched, 0);
  watched.look();
  take_out(watched, 100);
  watched.look();
  CHECK(watched.history() == Names{"target-drift "});
  watched.machine.clock.forward(1h);
  watched.look();
  CHECK(watched.history() == Names{"target-drift  over"});
}

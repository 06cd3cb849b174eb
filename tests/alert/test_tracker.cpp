#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libscale/alert/tracker.hpp"

using namespace kscale;
using namespace kscale::alert;
using namespace std::chrono_literals;

namespace {

using Steps = std::vector<std::pair<std::string, std::string>>;

constexpr Now k_begin{.instant = Instant(1h), .wall = WallTime(1'795'514'400s)};

Now at(std::chrono::seconds after) {
  return {k_begin.instant + after, k_begin.wall + after};
}

Finding cpu_of(const std::string& subject, Severity severity = Severity::warning) {
  return {Rule::high_cpu, subject, severity, "cpu of " + subject + " is high"};
}

Findings found(std::vector<Finding> present) {
  return {.present = std::move(present), .unknown = {}};
}

/// What a look has found of one subject: `.` nothing, `w` a warning, `c` something critical, `?` it is unknown, `i` it
/// is idle.
Findings look(char seen) {
  switch (seen) {
    case 'w':
      return found({cpu_of("a")});
    case 'c':
      return found({cpu_of("a", Severity::critical)});
    case '?':
      return {.present = {}, .unknown = {{Rule::high_cpu, "a"}}};
    case 'i':
      return {.present = {}, .unknown = {}, .idle = {Rule::high_cpu}};
    default:
      return {};
  }
}

std::string letters_of(const std::vector<Event>& events) {
  std::string letters;
  for (const auto& event : events) {
    constexpr std::string_view k_letters = "FRE";  // fired, repeated, ended
    letters += k_letters.at(static_cast<std::size_t>(event.kind));
  }
  return letters.empty() ? "." : letters;
}

/// What is told, look by look, ten seconds apart.
std::string told(Tracker& tracker, const std::string& looks) {
  std::string all;
  auto after = 0s;
  for (const char seen : looks) {
    all += letters_of(tracker.update(look(seen), at(after)));
    after += 10s;
  }
  return all;
}

Tracker tracker() {
  return {{{Rule::high_cpu, 30s}}, 100s};
}

}  // namespace

TEST_CASE("an alert fires once it has held for long enough, is repeated at its interval, and ends once") {
  const Steps table{
      {"..........", ".........."},  // nothing
      {"www.......", ".........."},  // over before it held: never told
      {"wwww......", "...FE....."},  // held for 30 s
      {"wwwwwwwwww", "...F......"},  // told once
      {"wwwwwwwwwwwwwwww", "...F.........R.."},
      {"wwwwwwwwwwwwwwwwwwwwwwwwwwww.", "...F.........R.........R....E"},
      {"www.wwww.", ".......FE"},  // what is found anew begins anew
      {"wwww.wwww.", "...FE...FE"},
  };
  for (const auto& [looks, expected] : table) {
    CAPTURE(looks);
    auto alerts = tracker();
    CHECK(told(alerts, looks) == expected);
  }
}

TEST_CASE("what is unknown neither fires nor ends, and its span is not counted") {
  const Steps table{
      {"w??????", "......."},                        // one look that found something is not enough
      {"w??????w", "........"},                      // only the last ten seconds count
      {"w?w?w?w", "......F"},                        // every second look is enough, in the end
      {"ww?ww", "....F"},                            // neither reset nor advanced
      {"ww?.ww", "......"},                          // over after it was unknown
      {"wwww????", "...F...."},                      // still fires
      {"wwww??w.", "...F...E"},                      // neither fires again nor ends twice
      {"wwww??..", "...F..E."},                      // over
      {"wwww?????????????w", "...F.............R"},  // not repeated on no news, but with the next
      {"????", "...."},
  };
  for (const auto& [looks, expected] : table) {
    CAPTURE(looks);
    auto alerts = tracker();
    CHECK(told(alerts, looks) == expected);
  }
}

TEST_CASE("what is idle now and then fires all the same, and what stays idle as long as the rule must hold is over") {
  const Steps table{
      {"wiwiwiw", "......F"},              // seldom asked, and wrong each time
      {"wiiwiiwiiw", ".........F"},        // more seldom
      {"wwiiiww", "......."},              // idle for 30 s: begins anew
      {"wwwwii.", "...F..E"},              // not wrong, once asked
      {"wwwwiiwiiwiii", "...F........E"},  // idle for 30 s at last
      {"wwwwi?i?i", "...F....E"},          // what is unknown is no sign of an end
      {"wwwwiiiw", "...F..E."},
      {"iiii", "...."},
  };
  for (const auto& [looks, expected] : table) {
    CAPTURE(looks);
    auto alerts = tracker();
    CHECK(told(alerts, looks) == expected);
  }
  auto at_once = Tracker({{Rule::high_cpu, 0s}}, 1h);
  CHECK(told(at_once, "wi") == "FE");
}

TEST_CASE("an alert is told again when it becomes more severe than it was told") {
  const Steps table{
      {"wwwwcccc.", "...FR...E"},
      {"wwwwcwcwcw", "...FR....."},            // to and fro is told once
      {"ccccwwww.", "...F....E"},              // less severe: nothing to tell
      {"wwccw.", "...F.E"},                    // it holds whatever its severity
      {"ccccwwwwwwwwwwc", "...F.........RR"},  // repeated as a warning, then critical again
  };
  for (const auto& [looks, expected] : table) {
    CAPTURE(looks);
    auto alerts = tracker();
    CHECK(told(alerts, looks) == expected);
  }
}

TEST_CASE("an event tells the alert as it was last found, and when") {
  auto alerts = tracker();
  alerts.update(found({cpu_of("a")}), at(0s));
  alerts.update(found({cpu_of("a")}), at(10s));
  auto last = cpu_of("a", Severity::critical);
  last.summary = "cpu of a is 99%";
  const Alert fired{.finding = last, .since = at(0s).wall, .firing = true, .fired_at = at(40s).wall};
  CHECK(alerts.update(found({last}), at(40s)) == std::vector{Event{Event::Kind::fired, fired, at(40s).wall}});
  CHECK(alerts.alerts() == std::vector{fired});
  CHECK(alerts.update({}, at(50s)) == std::vector{Event{Event::Kind::resolved, fired, at(50s).wall}});
  CHECK(alerts.alerts().empty());
}

TEST_CASE("a rule without a hold time of its own has its default, and zero fires at once") {
  Tracker defaults({}, 1h);
  CHECK(defaults.update(look('w'), at(0s)).empty());
  CHECK(defaults.update(look('w'), at(59s)).empty());
  CHECK(defaults.update(look('w'), at(60s)).size() == 1);
  Tracker at_once({{Rule::high_cpu, 0s}}, 1h);
  CHECK(at_once.update(look('w'), at(0s)).size() == 1);
}

TEST_CASE("each subject goes its own way, and one that vanished has ended") {
  Tracker alerts({{Rule::high_cpu, 10s}}, 1h);
  alerts.update(found({cpu_of("a")}), at(0s));
  CHECK(letters_of(alerts.update(found({cpu_of("b"), cpu_of("a")}), at(10s))) == "F");
  const auto events = alerts.update(found({cpu_of("b")}), at(20s));
  REQUIRE(letters_of(events) == "EF");
  CHECK(events[0].alert.finding.subject == "a");
  CHECK(events[1].alert.finding.subject == "b");
}

TEST_CASE("an unknown without a subject stands for all subjects of its rule, and for no other rule") {
  Tracker alerts({{Rule::high_cpu, 0s}, {Rule::at_max, 0s}}, 1h);
  const Finding at_max{Rule::at_max, "", Severity::warning, "6 instances run"};
  CHECK(letters_of(alerts.update(found({cpu_of("a"), cpu_of("b"), at_max}), at(0s))) == "FFF");
  const auto events = alerts.update({.present = {}, .unknown = {{Rule::high_cpu, ""}}}, at(10s));
  REQUIRE(events.size() == 1);
  CHECK(events[0].alert.finding == at_max);
  CHECK(alerts.alerts().size() == 2);
}

TEST_CASE("of two findings of the same rule and subject the first counts, once") {
  Tracker alerts({{Rule::high_cpu, 20s}}, 1h);
  const auto twice = found({cpu_of("a", Severity::critical), cpu_of("a")});
  CHECK(alerts.update(twice, at(0s)).empty());
  CHECK(alerts.update(twice, at(10s)).empty());
  CHECK(alerts.update(twice, at(20s)).size() == 1);
  CHECK(alerts.alerts().front().finding.severity == Severity::critical);
}

TEST_CASE("what fires comes first, the critical before the others, then in the order of rules and subjects") {
  Tracker alerts({{Rule::high_cpu, 0s}, {Rule::kong_unreachable, 0s}, {Rule::high_memory, 1h}}, 1h);
  const auto all = found({{Rule::high_memory, "a", Severity::critical, ""},
                          {Rule::kong_unreachable, "", Severity::critical, ""},
                          cpu_of("b"),
                          cpu_of("a")});
  CHECK(alerts.update(all, at(0s)).size() == 3);
  std::vector<std::string> order;
  for (const auto& alert : alerts.alerts()) {
    order.push_back(fmt::format("{} {}", info(alert.finding.rule).name, alert.finding.subject));
  }
  CHECK(order == std::vector<std::string>{"kong-unreachable ", "high-cpu a", "high-cpu b", "high-memory a"});
}

TEST_CASE("what fired in an earlier process does not fire again, is repeated after a whole interval, and ends once") {
  const Alert earlier{.finding = cpu_of("a"), .since = at(-90s).wall, .firing = true, .fired_at = at(-60s).wall};
  const Steps table{
      {"wwwwwwwwwww", "..........R"},
      {"?w.w", "..E."},
      {"..", "E."},
      {"wc.", ".RE"},
  };
  for (const auto& [looks, expected] : table) {
    CAPTURE(looks);
    auto alerts = tracker();
    alerts.resume({earlier}, at(0s));
    CHECK(alerts.alerts() == std::vector{earlier});
    CHECK(told(alerts, looks) == expected);
  }
}

TEST_CASE("what fired in an earlier process and was told to nobody fires at once where it is found again") {
  const Alert untold{.finding = cpu_of("a"), .since = at(-90s).wall, .fired_at = at(-60s).wall};
  auto alerts = tracker();
  alerts.resume({untold}, at(0s));
  CHECK(told(alerts, "?ww.") == ".F.E");
  alerts.resume({untold}, at(0s));
  const auto events = alerts.update(look('w'), at(100s));
  REQUIRE(events.size() == 1);
  CHECK(events[0].alert.fired_at == untold.fired_at);
  CHECK(events[0].alert.firing);
  alerts = tracker();
  alerts.resume({untold}, at(0s));
  const auto over = alerts.update(look('.'), at(10s));
  REQUIRE(over.size() == 1);
  CHECK(over[0].kind == Event::Kind::resolved);
  CHECK_FALSE(over[0].alert.firing);
}

TEST_CASE("steps of the wall clock change nothing but the times that are told") {
  for (const auto step : {-24h * 365, -1h, 1h, 24h * 365}) {
    auto alerts = tracker();
    std::string all;
    for (int i = 0; i < 16; ++i) {
      auto now = at(i * 10s);
      now.wall += i % 2 == 1 ? step : 0h;
      all += letters_of(alerts.update(look(i < 15 ? 'w' : '.'), now));
    }
    CHECK(all == "...F.........R.E");
  }
}

TEST_CASE("a machine that slept between two looks that found it counts its sleep") {
  auto alerts = tracker();
  CHECK(alerts.update(look('w'), at(0s)).empty());
  CHECK(letters_of(alerts.update(look('w'), at(600s))) == "F");
}

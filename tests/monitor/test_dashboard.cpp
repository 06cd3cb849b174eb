#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libscale/monitor/dashboard.hpp"
#include "libscale/monitor/width.hpp"
#include "tests/fakes/golden.hpp"
#include "tests/monitor/made_up.hpp"

using namespace kscale;
using namespace kscale::monitor;
using namespace std::chrono_literals;
using tests::k_made_up_at;
using tests::made_up;
using tests::made_up_trends;
using tests::made_up_trouble;
using Name = Key::Name;

namespace {

constexpr Size k_small{24, 80};
constexpr Size k_middle{40, 120};
constexpr Size k_large{50, 200};
constexpr Size k_tiny{12, 40};

/// A frame whose text is kept in tests/data/frames.
struct Golden {
  std::string name;
  std::optional<Snapshot> snapshot;
  Size size = k_small;
  View view;

  std::string text() const {
    const auto trends = snapshot ? made_up_trends(*snapshot, 200) : Trends(1);
    return text_of(frame_of(snapshot, trends, view, size, k_made_up_at + 3s));
  }
  std::string file() const { return fmt::format("frames/{}-{}x{}.txt", name, size.columns, size.rows); }
};

Snapshot without_kong() {
  auto snapshot = made_up(3);
  auto& overview = snapshot.overview;
  const Error error{Errc::unreachable,
                    "Kong's status: no answer from http://localhost:8001 in 10s; is Kong running, "
                    "and does it listen there?"};
  overview.verdict = operate::Verdict::unhealthy;
  overview.kong = {.url = "http://localhost:8001", .error = error};
  overview.targets.clear();
  overview.targets_error = error;
  overview.drift.reset();
  overview.sample.request_rate.reset();
  overview.sample.error_rate.reset();
  overview.sample.response_time.reset();
  overview.sample.response_time_p95.reset();
  return snapshot;
}

Snapshot without_docker() {
  auto snapshot = made_up(3);
  auto& overview = snapshot.overview;
  overview.verdict = operate::Verdict::unhealthy;
  overview.docker_error = Error{
      Errc::unreachable, "list containers of 'street-noshery-backend': no answer from unix:/var/run/docker.sock in 2s"};
  overview.instances.clear();
  overview.sample.instances.clear();
  overview.drift.reset();
  overview.autoscaler = {};
  return snapshot;
}

Snapshot without_targets() {
  auto snapshot = made_up(2);
  auto& overview = snapshot.overview;
  overview.targets_error = Error{Errc::not_found, "targets: Kong has no upstream 'street-noshery-backend'"};
  overview.targets.clear();
  overview.drift.reset();
  overview.kong.status->configured = false;
  overview.kong.version.reset();
  return snapshot;
}

std::vector<Golden> goldens() {
  View scrolled{.sort = Sort::cpu, .falling = true};
  scrolled.scroll_of(Panel::instances) = 7;
  return {
      {.name = "healthy", .snapshot = made_up(3)},
      {.name = "healthy", .snapshot = made_up(3), .size = k_middle},
      {.name = "healthy", .snapshot = made_up(3), .size = k_large},
      {.name = "healthy", .snapshot = made_up(3), .size = k_tiny},
      {.name = "healthy", .snapshot = made_up(3), .size = {5, 20}},
      {.name = "trouble", .snapshot = made_up_trouble()},
      {.name = "trouble", .snapshot = made_up_trouble(), .size = k_middle},
      {.name = "trouble", .snapshot = made_up_trouble(), .size = k_large},
      {.name = "trouble", .snapshot = made_up_trouble(), .size = k_tiny},
      {.name = "without-kong", .snapshot = without_kong()},
      {.name = "without-docker", .snapshot = without_docker()},
      {.name = "without-targets", .snapshot = without_targets()},
      {.name = "thirty-scrolled", .snapshot = made_up(30), .view = scrolled},
      {.name = "thirty-scrolled", .snapshot = made_up(30), .size = k_large, .view = scrolled},
      {.name = "targets-in-view", .snapshot = made_up(30), .view = {.panel = Panel::targets}},
      {.name = "help", .snapshot = made_up(3), .view = {.help = true}},
      {.name = "first", .snapshot = std::nullopt},
      {.name = "ascii", .snapshot = made_up_trouble(), .view = {.charset = Charset::ascii}},
      {.name = "ascii", .snapshot = made_up(3), .size = k_large, .view = {.charset = Charset::ascii}},
      {.name = "paused", .snapshot = made_up(3), .view = {.paused = true}},
      {.name = "paused", .snapshot = made_up(3), .size = k_tiny, .view = {.paused = true}},
  };
}

Key character(char c) {
  return {.character = c};
}

/// The view after the keys, on a terminal that shows some of thirty instances.
View after(const std::vector<Key>& keys, View view = {}) {
  const std::optional snapshot(made_up(30));
  for (const auto key : keys) {
    CHECK(press(view, key, snapshot, k_small) == Wish::none);
  }
  return view;
}

int scrolled(const std::vector<Key>& keys) {
  return after(keys).scroll_of(Panel::instances);
}

}  // namespace

TEST_CASE("the frames are as their golden files show them") {
  for (const auto& golden : goldens()) {
    CAPTURE(golden.file());
    CHECK(golden.text() == fakes::golden(golden.file()));
  }
}

// After a change that is meant: test_monitor "[write]", and look at the difference.
TEST_CASE("the golden frames are written anew", "[.write]") {
  for (const auto& golden : goldens()) {
    std::ofstream(std::string(KSCALE_TEST_DATA) + '/' + golden.file()) << golden.text();
  }
}

TEST_CASE("a frame fits its terminal, whatever there is to show") {
  std::uint32_t seed = 0;
  for (int rows = 0; rows <= 60; ++rows) {
    for (int columns = 0; columns <= 210; columns += 1 + columns / 24) {
      const std::optional snapshot(tests::made_up_anyhow(++seed));
      const auto trends = made_up_trends(*snapshot, 3);
      View view{.sort = static_cast<Sort>(seed % 6),
                .falling = seed % 2 == 0,
                .panel = static_cast<Panel>(seed % 4),
                .paused = seed % 5 == 0,
                .looking = seed % 3 == 0,
                .help = seed % 11 == 0,
                .charset = seed % 7 == 0 ? Charset::ascii : Charset::utf8};
      view.scroll = {static_cast<int>(seed % 9), 3, -2, 1'000'000};
      const Size size{rows, columns};
      const auto frame = frame_of(snapshot, trends, view, size, k_made_up_at - 1h);
      bool fits = static_cast<int>(frame.lines.size()) == rows;
      for (const auto& line : frame.lines) {
        int width = 0;
        for (const auto& run : line.runs()) {
          width += width_of(run.text);
          fits = fits && run.text.find('\x1b') == std::string::npos;
        }
        fits = fits && width <= columns && width == line.width();
      }
      if (!fits) {
        CAPTURE(rows, columns, seed, text_of(frame));
        FAIL("a frame does not fit");
      }
      for (const auto name : {Name::end, Name::page_up, Name::down, Name::tab}) {
        press(view, {.name = name}, snapshot, size);
      }
    }
  }
}

TEST_CASE("keys say what the tool is to do") {
  View view;
  CHECK(press(view, character('q'), std::nullopt, k_small) == Wish::quit);
  CHECK(press(view, character('R'), std::nullopt, k_small) == Wish::look);
  CHECK(press(view, character(' '), std::nullopt, k_small) == Wish::look);
  CHECK(press(view, character('p'), std::nullopt, k_small) == Wish::pause);
  CHECK(view.paused);
  CHECK(press(view, character('p'), std::nullopt, k_small) == Wish::pause);
  CHECK_FALSE(view.paused);
  CHECK(press(view, character('x'), std::nullopt, k_small) == Wish::none);
  CHECK(press(view, {.name = Name::enter}, std::nullopt, k_small) == Wish::none);
  CHECK(press(view, {.name = Name::down}, std::nullopt, k_small) == Wish::none);
}

TEST_CASE("the help comes and goes") {
  CHECK(after({character('?')}).help);
  CHECK_FALSE(after({character('?'), character('?')}).help);
  CHECK_FALSE(after({character('h'), {.name = Name::escape}}).help);
  CHECK(after({character('?'), character('j')}).scroll_of(Panel::instances) == 0);
}

TEST_CASE("the order goes through all figures, each with its usual direction, and can be turned round") {
  CHECK(after({character('s')}).sort == Sort::name);
  CHECK(after({character('s'), character('>')}).sort == Sort::cpu);
  CHECK(after({character('s'), {.name = Name::right}}).falling);
  CHECK(after({character('<')}).sort == Sort::uptime);
  CHECK(after({{.name = Name::left}, character('s')}).sort == Sort::number);
  CHECK(after({character('r')}).falling);
}

TEST_CASE("another panel comes into view by Tab or by its number") {
  CHECK(after({{.name = Name::tab}}).panel == Panel::targets);
  CHECK(after({{.name = Name::back_tab}}).panel == Panel::events);
  CHECK(after({character('3')}).panel == Panel::alerts);
  CHECK(after({character('4'), {.name = Name::tab}}).panel == Panel::instances);
  CHECK(after({character('5')}).panel == Panel::instances);
}

TEST_CASE("scrolling ends at either end") {
  // Of 24 rows thirteen are left for instances, besides seven headlines, the title, the header, the alerts and the
  // keys.
  constexpr int k_furthest = 30 - 13;
  const Key down{.name = Name::down};
  const Key end{.name = Name::end};
  CHECK(scrolled({down}) == 1);
  CHECK(scrolled({character('j'), character('j'), character('k')}) == 1);
  CHECK(scrolled({{.name = Name::up}}) == 0);
  CHECK(scrolled({{.name = Name::page_down}}) == 12);
  CHECK(scrolled({{.name = Name::page_down}, {.name = Name::page_down}}) == k_furthest);
  CHECK(scrolled({end}) == k_furthest);
  CHECK(scrolled({character('G'), down}) == k_furthest);
  CHECK(scrolled({end, {.name = Name::page_up}}) == k_furthest - 12);
  CHECK(scrolled({end, {.name = Name::home}}) == 0);
  CHECK(scrolled({end, character('g')}) == 0);
}

TEST_CASE("a scrolled panel that has become shorter shows its end, and goes on from there") {
  View view;
  view.scroll_of(Panel::instances) = 500;
  CHECK(after({{.name = Name::up}}, view).scroll_of(Panel::instances) == 16);
  const std::optional snapshot(made_up(2));
  CHECK(text_of(frame_of(snapshot, Trends(1), view, k_small, k_made_up_at)) ==
        text_of(frame_of(snapshot, Trends(1), {}, k_small, k_made_up_at)));
}

TEST_CASE("a look that is under way and an old one are told apart") {
  const std::optional snapshot(made_up(1));
  const auto top = [&](const View& view, std::chrono::seconds age) {
    const auto text = text_of(frame_of(snapshot, Trends(1), view, k_small, k_made_up_at + age));
    return text.substr(0, text.find('\n'));
  };
  CHECK(top({}, 0s) == " Healthy  street-noshery-backend  1 of 1 serving                     10:00:00Z");
  CHECK(top({.looking = true}, 0s) ==
        " Healthy  street-noshery-backend  1 of 1 serving                     10:00:00Z …");
  CHECK(top({.paused = true}, 125s) ==
        " Healthy  street-noshery-backend  1 of 1 serving   PAUSED  10:00:00Z 2m 5s ago");
}

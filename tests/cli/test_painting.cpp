#include <catch2/catch.hpp>

#include "tools/cli/painting.hpp"

using namespace kscale::cli;
using kscale::monitor::Frame;
using kscale::monitor::Line;
using kscale::monitor::Style;

namespace {

std::string painted(const Line& line, Palette palette) {
  const auto painting = painting_of({.size = {1, 80}, .lines = {line}}, palette);
  const std::string before = "\x1b[?2026h\x1b[H";
  const std::string after = "\x1b[K\x1b[?2026l";
  REQUIRE(painting.starts_with(before));
  REQUIRE(painting.ends_with(after));
  return painting.substr(before.size(), painting.size() - before.size() - after.size());
}

}  // namespace

TEST_CASE("styles become colours of the terminal's owner, each ended before the next") {
  Line line("shop ");
  line.add("ok", Style::good).add(" bad ", Style::bad_badge);
  CHECK(painted(line, Palette::colours) == "shop \x1b[32mok\x1b[0m\x1b[1;37;41m bad \x1b[0m");
  for (const auto style :
       {Style::dim, Style::bold, Style::accent, Style::warning, Style::bad, Style::good_badge, Style::warning_badge}) {
    CHECK(painted(Line("x", style), Palette::colours) != "x");
  }
}

TEST_CASE("without colours what matters is bold or reversed") {
  Line line("a", Style::good);
  line.add("b", Style::bad).add("c", Style::bad_badge).add("d", Style::dim);
  CHECK(painted(line, Palette::none) == "a\x1b[1mb\x1b[0m\x1b[7mc\x1b[0m\x1b[2md\x1b[0m");
}

TEST_CASE("a painting erases what stood behind each line, but nothing of a full one, and does not scroll") {
  const Frame frame{.size = {3, 4}, .lines = {Line("full"), Line("a"), Line()}};
  CHECK(painting_of(frame, Palette::colours) == "\x1b[?2026h\x1b[Hfull\r\na\x1b[K\r\n\x1b[K\x1b[?2026l");
}

#include <catch2/catch.hpp>

#include "libscale/monitor/glyphs.hpp"
#include "libscale/monitor/width.hpp"

using namespace kscale::monitor;

TEST_CASE("outside text becomes what the terminal can show") {
  CHECK(within(Charset::utf8, "caf\xc3\xa9\x1b[2J") == "caf\xc3\xa9\\x1b[2J");
  CHECK(within(Charset::ascii, "caf\xc3\xa9\x1b[2J") == "caf?\\x1b[2J");
  CHECK(within(Charset::ascii,
               "\xe6\xbc\xa2"
               "a\xe5\xad\x97") == "??a??");
  CHECK(within(Charset::ascii, "e\xcc\x81") == "e");
  CHECK(within(Charset::ascii, "").empty());
}

TEST_CASE("each sign takes one column") {
  for (const auto charset : {Charset::ascii, Charset::utf8}) {
    const auto& glyphs = glyphs_of(charset);
    for (const auto sign : {glyphs.bar, glyphs.bar_rest, glyphs.rule, glyphs.dot, glyphs.ring, glyphs.up, glyphs.down,
                            glyphs.cut, glyphs.steps.front(), glyphs.steps.back()}) {
      CHECK(width_of(sign) == 1);
    }
  }
}

#include <catch2/catch.hpp>

#include "libscale/monitor/frame.hpp"

using namespace kscale::monitor;

TEST_CASE("a line joins runs of one style and knows its width") {
  Line line("shop ", Style::bold);
  line.add("\xe6\xbc\xa2", Style::bold).add("").add(" ok", Style::good);
  CHECK(line.runs() == std::vector<Run>{{"shop \xe6\xbc\xa2", Style::bold}, {" ok", Style::good}});
  CHECK(line.width() == 10);
  CHECK(line.pad(12).width() == 12);
  CHECK(line.pad(3).width() == 12);
}

TEST_CASE("a line that is too wide is cut, and a mark tells of it") {
  const auto fitted = [](int columns) {
    Line line("shop", Style::bold);
    line.add("-\xe6\xbc\xa2!", Style::good).fit(columns, "~");
    std::string text;
    for (const auto& run : line.runs()) {
      text += run.text;
    }
    CHECK(line.width() <= std::max(columns, 0));
    return text;
  };
  CHECK(fitted(8) == "shop-\xe6\xbc\xa2!");
  CHECK(fitted(7) == "shop-~");  // the ideograph would need one column more
  CHECK(fitted(5) == "shop~");
  CHECK(fitted(1) == "~");
  CHECK(fitted(0).empty());
  CHECK(fitted(-1).empty());
}

TEST_CASE("the text of a frame has its lines without blanks at their ends") {
  const Frame frame{.size = {3, 10}, .lines = {Line("a  "), Line(), Line("b")}};
  CHECK(text_of(frame) == "a\n\nb\n");
}

#include <catch2/catch.hpp>

#include "libscale/monitor/gauge.hpp"

using namespace kscale;
using namespace kscale::monitor;
using Runs = std::vector<Run>;

TEST_CASE("from 60 percent on it is a warning, from 80 on it is bad") {
  CHECK(level_of(0) == Style::good);
  CHECK(level_of(59.9) == Style::good);
  CHECK(level_of(60) == Style::warning);
  CHECK(level_of(80) == Style::bad);
  CHECK(level_of(400) == Style::bad);
}

TEST_CASE("a bar shows the share in the colour of its level") {
  CHECK(bar(Percent{50}, 4, Charset::ascii).runs() == Runs{{"##", Style::good}, {"..", Style::dim}});
  CHECK(bar(Percent{250}, 4, Charset::ascii).runs() == Runs{{"####", Style::bad}});
  CHECK(bar(Percent{-5}, 4, Charset::ascii).runs() == Runs{{"....", Style::dim}});
  CHECK(bar(std::nullopt, 4, Charset::ascii).runs() == Runs{{"....", Style::dim}});
  CHECK(bar(Percent{50}, 0, Charset::ascii).runs().empty());
}

TEST_CASE("a trend of percents has the colour of each") {
  const std::vector<std::optional<double>> values{0, 50, std::nullopt, 60, 100};
  CHECK(percent_trend(values, 6, Charset::ascii).runs() ==
        Runs{{" ", Style::plain}, {"_- ", Style::good}, {"=", Style::warning}, {"#", Style::bad}});
  CHECK(percent_trend(values, 2, Charset::ascii).runs() == Runs{{"=", Style::warning}, {"#", Style::bad}});
  CHECK(percent_trend(values, 0, Charset::ascii).runs().empty());
}

TEST_CASE("amounts take at most five columns") {
  CHECK(compact(0) == "0");
  CHECK(compact(1023) == "1023");
  CHECK(compact(1023.7) == "1.0K");
  CHECK(compact(1536) == "1.5K");
  CHECK(compact(10'200) == "10K");
  CHECK(compact(22'020'096) == "21M");
  CHECK(compact(1023.6 * 1024) == "1.0M");
  CHECK(compact(1.6e9) == "1.5G");
}

#include <limits>

#include <catch2/catch.hpp>

#include "libscale/monitor/trend.hpp"
#include "tests/monitor/made_up.hpp"

using namespace kscale;
using namespace kscale::monitor;
using namespace std::chrono_literals;
using Figure = Trends::Figure;
using tests::k_made_up_at;
using tests::made_up;

namespace {

template <class T>
std::optional<store::Spread<T>> spread(double value) {
  return store::Spread<T>{.mean = T{value}};
}

}  // namespace

TEST_CASE("a sparkline shows the last values, the newest at its right") {
  const Series values{0, 12.5, 25, 50, 100};
  CHECK(sparkline(values, 5, 100, Charset::utf8) == "▁▁▂▄█");
  CHECK(sparkline(values, 5, 100, Charset::ascii) == "__.-#");
  CHECK(sparkline(values, 7, 100, Charset::ascii) == "  __.-#");
  CHECK(sparkline(values, 2, 100, Charset::ascii) == "-#");
  CHECK(sparkline(values, 0, 100, Charset::ascii).empty());
  CHECK(sparkline({}, 3, 100, Charset::ascii) == "   ");
}

TEST_CASE("a sparkline leaves blank what is not known, and stands any number") {
  CHECK(sparkline(Series{1, std::nullopt, 1}, 3, 1, Charset::ascii) == "# #");
  CHECK(sparkline(Series{-5, 1e300, std::numeric_limits<double>::infinity()}, 3, 1, Charset::ascii) == "_##");
  CHECK(sparkline(Series{std::numeric_limits<double>::quiet_NaN(), 0}, 2, 1, Charset::ascii) == "__");
  CHECK(sparkline(Series{0, 5}, 2, 0, Charset::ascii) == "__");
}

TEST_CASE("a graph of several lines is one column high in all of them") {
  const Series values{0, 25, 50, 75, 100, std::nullopt};
  CHECK(graph(values, {2, 6}, 100, Charset::utf8) == std::vector<std::string>{"   ▄█ ", "▁▄███ "});
  CHECK(graph(values, {0, 6}, 100, Charset::utf8).empty());
}

TEST_CASE("trends keep the last values of each figure") {
  Trends trends(3);
  CHECK(trends.of(Figure::cpu).empty());
  CHECK(trends.cpu_of(1).empty());
  auto snapshot = made_up(2);
  for (const double rate : {1.0, 2.0, 3.0, 4.0}) {
    snapshot.overview.sample.request_rate = RequestsPerSecond{rate};
    trends.add(snapshot);
  }
  CHECK(trends.of(Figure::request_rate) == Series{2, 3, 4});
  CHECK(trends.of(Figure::response_time) == Series{23.4, 23.4, 23.4});
  CHECK(trends.of(Figure::error_rate) == Series{0.12, 0.12, 0.12});
  CHECK(trends.cpu_of(1).size() == 3);
  snapshot.overview.sample.request_rate.reset();
  trends.add(snapshot);
  CHECK(trends.of(Figure::request_rate) == Series{3, 4, std::nullopt});
}

TEST_CASE("an instance that is gone takes its trend with it, unless Docker did not answer") {
  Trends trends(5);
  trends.add(made_up(2));
  auto blind = made_up(0);
  blind.overview.docker_error = Error{Errc::unreachable, "no answer"};
  trends.add(blind);
  REQUIRE(trends.cpu_of(2).size() == 2);
  CHECK(trends.cpu_of(2).front().has_value());
  CHECK_FALSE(trends.cpu_of(2).back().has_value());
  trends.add(made_up(1));
  CHECK(trends.cpu_of(1).size() == 3);
  CHECK(trends.cpu_of(2).empty());
}

TEST_CASE("trends begin with the history, and know nothing where it has a gap") {
  Trends trends(6);
  const auto t0 = k_made_up_at - 50s;
  trends.fill({{.at = t0, .cpu = spread<Percent>(10), .response_time = spread<Milliseconds>(7)},
               {.at = t0 + 10s, .cpu = spread<Percent>(20)},
               {.at = t0 + 30s, .cpu = spread<Percent>(40)}},
              {{.number = 1, .at = t0 + 10s, .cpu = spread<Percent>(11), .memory = spread<Percent>(50)},
               {.number = 1, .at = t0 + 30s, .cpu = spread<Percent>(13)},
               {.number = 2, .at = t0 + 40s, .cpu = spread<Percent>(21)}},
              10s, k_made_up_at);
  CHECK(trends.of(Figure::cpu) == Series{10, 20, std::nullopt, 40, std::nullopt});
  CHECK(trends.of(Figure::response_time) == Series{7, std::nullopt, std::nullopt, std::nullopt, std::nullopt});
  CHECK(trends.cpu_of(1) == Series{11, std::nullopt, 13, std::nullopt});
  CHECK(trends.cpu_of(2) == Series{21});
  trends.add(made_up(1));
  CHECK(trends.of(Figure::cpu).size() == 6);
  CHECK(trends.cpu_of(2).empty());
}

TEST_CASE("a history that ended long ago leaves nothing but blanks") {
  Trends trends(4);
  trends.fill({{.at = k_made_up_at - 240h, .cpu = spread<Percent>(10)}}, {}, 5s, k_made_up_at);
  CHECK(trends.of(Figure::cpu) == Series(4));
  Trends none(4);
  none.fill({}, {}, 5s, k_made_up_at);
  CHECK(none.of(Figure::cpu).empty());
}

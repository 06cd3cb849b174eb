#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/sandbox/shape.hpp"

namespace kscale::sandbox {

namespace {

std::vector<double> arrivals(const char* text) {
  Arrivals arrivals(parse_shape(text).value());
  std::vector<double> times;
  while (const auto time = arrivals.next()) {
    times.push_back(time->count());
  }
  return times;
}

}  // namespace

TEST_CASE("a held rate gives one request after the other, evenly") {
  CHECK(arrivals("4:1") == std::vector<double>{0, 0.25, 0.5, 0.75});
}

TEST_CASE("a step goes on where the one before it has ended") {
  const auto times = arrivals("10:1,100:1");
  CHECK(times.size() == 110);
  CHECK(times[10] == Approx(1));
  CHECK(times[11] == Approx(1.01));
}

TEST_CASE("a ramp rises to its end") {
  const auto times = arrivals("0-100:2");
  CHECK(times.size() == 100);
  CHECK(times[25] == Approx(1));
  CHECK(times[99] == Approx(2).margin(0.02));
}

TEST_CASE("a pause sends nothing") {
  CHECK(arrivals("0:5,2:1") == std::vector<double>{5, 5.5});
}

TEST_CASE("a shape that cannot be read says which part") {
  CHECK(parse_shape("10:1,x:2").error().what == "load '10:1,x:2': 'x:2' is not RPS:SECONDS nor RPS-RPS:SECONDS");
  CHECK_FALSE(parse_shape(""));
  CHECK_FALSE(parse_shape("10"));
  CHECK_FALSE(parse_shape("10:1,"));
  CHECK_FALSE(parse_shape("-5:1"));
}

}  // namespace kscale::sandbox

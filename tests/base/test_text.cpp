#include <catch2/catch.hpp>

#include "libscale/base/text.hpp"

namespace kscale {
namespace {

using namespace std::chrono_literals;

TEST_CASE("what is blank around a text is left away, and nothing inside it") {
  CHECK(trimmed(" \t one  two\r\n") == "one  two");
  CHECK(trimmed("one") == "one");
  CHECK(trimmed(" \r\n\t").empty());
  CHECK(trimmed("").empty());
}

TEST_CASE("a span is told in seconds, and in milliseconds where it is no whole number of them") {
  CHECK(in_seconds(30s) == "30s");
  CHECK(in_seconds(1500ms) == "1500ms");
  CHECK(in_seconds(0ms) == "0s");
}

}  // namespace
}  // namespace kscale

#include <catch2/catch.hpp>

#include "libscale/net/json_figures.hpp"

using namespace kscale;
using namespace std::chrono_literals;

TEST_CASE("for programs figures have two decimals, and what is not known is null") {
  CHECK(json::of(std::optional(Percent{12.3456})) == json::Value(12.35));
  CHECK(json::of(std::optional(RequestsPerSecond{0.006})) == json::Value(0.01));
  CHECK(json::of(std::optional(BytesPerSecond{1.5})) == json::Value(1.5));
  CHECK(json::of(std::optional(Milliseconds(0.349))) == json::Value(0.35));
  CHECK(json::of(std::optional(2.0 / 3)) == json::Value(0.67));
  CHECK(json::of(std::optional(90s)) == json::Value(90));
  CHECK(json::of(std::optional(Bytes{7})) == json::Value(std::uint64_t{7}));
  CHECK(json::of(std::optional(7)) == json::Value(7));
  CHECK(json::of(std::optional<Percent>()).is_null());
  CHECK(json::of(std::optional<int>()).is_null());
  CHECK(json::of(std::optional<std::string>()).is_null());
  CHECK(json::of(std::optional(Error{Errc::failed, "no answer"})) == json::Value("no answer"));
  CHECK(json::of(std::optional<Error>()).is_null());
}

TEST_CASE("for programs a text that is empty is null, and lines are a list") {
  CHECK(json::of(std::optional<std::string>("")) == json::Value(""));
  CHECK(json::text_or_null("").is_null());
  CHECK(json::text_or_null("web-1") == json::Value("web-1"));
  CHECK(json::of(std::vector<std::string>()) == json::Value::array());
  CHECK(json::of(std::vector<std::string>{"a", "b"}) == json::Value(json::Value::Array{"a", "b"}));
}

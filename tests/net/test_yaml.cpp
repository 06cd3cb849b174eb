#include <catch2/catch.hpp>

#include "libscale/net/yaml.hpp"

using namespace kscale;

TEST_CASE("YAML is read, and its scalars as they are written") {
  const auto root = yaml::parse("a: '0123'\nb: [1]\n");
  REQUIRE(root.has_value());
  CHECK(yaml::scalar((*root)["a"]) == "0123");
  CHECK(yaml::scalar((*root)["b"]).empty());
  CHECK(yaml::scalar((*root)["c"]).empty());
}

TEST_CASE("an error gives the line of what is no YAML or too deep, and none of the text") {
  CHECK(yaml::parse("a: 1\nb: [s3cret\n").error() == Error{Errc::invalid, "not valid YAML at line 3"});
  const auto deep = "a: 1\nb: " + std::string(10'000, '[') + std::string(10'000, ']');
  CHECK(yaml::parse(deep).error() == Error{Errc::invalid, "nested too deeply at line 2"});
}

#include <cmath>
#include <cstdint>

#include <catch2/catch.hpp>

#include "libscale/base/number.hpp"

using kscale::number_in;

TEST_CASE("a text that is a number as a whole is read") {
  CHECK(number_in<int>("0") == 0);
  CHECK(number_in<int>("-17") == -17);
  CHECK(number_in<std::uint64_t>("18446744073709551615") == 18'446'744'073'709'551'615U);
  CHECK(number_in<double>("1.5e3") == 1500);
  CHECK(std::isinf(number_in<double>("Inf").value()));
  CHECK(std::isnan(number_in<double>("NaN").value()));
}

TEST_CASE("a text that is no number, or more than one, is none") {
  for (const auto* const text : {"", " 1", "1 ", "+1", "1x", "x", "0x10", "1,5", "--1", "-"}) {
    CAPTURE(text);
    CHECK_FALSE(number_in<int>(text).has_value());
    CHECK_FALSE(number_in<double>(text).has_value());
  }
  CHECK_FALSE(number_in<int>("1.5").has_value());
  CHECK_FALSE(number_in<unsigned>("-1").has_value());
}

TEST_CASE("a number that does not fit is none") {
  CHECK_FALSE(number_in<int>("2147483648").has_value());
  CHECK_FALSE(number_in<unsigned char>("256").has_value());
  CHECK_FALSE(number_in<double>("1e999").has_value());
}

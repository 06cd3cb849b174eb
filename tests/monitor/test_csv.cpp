#include <limits>

#include <catch2/catch.hpp>

#include "libscale/monitor/csv.hpp"

using namespace kscale::monitor;

TEST_CASE("fields with commas, quotes and line breaks are quoted, and no other") {
  CHECK(csv_line({"plain", "a,b", "say \"hi\"", "two\nlines", " blank "}) ==
        "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\", blank \n");
  CHECK(csv_line({"", "", "x", ""}) == ",,x,\n");
}

TEST_CASE("outside text is no formula and has no line break in CSV") {
  CHECK(csv_text("shop-1") == "shop-1");
  CHECK(csv_text("").empty());
  for (const std::string formula : {"=1+1", "+1", "-1", "@SUM(A1)"}) {
    CHECK(csv_text(formula) == "'" + formula);
  }
  CHECK(csv_text("\t=1+1") == "'\\x09=1+1");
  CHECK(csv_text("a\r\nb\xff") == "a\\x0d\\x0ab\\xff");
}

TEST_CASE("a figure has two decimals at most in CSV, and is empty where it is not known") {
  CHECK(csv_number(12.3456) == "12.35");
  CHECK(csv_number(12) == "12");
  CHECK(csv_number(-0.001) == "0");
  CHECK(csv_number(22'020'096'000'000) == "22020096000000");
  CHECK(csv_number(std::nullopt).empty());
  CHECK(csv_number(std::numeric_limits<double>::quiet_NaN()).empty());
  CHECK(csv_number(std::numeric_limits<double>::infinity()).empty());
}

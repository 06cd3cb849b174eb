#include <catch2/catch.hpp>

#include "libscale/operate/table.hpp"

using kscale::operate::Column;
using kscale::operate::table_of;
using Align = Column::Align;

TEST_CASE("columns are as wide as their widest cell, numbers stand right, and no line ends in blanks") {
  CHECK(table_of({{"NAME"}, {"WEIGHT", Align::right}, {"HEALTH"}},
                 {{"street-noshery-backend-1:3020", "100", "HEALTHY"}, {"short:1", "0", ""}}) ==
        "NAME                           WEIGHT  HEALTH\n"
        "street-noshery-backend-1:3020     100  HEALTHY\n"
        "short:1                             0\n");
}

TEST_CASE("a table without rows is its header, and rows may be short") {
  CHECK(table_of({{"A"}, {"B", Align::right}}, {}) == "A  B\n");
  CHECK(table_of({{"A"}, {"B", Align::right}}, {{"first"}}) ==
        "A      B\n"
        "first\n");
}

TEST_CASE("characters count and not bytes, and what cannot be shown is escaped") {
  CHECK(table_of({{"A"}, {"B"}}, {{"caf\xc3\xa9", "1"}, {"cafe", "2"}, {"\x1b[2J", "3"}, {"a\nb", "4"}}) ==
        "A        B\n"
        "caf\xc3\xa9     1\n"
        "cafe     2\n"
        "\\x1b[2J  3\n"
        "a\\x0ab   4\n");
}

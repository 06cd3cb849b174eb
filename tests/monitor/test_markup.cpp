#include <catch2/catch.hpp>

#include "libscale/monitor/markup.hpp"

using kscale::monitor::escaped;

TEST_CASE("outside text cannot become markup, neither as text nor between quotes") {
  CHECK(escaped("<script>alert('1 & 2')</script>") == "&lt;script&gt;alert(&#39;1 &amp; 2&#39;)&lt;/script&gt;");
  CHECK(escaped(R"(" onload="x)") == "&quot; onload=&quot;x");
  CHECK(escaped("caf\u00e9 3 \u2192 4") == "caf\u00e9 3 \u2192 4");
}

TEST_CASE("outside text is made printable, and cut where it is endless") {
  CHECK(escaped("a\x1b[31m\nb\xff") == "a\\x1b[31m\\x0ab\\xff");
  CHECK(escaped("abcdef", 3) == "abc...");
}

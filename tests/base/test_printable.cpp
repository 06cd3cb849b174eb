#include <catch2/catch.hpp>

#include "libscale/base/printable.hpp"

using kscale::printable;

TEST_CASE("text that can be shown stays as it is") {
  CHECK(printable("list containers of 'shop'") == "list containers of 'shop'");
  CHECK(printable("").empty());
  CHECK(printable("Zoë 日本") == "Zoë 日本");
}

TEST_CASE("control characters are shown by their number, so that text stays on one line and sets no colours") {
  CHECK(printable("a\nb\r\tc") == R"(a\x0ab\x0d\x09c)");
  CHECK(printable("\x1b[31mred") == R"(\x1b[31mred)");
  CHECK(printable("\x7f") == R"(\x7f)");
  CHECK(printable(std::string_view("\0x", 2)) == R"(\x00x)");
}

TEST_CASE("the control characters beyond ASCII are shown by their numbers too") {
  CHECK(printable("\xc2\x9b"
                  "31mred") == R"(\xc2\x9b31mred)");
  CHECK(printable("\xc2\x80\xc2\x9f") == R"(\xc2\x80\xc2\x9f)");
  CHECK(printable("\xc2\xa0\xc2\xa9") == "\xc2\xa0\xc2\xa9");
}

TEST_CASE("text is cut beyond what is asked for") {
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdefg", 6) == "abcdef...");
  CHECK(printable("a\nb", 2) == R"(a\x0a...)");
  CHECK(printable(std::string(300, 'x')).size() == 300);
  CHECK(printable(std::string(301, 'x')) == std::string(300, 'x') + "...");
}

TEST_CASE("text is not cut within a character") {
  CHECK(printable("abë", 3) == "ab...");
  CHECK(printable("abë", 4) == "abë");
  CHECK(printable("日本", 5) == "日...");
  CHECK(printable("日", 2) == "...");
}

TEST_CASE("bytes that are no characters do not make the cut run away") {
  CHECK(printable(std::string(10, '\x80'), 6) == R"(\x80\x80\x80\x80\x80\x80...)");
}

TEST_CASE("bytes that are no characters are shown by their numbers") {
  CHECK(printable("caf\xe9 au lait") == R"(caf\xe9 au lait)");              // Latin-1
  CHECK(printable("\x9b[31m") == R"(\x9b[31m)");                            // a control character of one byte
  CHECK(printable("\xc0\xaf \xe0\x80\xaf") == R"(\xc0\xaf \xe0\x80\xaf)");  // overlong
  CHECK(printable("\xed\xa0\x80") == R"(\xed\xa0\x80)");                    // half of a surrogate pair
  CHECK(printable("\xf4\x90\x80\x80 \xff") == R"(\xf4\x90\x80\x80 \xff)");
  CHECK(printable("\xe6\x97") == R"(\xe6\x97)");  // broken off
  CHECK(printable("\xe6\x97x") == R"(\xe6\x97x)");
  CHECK(printable("\xe6\x97\xa5 \xf0\x9f\x90\xb3 \xc3\xab") == "\xe6\x97\xa5 \xf0\x9f\x90\xb3 \xc3\xab");
}

TEST_CASE("text is made valid UTF-8 byte by byte, and left as it is where it is so already") {
  CHECK(kscale::valid_utf8("a\xff\xe6\x97 b") == "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd b");
  CHECK(kscale::valid_utf8("日本\n") == "日本\n");
  CHECK(kscale::valid_utf8("").empty());
}

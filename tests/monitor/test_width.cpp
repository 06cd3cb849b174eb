#include <catch2/catch.hpp>

#include "libscale/monitor/width.hpp"

using namespace kscale::monitor;
using Lines = std::vector<std::string>;

TEST_CASE("a text is as wide as the terminal shows it") {
  CHECK(width_of("") == 0);
  CHECK(width_of("shop-1") == 6);
  CHECK(width_of("caf\xc3\xa9") == 4);
  CHECK(width_of("e\xcc\x81") == 1);                             // a letter and its accent
  CHECK(width_of("\xe6\xbc\xa2\xe5\xad\x97") == 4);              // two ideographs
  CHECK(width_of("\xf0\x9f\x9a\x80") == 2);                      // a rocket
  CHECK(width_of("\xe2\x96\x81\xe2\x94\x80\xe2\x96\xa0") == 3);  // what we draw with
}

TEST_CASE("a text is cut between characters, and a wide one that fits only by half is left out") {
  CHECK(cut("shop", 10) == "shop");
  CHECK(cut("shop", 2) == "sh");
  CHECK(cut("shop", 0).empty());
  CHECK(cut("shop", -1).empty());
  CHECK(cut("a\xe6\xbc\xa2\xe5\xad\x97", 2) == "a");
  CHECK(cut("a\xe6\xbc\xa2\xe5\xad\x97", 3) == "a\xe6\xbc\xa2");
  CHECK(cut("e\xcc\x81x", 1) == "e\xcc\x81");
}

TEST_CASE("lines break at blanks, and within a word that is longer than a line") {
  CHECK(wrapped("no answer from Kong", 10) == Lines{"no answer", "from Kong"});
  CHECK(wrapped("no answer", 9) == Lines{"no answer"});
  CHECK(wrapped("unix:/var/run/docker.sock", 10) == Lines{"unix:/var/", "run/docker", ".sock"});
  CHECK(wrapped("a  b", 1) == Lines{"a", "b"});
  CHECK(wrapped("", 10).empty());
  CHECK(wrapped("text", 0).empty());
  CHECK(wrapped("\xe6\xbc\xa2"
                "ab",
                1) == Lines{"a", "b"});
}

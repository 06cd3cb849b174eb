#include <catch2/catch.hpp>

#include "libscale/docker/mask.hpp"

using kscale::docker::Mask;

TEST_CASE("what is hidden is hidden wherever it stands, the longer before the shorter") {
  Mask mask;
  mask.hide("sekrit");
  mask.hide("sekrit-and-more");
  CHECK(mask.applied("a sekrit, sekritsekrit and sekrit-and-more") == "a ***, ****** and ***");
  CHECK(mask.applied("nothing") == "nothing");
  CHECK(mask.applied("").empty());
}

TEST_CASE("each line of a secret is hidden, and what is too short is left alone") {
  Mask mask;
  mask.hide("-----BEGIN-----\r\nMIIEv\n  ab=\n\n");
  mask.hide("abc");
  mask.hide("30201");
  mask.hide("302017");
  CHECK(mask.applied("abc 30201 302017") == "abc 30201 ***");
  CHECK(mask.applied("-----BEGIN-----MIIEv ab=") == "****** ab=");
}

TEST_CASE("the password in a URL is hidden, also by itself") {
  Mask mask;
  mask.hide("mongodb://shop:p@ss/word@db/shop");
  mask.hide("mongodb://shop:pass-word@db/shop");
  CHECK(mask.applied("to mongodb://shop:pass-word@db/shop: pass-word is wrong") ==
        "to mongodb://shop:***@db/shop: *** is wrong");
  CHECK(Mask().applied("https://me:x@a/ and http://b:80/c:d@e, ftp://u:p:q@[::1]") ==
        "https://me:***@a/ and http://b:80/c:d@e, ftp://u:***@[::1]");
}

TEST_CASE("the value that a secret's name is given is hidden, whatever it is") {
  const Mask mask;
  CHECK(mask.applied("ARG NPM_TOKEN=abc PORT=3020") == "ARG NPM_TOKEN=*** PORT=3020");
  CHECK(mask.applied(R"({"password": "a b'c", "user": "me"} db_password: xyz)") ==
        R"({"password": "***", "user": "me"} db_password: ***)");
  CHECK(mask.applied("['X_SECRET=a', 'Y=b']") == "['X_SECRET=***', 'Y=b']");
  CHECK(mask.applied("no such service: backend; TOKEN=") == "no such service: backend; TOKEN=");
  CHECK(mask.applied("KEY=") == "KEY=");
  CHECK(mask.applied("KEY=\"") == "KEY=\"");
}

TEST_CASE("the values of an .env file are hidden, quoted or not") {
  Mask mask;
  mask.hide_values(
      "# PASS=comment\nA=plain1\nexport B = \"two words\"\r\nC='x # y'\nD=value # "
      "why\nE\nF=\nG=\"half\nCOMPOSE_X=public\n",
      [](std::string_view name) { return name == "COMPOSE_X"; });
  CHECK(mask.applied("public") == "public");
  CHECK(mask.applied("plain1|two words|x # y|value|comment|half") == "***|***|***|***|comment|***");
}

TEST_CASE("a word that is public stays, though a secret has the same text or is a part of it") {
  Mask mask;
  mask.hide("backend-1");
  mask.hide("backend-1-secret");
  mask.keep("backend-1");
  CHECK(mask.applied("backend-1 backend-1-secret") == "backend-1 ***");
  mask.hide("back");
  mask.hide("shop");
  mask.keep("shop-shop-1");
  CHECK(mask.applied("back backend-1 back-end shop-shop-1 shop-shop-2") ==
        "*** backend-1 ***-end shop-shop-1 ***-***-2");
}

TEST_CASE("a long line is looked through in a time that grows with its length") {
  std::string line;  // by the square, this would take minutes
  for (int n = 0; n < 500'000; ++n) {
    line += "a=";
  }
  CHECK(Mask().applied(line) == line);
  CHECK(Mask().applied(line + " token=abc") == line + " token=***");
}

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "libscale/kong/exposition.hpp"

using namespace kscale;
using kong::parse_exposition;
using Samples = std::vector<kong::Sample>;

namespace {

bool all(std::string_view) {
  return true;
}

Samples samples_in(std::string_view text) {
  const auto samples = parse_exposition(text, all);
  REQUIRE(samples.has_value());
  return *samples;
}

Error error_of(std::string_view text) {
  const auto samples = parse_exposition(text, all);
  REQUIRE_FALSE(samples.has_value());
  return samples.error();
}

}  // namespace

TEST_CASE("a sample has a name, labels and a value") {
  const auto samples = samples_in("# TYPE hits counter\nhits{service=\"shop\",code=\"200\"} 50\n\nup 1\n");
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].name == "hits");
  CHECK(samples[0].label("service") == "shop");
  CHECK(samples[0].label("code") == "200");
  CHECK(samples[0].value == 50);
  CHECK(samples[1].name == "up");
  CHECK(samples[1].labels.empty());
}

TEST_CASE("a label that is not there reads as an empty one") {
  const auto samples = samples_in("hits{consumer=\"\"} 1\n");
  CHECK(samples.front().label("consumer").empty());
  CHECK(samples.front().label("route").empty());
}

TEST_CASE("labels may hold escapes, braces, commas and spaces between them") {
  const auto samples = samples_in(R"(hits{ a="say \"hi\"", b="C:\\new" , c="one\ntwo", d="{x,y}" , } 3)"
                                  "\n");
  REQUIRE(samples.size() == 1);
  CHECK(samples[0].label("a") == "say \"hi\"");
  CHECK(samples[0].label("b") == "C:\\new");
  CHECK(samples[0].label("c") == "one\ntwo");
  CHECK(samples[0].label("d") == "{x,y}");
  CHECK(samples[0].value == 3);
}

TEST_CASE("values are read as Prometheus writes them, with or without a time behind") {
  const auto samples = samples_in("a 1.5e3\nb -2\nc\t7 1795472071755\r\nd{x=\"1\"}0.25\n");
  REQUIRE(samples.size() == 4);
  CHECK(samples[0].value == 1500);
  CHECK(samples[1].value == -2);
  CHECK(samples[2].value == 7);
  CHECK(samples[3].value == 0.25);
}

TEST_CASE("values that are no number are read as such") {
  const auto samples = samples_in("a NaN\nb +Inf\nc -Inf\nd 1\n");
  REQUIRE(samples.size() == 4);
  CHECK(std::isnan(samples[0].value));
  CHECK(samples[1].value == std::numeric_limits<double>::infinity());
  CHECK(samples[2].value == -std::numeric_limits<double>::infinity());
  CHECK(samples[3].value == 1);
}

TEST_CASE("samples that nobody wants are passed over, well formed or not") {
  const auto samples =
      parse_exposition("other{broken\nhits 1\nother 2\n", [](std::string_view name) { return name == "hits"; });
  REQUIRE(samples.has_value());
  REQUIRE(samples->size() == 1);
  CHECK(samples->front().value == 1);
}

TEST_CASE("an empty text has no samples") {
  CHECK(samples_in("").empty());
  CHECK(samples_in("\n\n# nothing yet\n").empty());
}

TEST_CASE("a page of HTML is refused at its first line") {
  CHECK(error_of("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n") ==
        Error{Errc::invalid, "line 1 is not of Prometheus' text format"});
}

TEST_CASE("half a line is refused with its number") {
  for (const auto* const half : {"hits{service=\"sh", "hits{service=", "hits{service", "hits{", "hits{service=\"shop\"",
                                 "hits{service=\"shop\"}", "hits", "hits{service=\"shop\\"}) {
    CAPTURE(half);
    for (const auto* const more : {"", "\nup 1\n"}) {
      CHECK(error_of(std::string("# TYPE hits counter\nhits 1\n") + half + more) ==
            Error{Errc::invalid, "line 3 is not of Prometheus' text format"});
    }
  }
}

TEST_CASE("a page that is cut off is refused, wherever the cut is") {
  for (const auto* const last : {"kong_http_reque", "hits 12", "# TYPE", "other 1", " "}) {
    CAPTURE(last);
    const auto samples =
        parse_exposition(std::string("hits 1\n") + last, [](std::string_view name) { return name == "hits"; });
    REQUIRE_FALSE(samples.has_value());
    CHECK(samples.error() == Error{Errc::invalid, "line 2 is not of Prometheus' text format: no line break ends it"});
  }
}

TEST_CASE("a value that is none is refused") {
  for (const std::string line :
       {"hits many", "hits 1 soon", "hits 12x", R"(hits {a="b"} 1)", R"(hits{a="b" c="d"} 1)"}) {
    CAPTURE(line);
    CHECK(error_of(line + '\n') == Error{Errc::invalid, "line 1 is not of Prometheus' text format"});
  }
}

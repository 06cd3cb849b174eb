#include <cstdint>
#include <limits>
#include <string>

#include <catch2/catch.hpp>

#include "libscale/net/json.hpp"

using namespace kscale;
using json::Value;

namespace {

Value parsed(std::string_view text) {
  const auto value = json::parse(text);
  REQUIRE(value.has_value());
  return *value;
}

Error error_of(std::string_view text) {
  const auto value = json::parse(text);
  REQUIRE_FALSE(value.has_value());
  return value.error();
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("asking a JSON value for what is not there gives null or nothing") {
  const Value value = parsed(R"({"name":"web","ports":[80]})");
  CHECK(value["none"].is_null());
  CHECK(value["none"]["deeper"][""].is_null());
  CHECK(value["name"]["of a text"].is_null());
  CHECK(value["name"].items().empty());
  CHECK(value["ports"].members().empty());
  CHECK_FALSE(value["name"].as_int());
  CHECK_FALSE(value["ports"].as_string());
  CHECK_FALSE(value["none"].as_bool());
  CHECK_FALSE(value["name"].as_number());
  CHECK(value["none"].text_or("-") == "-");
  CHECK(value["name"].text_or("-") == "web");
  CHECK_FALSE(value.has("none"));
}

TEST_CASE("a member that is null is there") {
  const Value value = parsed(R"({"a":null})");
  CHECK(value.has("a"));
  CHECK(value["a"].is_null());
}

TEST_CASE("JSON members keep their order, read and written again") {
  const std::string text = R"({"z":1,"a":{"y":[true,false,null],"b":"x"},"m":[]})";
  CHECK(json::dump(parsed(text)) == text);
}

TEST_CASE("JSON members are set, replaced, added at the end and erased") {
  Value value = parsed(R"({"b":1,"a":2})");
  value.set("b", "new");
  value.set("c", Value::array());
  value.at("c").push_back(7);
  value.erase("a");
  value.erase("none");
  CHECK(json::dump(value) == R"({"b":"new","c":[7]})");
  Value text = "text";
  text.set("k", true);
  CHECK(json::dump(text) == R"({"k":true})");
}

TEST_CASE("JSON whole numbers keep every digit, up to the largest of 64 bits") {
  const Value value = parsed("[9223372036854775807,-9223372036854775808,18446744073709551615]");
  CHECK(value.items()[0].as_int() == std::numeric_limits<std::int64_t>::max());
  CHECK(value.items()[1].as_int() == std::numeric_limits<std::int64_t>::min());
  CHECK(value.items()[2].as_uint() == std::numeric_limits<std::uint64_t>::max());
  CHECK(json::dump(value) == "[9223372036854775807,-9223372036854775808,18446744073709551615]");
}

TEST_CASE("a JSON number is no integer where it does not fit or has a fraction") {
  CHECK_FALSE(parsed("18446744073709551615").as_int());
  CHECK_FALSE(parsed("18446744073709551616").as_uint());
  CHECK_FALSE(parsed("-1").as_uint());
  CHECK_FALSE(parsed("1.5").as_int());
  CHECK_FALSE(parsed("1.5").as_uint());
  CHECK(parsed("18446744073709551616").as_number() == 18446744073709551616.0);
  CHECK(parsed("-1").as_number() == -1.0);
  CHECK(parsed("18446744073709551615").as_number() == 18446744073709551615.0);
  CHECK(parsed("0.1").as_number() == 0.1);
}

TEST_CASE("JSON numbers that are not finite are refused, and written as null") {
  for (const auto* text : {"NaN", "Infinity", "-Infinity", "nan", "1e999", "[-1e999]"}) {
    CHECK(error_of(text).code == Errc::invalid);
  }
  CHECK(error_of("[1e-999]").what == "not valid JSON at byte 1: a number that is too large or too small");
  CHECK(json::dump(std::numeric_limits<double>::infinity()) == "null");
  CHECK(json::dump(std::numeric_limits<double>::quiet_NaN()) == "null");
}

TEST_CASE("control characters are escaped in JSON, also those that it lets stand as they are") {
  const Value value(std::string("a\x1b\n\x7f\xc2\x80\xc2\x9b\xc2\xa0\xc3\x9b"));
  CHECK(json::dump(value) == R"("a\u001B\n\u007f\u0080\u009b)"
                             "\xc2\xa0\xc3\x9b\"");
  CHECK(json::parse(json::dump(value)) == value);
}

TEST_CASE("a JSON number may be written in any way that is allowed") {
  CHECK(parsed("0e58").as_number() == 0.0);
  CHECK(parsed("-0").as_int() == 0);
  CHECK(parsed("-0.0").as_number() == 0.0);
  CHECK(parsed("5e-324").as_number() == 5e-324);
  CHECK(parsed("1.7976931348623157e308").as_number() == std::numeric_limits<double>::max());
  CHECK(parsed("18446744073709551616").as_number() == 18446744073709551616.0);
  CHECK(parsed("1E+2").as_number() == 100.0);
  CHECK(parsed(std::string(300, '9')).as_number() == 1e300);
  for (const auto* text : {"01", "+1", ".5", "1.", "1e", "-", "0x1", "1_000"}) {
    CHECK(error_of(text).code == Errc::invalid);
  }
}

TEST_CASE("a double that is a whole number is written as one") {
  CHECK(json::dump(3.0) == "3");
  CHECK(json::dump(-2.5) == "-2.5");
  CHECK(parsed(json::dump(1e300)).as_number() == 1e300);
  CHECK(parsed(json::dump(0.1 + 0.2)).as_number() == 0.1 + 0.2);
}

TEST_CASE("JSON texts hold any character, zero bytes included, and only valid UTF-8") {
  CHECK(parsed(R"("a\u0000b")").as_string() == std::string_view("a\0b", 3));
  CHECK(parsed("\"\\ud83d\\ude00\"").as_string() == "\xF0\x9F\x98\x80");
  const std::string odd("quote \" slash \\ line \n zero \0 end", 33);
  CHECK(parsed(json::dump(odd)).as_string() == odd);
  CHECK(error_of("\"\xFF\"").code == Errc::invalid);
  CHECK(error_of("\"\xC0\xAF\"").code == Errc::invalid);
  CHECK(error_of("\"\xED\xA0\x80\"").code == Errc::invalid);
  for (const auto* const half : {R"("\ud800")", R"(["\udc00"])", R"({"\udfff":1})", R"("\ude00\ud83d")"}) {
    CHECK(error_of(half).what.ends_with(": The surrogate pair in string is invalid."));
  }
  CHECK(parsed("\"\xED\x9F\xBF\"").as_string() == "\xED\x9F\xBF");
}

TEST_CASE("JSON is refused from the depth on that could cost us the stack") {
  CHECK(parsed(nested(json::k_max_depth)).is_array());
  CHECK(error_of(nested(json::k_max_depth + 1)) == Error{Errc::invalid, "JSON nested deeper than 100 levels"});
  CHECK(error_of(std::string(1'000'000, '[')).what == "JSON nested deeper than 100 levels");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) {
    objects += R"({"a":)";
  }
  CHECK(error_of(objects).what == "JSON nested deeper than 100 levels");
}

TEST_CASE("JSON of more values than anybody needs is refused, since each takes far more room than its text") {
  const auto list = [](std::size_t zeros) {
    std::string text = "[";
    for (std::size_t i = 0; i < zeros; ++i) {
      text += "0,";
    }
    text.back() = ']';
    return text;
  };
  CHECK(parsed(list(json::k_max_values - 1)).items().size() == json::k_max_values - 1);
  CHECK(error_of(list(json::k_max_values)) == Error{Errc::invalid, "JSON of more than 1000000 values"});
}

TEST_CASE("what is no UTF-8 is written as JSON all the same, as characters that stand for it") {
  CHECK(json::dump("a\xff\xc3") == "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(json::dump(Value::Object{{"\xed\xa0\x80", 1}}) == "{\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\":1}");
  CHECK(json::dump("Zoë 日本") == "\"Zoë 日本\"");
}

TEST_CASE("a JSON error gives the place, never the content") {
  const Error error = error_of(R"({"password":"s3cret" "next":1})");
  CHECK(error.code == Errc::invalid);
  CHECK(error.what == "not valid JSON at byte 21: Missing a comma or '}' after an object member.");
  CHECK(error_of(R"({"key":s3cret})").what == "not valid JSON at byte 7: Invalid value.");
}

TEST_CASE("JSON that is empty, cut off or followed by more is refused") {
  CHECK(error_of("").what == "not valid JSON at byte 0: The document is empty.");
  for (const auto* text : {"{", "[1,", "\"open", "tru", "{\"a\"}", "1 2", "{} x", "[1,]", "{\"a\":1,}", "// c\n1"}) {
    CHECK(error_of(text).code == Errc::invalid);
  }
  CHECK(error_of(std::string_view("{}\0", 3)).code == Errc::invalid);
  CHECK(parsed(" \n{} \t").is_object());
}

TEST_CASE("the first of two JSON members of one name is the one that is read") {
  CHECK(parsed(R"({"a":1,"a":2})")["a"].as_int() == 1);
}

TEST_CASE("JSON values are equal when kind and content are") {
  CHECK(parsed(R"({"a":[1,2]})") == parsed(R"( {"a" : [1, 2]} )"));
  CHECK_FALSE(parsed("1") == parsed("1.5"));
  CHECK_FALSE(parsed("null") == parsed("false"));
}

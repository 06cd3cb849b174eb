#include <string>

#include <catch2/catch.hpp>

#include "tests/sandbox/message.hpp"

namespace kscale::sandbox {

TEST_CASE("a request is put together from pieces, and the next one after it") {
  MessageReader reader(MessageReader::Kind::request);
  reader.add("POST /load HTTP/1.1\r\nContent-Length: 4\r\nX-A:  b \r\n\r\n10");
  CHECK_FALSE(reader.next());
  reader.add(":1GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto first = reader.next();
  REQUIRE(first);
  CHECK(first->method == "POST");
  CHECK(first->target == "/load");
  CHECK(first->body == "10:1");
  CHECK(first->keep_alive);
  CHECK(header_of(first->headers, "x-a") == "b");
  const auto second = reader.next();
  REQUIRE(second);
  CHECK(second->method == "GET");
  CHECK_FALSE(second->keep_alive);
  CHECK(reader.is_empty());
}

TEST_CASE("a chunked body is put together again") {
  MessageReader reader(MessageReader::Kind::response);
  reader.add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n4;x=y\r\n two\r\n0\r\n");
  CHECK_FALSE(reader.next());
  reader.add("\r\n");
  const auto message = reader.next();
  REQUIRE(message);
  CHECK(message->body == "one two");
}

TEST_CASE("a response without a length ends with its connection") {
  MessageReader reader(MessageReader::Kind::response);
  reader.add("HTTP/1.0 200 OK\r\n\r\nwhole");
  CHECK_FALSE(reader.next());
  const auto message = reader.next(true);
  REQUIRE(message);
  CHECK(message->body == "whole");
  CHECK_FALSE(message->keep_alive);
}

TEST_CASE("a response that has no body needs no length") {
  MessageReader reader(MessageReader::Kind::response);
  reader.add("HTTP/1.1 304 Not Modified\r\n\r\n");
  CHECK(reader.next());
  reader.expect_no_body(true);
  reader.add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  CHECK(reader.next());
}

TEST_CASE("what is no HTTP is said to be broken") {
  MessageReader reader(MessageReader::Kind::request);
  reader.add("hello\r\n\r\n");
  CHECK_FALSE(reader.next());
  CHECK(reader.is_broken());
}

TEST_CASE("headers that concern one connection are written anew") {
  Message request;
  request.method = "PUT";
  request.target = "/x";
  request.headers = {{"Host", "outside"}, {"Connection", "close"}, {"X-Kept", "yes"}, {"Content-Length", "99"}};
  request.body = "abc";
  CHECK(written(request, "inside:80") ==
        "PUT /x HTTP/1.1\r\nHost: inside:80\r\nX-Kept: yes\r\nContent-Length: 3\r\n\r\nabc");
}

}  // namespace kscale::sandbox

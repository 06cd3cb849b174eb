#include <array>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "tools/cli/keyboard.hpp"

using namespace kscale::cli;
using kscale::monitor::Key;
using Keys = std::vector<Key>;
using Name = Key::Name;

namespace {

Keys keys_of(std::string_view bytes) {
  KeyDecoder decoder;
  return decoder.feed(bytes);
}

Key named(Name name) {
  return {.name = name};
}

}  // namespace

TEST_CASE("characters are keys, and control characters and UTF-8 are not") {
  CHECK(keys_of("q?") == Keys{{.character = 'q'}, {.character = '?'}});
  CHECK(keys_of("\t\r") == Keys{named(Name::tab), named(Name::enter)});
  CHECK(keys_of("\x01\x7f\xc3\xa9").empty());
}

TEST_CASE("keys that send a sequence are known in each of its spellings") {
  const std::vector<std::pair<std::string_view, Name>> sequences{
      {"\x1b[A", Name::up},         {"\x1bOA", Name::up},         {"\x1b[B", Name::down},     {"\x1bOB", Name::down},
      {"\x1b[C", Name::right},      {"\x1b[D", Name::left},       {"\x1b[H", Name::home},     {"\x1bOH", Name::home},
      {"\x1b[1~", Name::home},      {"\x1b[7~", Name::home},      {"\x1b[F", Name::end},      {"\x1b[4~", Name::end},
      {"\x1b[5~", Name::page_up},   {"\x1b[6~", Name::page_down}, {"\x1b[Z", Name::back_tab}, {"\x1b[1;5A", Name::up},
      {"\x1b[5;2~", Name::page_up},
  };
  for (const auto& [sequence, name] : sequences) {
    CAPTURE(sequence.substr(1));
    CHECK(keys_of(sequence) == Keys{named(name)});
  }
}

TEST_CASE("a sequence may come in pieces") {
  KeyDecoder decoder;
  CHECK(decoder.feed("\x1b").empty());
  CHECK(decoder.is_waiting());
  CHECK(decoder.feed("[").empty());
  CHECK(decoder.feed("6").empty());
  CHECK(decoder.feed("~q") == Keys{named(Name::page_down), {.character = 'q'}});
  CHECK_FALSE(decoder.is_waiting());
}

TEST_CASE("an Escape that nothing follows is the key of that name") {
  KeyDecoder decoder;
  CHECK(decoder.feed("\x1b").empty());
  CHECK(decoder.give_up() == Keys{named(Name::escape)});
  CHECK(decoder.give_up().empty());
  CHECK(decoder.feed("\x1b\x1b[A") == Keys{named(Name::escape), named(Name::up)});
  CHECK(decoder.feed("\x1b[").empty());
  CHECK(decoder.give_up().empty());
}

TEST_CASE("sequences that mean nothing to us are passed over whole") {
  CHECK(keys_of("\x1b[15~q") == Keys{{.character = 'q'}});        // F5
  CHECK(keys_of("\x1b[200~q") == Keys{{.character = 'q'}});       // a paste begins
  CHECK(keys_of("\x1b[3~q") == Keys{{.character = 'q'}});         // Delete
  CHECK(keys_of("\x1b[<0;10;10Mq") == Keys{{.character = 'q'}});  // a mouse
  CHECK(keys_of("\x1b[24;80Rq") == Keys{{.character = 'q'}});     // where the cursor is
  CHECK(keys_of("\x1b[~q") == Keys{{.character = 'q'}});
  CHECK(keys_of("\x1bOPq") == Keys{{.character = 'q'}});         // F1
  CHECK(keys_of("\x1bxq") == Keys{{.character = 'q'}});          // Alt and x
  CHECK(keys_of("\x1b[" + std::string(500, '1')).size() > 400);  // no end: noise, not a sequence
}

TEST_CASE("the keyboard reads what was pressed, and sees when the terminal is gone") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  Keyboard keyboard(ends[0]);
  CHECK(keyboard.read().empty());
  REQUIRE(write(ends[1], "j\x1b[A", 4) == 4);
  CHECK(keyboard.read() == Keys{{.character = 'j'}, named(Name::up)});
  REQUIRE(write(ends[1], "\x1b", 1) == 1);
  CHECK(keyboard.read() == Keys{named(Name::escape)});
  CHECK_FALSE(keyboard.is_closed());
  close(ends[1]);
  CHECK(keyboard.read().empty());
  CHECK(keyboard.is_closed());
  close(ends[0]);
}

// What a terminal sends, or whoever holds its other end.

#include "tools/cli/keyboard.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "libscale/base/descriptor.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using Keys = std::vector<monitor::Key>;

void move_to(Keys& keys, Keys more) {
  std::ranges::move(more, std::back_inserter(keys));
}

/// The keys of the bytes, fed in pieces of this length.
Keys keys_of(std::string_view bytes, std::size_t length) {
  cli::KeyDecoder decoder;
  Keys keys;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(length, bytes.size()))) {
    move_to(keys, decoder.feed(bytes.substr(0, length)));
  }
  move_to(keys, decoder.give_up());
  require(!decoder.is_waiting(), "who gave up waits for nothing");
  return keys;
}

/// The keys as the dashboard reads them, of a terminal that is gone behind the bytes.
Keys keys_read(std::string_view bytes) {
  std::array<int, 2> ends{};
  require(pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe is made");
  const Descriptor out(ends[0]);
  {
    const Descriptor in(ends[1]);
    require(write(in.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "a pipe takes them");
  }
  cli::Keyboard keyboard(out.get());
  auto keys = keyboard.read();
  require(keyboard.is_closed(), "a terminal that is gone is told of");
  return keys;
}

}  // namespace

void take(std::string_view bytes) {
  const auto length = take_byte(bytes) % 8 + 1;
  const auto keys = keys_of(bytes, bytes.size() + 1);
  require(keys.size() <= bytes.size(), "no byte is two keys");
  for (const auto& key : keys) {
    const bool is_printable = key.character >= ' ' && key.character <= '~';
    require(is_printable == (key.name == monitor::Key::Name::character), "a character is one of ASCII");
  }
  require(keys_of(bytes, length) == keys, "keys are the same, wherever the bytes are split");
  require(keys_read(bytes) == keys, "keys are the same, read from a terminal");
  auto with_more = std::string(bytes) + "\x1b\x1b[Aq";
  const auto more = keys_of(with_more, with_more.size());
  require(more.size() >= 3 && more.back() == monitor::Key{.character = 'q'} &&
              more[more.size() - 2] == monitor::Key{.name = monitor::Key::Name::up},
          "what comes after anything is known");
}

}  // namespace kscale::fuzz

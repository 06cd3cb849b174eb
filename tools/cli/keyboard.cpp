#include "tools/cli/keyboard.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace kscale::cli {

namespace {

using monitor::Key;
using Name = Key::Name;

constexpr char k_escape = '\x1b';

std::optional<Key> plain_key(char byte) {
  switch (byte) {
    case '\t':
      return Key{.name = Name::tab};
    case '\r':
    case '\n':
      return Key{.name = Name::enter};
    default:
      return byte >= ' ' && byte <= '~' ? std::optional(Key{.character = byte}) : std::nullopt;
  }
}

/// A whole sequence without its Escape: `[A`, `OA`, `[5~`, `[1;2A`. Modifiers make no difference.
std::optional<Key> key_of(std::string_view sequence) {
  constexpr std::array<std::pair<char, Name>, 7> k_finals{{{'A', Name::up},
                                                           {'B', Name::down},
                                                           {'C', Name::right},
                                                           {'D', Name::left},
                                                           {'H', Name::home},
                                                           {'F', Name::end},
                                                           {'Z', Name::back_tab}}};
  constexpr std::array<std::pair<char, Name>, 6> k_numbers{{{'1', Name::home},
                                                            {'4', Name::end},
                                                            {'5', Name::page_up},
                                                            {'6', Name::page_down},
                                                            {'7', Name::home},
                                                            {'8', Name::end}}};
  const auto last = sequence.back();
  if (last == '~') {
    const bool one_digit = sequence.size() == 3 || sequence.substr(2, 1) == ";";
    const auto* const found = std::ranges::find(k_numbers, sequence[1], &std::pair<char, Name>::first);
    return one_digit && found != k_numbers.end() ? std::optional(Key{.name = found->second}) : std::nullopt;
  }
  const auto* const found = std::ranges::find(k_finals, last, &std::pair<char, Name>::first);
  return found != k_finals.end() ? std::optional(Key{.name = found->second}) : std::nullopt;
}

}  // namespace

std::vector<Key> KeyDecoder::feed(std::string_view bytes) {
  constexpr std::size_t k_longest = 32;
  std::vector<Key> keys;
  for (const char byte : bytes) {
    if (byte == k_escape) {
      std::ranges::move(give_up(), std::back_inserter(keys));
      m_begun = k_escape;
    } else if (m_begun.empty()) {
      if (const auto key = plain_key(byte)) {
        keys.push_back(*key);
      }
    } else if (m_begun.size() == 1 && byte != '[' && byte != 'O') {
      m_begun.clear();  // a key together with Alt
    } else {
      m_begun += byte;
      const bool ends = m_begun.size() > 2 && byte >= '@' && byte <= '~';
      if (ends) {
        if (const auto key = key_of(std::string_view(m_begun).substr(1))) {
          keys.push_back(*key);
        }
      }
      if (ends || m_begun.size() > k_longest) {
        m_begun.clear();
      }
    }
  }
  return keys;
}

std::vector<Key> KeyDecoder::give_up() {
  const bool alone = m_begun.size() == 1;
  m_begun.clear();
  return alone ? std::vector<Key>{{.name = Name::escape}} : std::vector<Key>{};
}

bool Keyboard::fill(int milliseconds, std::vector<Key>& keys) {
  pollfd wake{.fd = m_fd, .events = POLLIN, .revents = 0};
  if (m_closed || poll(&wake, 1, milliseconds) <= 0) {
    return false;
  }
  std::array<char, 256> bytes{};
  const auto count = ::read(m_fd, bytes.data(), bytes.size());
  if (count <= 0) {
    m_closed = count == 0 || (errno != EINTR && errno != EAGAIN);
    return false;
  }
  std::ranges::move(m_decoder.feed({bytes.data(), static_cast<std::size_t>(count)}), std::back_inserter(keys));
  return true;
}

std::vector<Key> Keyboard::read() {
  constexpr int k_for_the_rest = 40;  // of a sequence: more than a slow line takes, less than anybody feels
  std::vector<Key> keys;
  while (fill(m_decoder.is_waiting() ? k_for_the_rest : 0, keys)) {
  }
  std::ranges::move(m_decoder.give_up(), std::back_inserter(keys));
  return keys;
}

}  // namespace kscale::cli

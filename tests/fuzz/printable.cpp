// Outside text that is shown.

#include "libscale/base/printable.hpp"

#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

void take(std::string_view bytes) {
  constexpr std::size_t k_of_a_byte = 4;  // \xNN
  for (const std::size_t longest : {std::size_t{0}, std::size_t{20}, std::size_t{300}, bytes.size()}) {
    const auto shown = printable(bytes, longest);
    require_printable(shown, "a text that was made printable");
    require(shown.size() <= longest * k_of_a_byte + 3, "a text that is shown is not too long");
    for (const unsigned char c : shown) {
      require(c >= ' ' && c != 0x7f, "no control character is shown");
    }
  }
}

}  // namespace kscale::fuzz

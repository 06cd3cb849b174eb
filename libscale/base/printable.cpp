#include "libscale/base/printable.hpp"

#include <fmt/format.h>

namespace kscale {

std::string printable(std::string_view text, std::size_t longest) {
  constexpr unsigned char k_delete = 0x7f;
  std::string out;
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == k_delete) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return text.size() > longest ? out + "..." : out;
}

}  // namespace kscale

#include "libscale/monitor/markup.hpp"

#include "libscale/base/printable.hpp"

namespace kscale::monitor {

std::string escaped(std::string_view text, std::size_t longest) {
  std::string out;
  for (const char c : printable(text, longest)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace kscale::monitor

#include "libscale/monitor/wording.hpp"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "libscale/operate/figures.hpp"

namespace kscale::monitor {

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string number_text(double value) {
  auto text = fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
      text.pop_back();
    }
  }
  return text;
}

std::string text_of(Percent percent) {
  return fmt::format("{:g}%", percent.value);
}

std::string text_of(Milliseconds span) {
  return fmt::format("{:g} ms", span.count());
}

std::string text_of(std::chrono::seconds span) {
  auto text = operate::shown(span);
  if (const auto blank = text.find(" 0"); blank != std::string::npos) {
    text.erase(blank);
  }
  return text;
}

std::string text_of(WallTime time) {
  return fmt::format("{:%d %b %Y %H:%M}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time))));
}

}  // namespace kscale::monitor

// The log of a container: frames of several streams, or plain text; and logs merged as they grow.

#include "libscale/docker/log.hpp"

#include "libscale/operate/log_merge.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

void take(std::string_view bytes) {
  const auto lines = docker::parse_log(bytes);
  std::size_t length = 0;
  for (const auto& line : lines) {
    length += line.text.size();
    require(line.at.count() >= 0, "a line is not of before 1970");
    require(line.text.find('\n') == std::string::npos, "a line is one line");
  }
  require(length <= bytes.size(), "no more text comes out than went in");
  require(lines.size() <= bytes.size(), "no more lines come out than went in");

  const auto half = static_cast<std::ptrdiff_t>(lines.size() / 2);
  operate::LogMerge merge;
  const auto first = merge.merge({{"shop-1", {lines.begin(), lines.begin() + half}}, {"shop-2", lines}});
  const auto second = merge.merge({{"shop-1", lines}, {"shop-2", lines}});
  for (const auto* const merged : {&first, &second}) {
    for (std::size_t i = 0; i < merged->size(); ++i) {
      require_printable((*merged)[i].text, "a line that is shown");
      require(i == 0 || (*merged)[i - 1].at <= (*merged)[i].at, "lines come in the order of time");
    }
  }
  require(first.size() == static_cast<std::size_t>(half) + lines.size(), "all lines come once");
}

}  // namespace kscale::fuzz

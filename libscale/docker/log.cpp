#include "libscale/docker/log.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "libscale/docker/timestamp.hpp"

namespace kscale::docker {

namespace {

constexpr std::size_t k_head = 8;     ///< of a frame
constexpr std::size_t k_streams = 3;  ///< the input, which is never there, the output and the errors

struct Frame {
  std::size_t stream = 0;
  std::string_view payload;  ///< what there is of it
};

/// All frames; nothing where the text is not framed.
std::optional<std::vector<Frame>> frames_in(std::string_view text) {
  std::vector<Frame> frames;
  while (!text.empty()) {
    const auto byte = [text](std::size_t i) -> std::size_t { return static_cast<unsigned char>(text[i]); };
    if (text.size() < k_head || byte(0) >= k_streams || byte(1) != 0 || byte(2) != 0 || byte(3) != 0) {
      return std::nullopt;
    }
    const auto length = byte(4) << 24U | byte(5) << 16U | byte(6) << 8U | byte(7);
    frames.push_back({byte(0), text.substr(k_head, length)});
    text.remove_prefix(std::min(k_head + length, text.size()));
  }
  return frames;
}

/// Takes a time and the blank after it off the front of `text`.
std::optional<std::chrono::nanoseconds> take_time(std::string_view& text) {
  const auto blank = text.find(' ');
  const auto time = parse_timestamp(text.substr(0, blank));
  if (time) {
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  return time;
}

/// Puts lines together from the pieces of several streams.
class Lines {
 public:
  void take(std::size_t stream, std::string_view piece) {
    while (!piece.empty()) {
      const auto newline = piece.find('\n');
      take_line(m_begun.at(stream), piece.substr(0, newline));
      if (newline == std::string_view::npos) {
        return;
      }
      end_line(m_begun.at(stream));
      piece.remove_prefix(newline + 1);
    }
  }

  std::vector<LogLine> end() {
    for (auto& begun : m_begun) {
      end_line(begun);
    }
    return std::move(m_lines);
  }

 private:
  using Begun = std::optional<std::size_t>;  ///< the line whose end has not come

  void take_line(Begun& begun, std::string_view text) {
    const auto time = take_time(text);  // each piece of a line has one
    if (!begun) {
      const auto before = m_lines.empty() ? std::chrono::nanoseconds{0} : m_lines.back().at;
      begun = m_lines.size();
      m_lines.push_back({time.value_or(before), {}});
    }
    m_lines[*begun].text += text;
  }

  void end_line(Begun& begun) {
    if (begun && m_lines[*begun].text.ends_with('\r')) {
      m_lines[*begun].text.pop_back();
    }
    begun.reset();
  }

  std::vector<LogLine> m_lines;
  std::array<Begun, k_streams> m_begun;
};

}  // namespace

std::vector<LogLine> parse_log(std::string_view stream) {
  Lines lines;
  for (const auto& [number, payload] : frames_in(stream).value_or(std::vector<Frame>{{0, stream}})) {
    lines.take(number, payload);
  }
  return lines.end();
}

}  // namespace kscale::docker

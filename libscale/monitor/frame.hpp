#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kscale::monitor {

/// Of a terminal, or of a part of it.
struct Size {
  int rows = 0;
  int columns = 0;

  friend bool operator==(const Size&, const Size&) = default;
};

/// What a piece of text means. How that looks is the terminal's matter.
enum class Style { plain, dim, bold, accent, good, warning, bad, good_badge, warning_badge, bad_badge };

/// A piece of text in one style.
struct Run {
  std::string text;
  Style style = Style::plain;

  friend bool operator==(const Run&, const Run&) = default;
};

/// One line of a frame. All text must be printable.
class Line {
 public:
  Line() = default;
  Line(std::string_view text, Style style = Style::plain) { add(text, style); }

  const std::vector<Run>& runs() const { return m_runs; }
  int width() const { return m_width; }

  Line& add(std::string_view text, Style style = Style::plain);
  Line& add(const Line& other);
  /// Adds blanks up to that column; nothing where the line is as long already.
  Line& pad(int columns);
  /// Cuts the line to so many columns; `mark` then stands at its end.
  Line& fit(int columns, std::string_view mark);

 private:
  std::vector<Run> m_runs;
  int m_width = 0;
};

/// What a terminal shows: as many lines as it has rows, none wider than it.
struct Frame {
  Size size;
  std::vector<Line> lines;
};

/// The text alone, each line ended and none by a blank.
std::string text_of(const Frame& frame);

}  // namespace kscale::monitor

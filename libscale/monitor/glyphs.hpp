#pragma once

#include <array>
#include <string>
#include <string_view>

namespace kscale::monitor {

/// What the terminal can show.
enum class Charset { ascii, utf8 };

/// The signs that frames are drawn with, each one column wide, but for the arrow.
struct Glyphs {
  std::array<std::string_view, 8> steps;  ///< a column, from its lowest to the whole cell
  std::string_view bar;                   ///< the part of a bar that is used
  std::string_view bar_rest;
  std::string_view rule;  ///< between panels
  std::string_view dot;   ///< before what is wrong
  std::string_view ring;  ///< before what may soon be
  std::string_view arrow;
  std::string_view up;
  std::string_view down;
  std::string_view cut;  ///< where a text goes on
};

const Glyphs& glyphs_of(Charset charset);

/// Outside text as the terminal can show it: printable, and in ASCII with a question mark for each other column.
std::string within(Charset charset, std::string_view outside);

}  // namespace kscale::monitor

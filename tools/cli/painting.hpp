#pragma once

#include <string>

#include "libscale/monitor/frame.hpp"

namespace kscale::cli {

/// How a terminal tells styles apart.
enum class Palette {
  colours,  ///< the sixteen that every terminal has, as its owner has set them
  none,     ///< bold, dim and reversed only
};

/// The escape codes and text that paint the frame over what a terminal shows, from its upper left corner. Each line
/// ends with what erases the rest of it, so that nothing has to be erased before.
std::string painting_of(const monitor::Frame& frame, Palette palette);

}  // namespace kscale::cli

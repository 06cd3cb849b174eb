#pragma once

#include <string>
#include <string_view>

namespace kscale::fuzz {

/// A sound file damaged as the bytes say: some of it overwritten, never written, missing from the end or copied to
/// another place. So a few bytes of input reach every place of a large file, and most of it stays sound.
std::string damaged(std::string sound, std::string_view bytes);

}  // namespace kscale::fuzz

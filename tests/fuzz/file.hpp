#pragma once

#include <filesystem>
#include <string_view>

#include "tests/fakes/temp_dir.hpp"

namespace kscale::fuzz {

/// The folder of this process, made once and gone at its end. Where TMPDIR is in memory, a file in it costs little.
const fakes::TempDir& folder();

/// Writes a file in the folder, over the one before, and gives its path.
std::filesystem::path file(std::string_view name, std::string_view bytes);

}  // namespace kscale::fuzz

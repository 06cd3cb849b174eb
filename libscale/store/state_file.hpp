#pragma once

#include <filesystem>

#include "libscale/base/result.hpp"
#include "libscale/store/state.hpp"

namespace kscale::store {

/// The state kept in the file, an SQLite database; an empty state where there is none yet. `invalid` where the file is
/// damaged or of a newer kscale: the caller reports it, and may `set_aside` the file to begin anew.
Result<State> load_state(const std::filesystem::path& path);

/// Replaces the state in the file, all of it or nothing, and returns when it would outlast a power cut. The file is
/// made with mode 0600.
Status save_state(const std::filesystem::path& path, const State& state);

}  // namespace kscale::store

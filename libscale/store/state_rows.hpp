#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/store/state.hpp"

namespace kscale::store {

/// A state as it is kept: keys, and a value for each.
using StateRows = std::vector<std::pair<std::string, std::string>>;

StateRows rows_of(const State& state);

/// The state that the rows tell; keys of a later kscale are passed over. `invalid` where a value is not understood or
/// lacks its other half, such as a pause its beginning: the text names the key.
Result<State> state_of(const StateRows& rows);

}  // namespace kscale::store

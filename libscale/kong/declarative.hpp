#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/kong/target.hpp"

namespace kscale::kong {

/// Changes the targets of one upstream in the text that `GET /config` gives, and nothing else: every other byte stays,
/// so that no value can change its type or meaning on the way through us.
///
/// The text must be of the flat form that Kong writes (`targets` at the top, referring to the upstream by id). `new_id`
/// gives the UUID for a target that is added. Where an address is there twice, both are changed. The text comes back as
/// it was when all is so already. Fails with `not_found` for an upstream, or a target to weigh, that is not there, and
/// with `invalid` for a text of another form, such as one with aliases. No error repeats any of the text, which holds
/// credentials.
Result<std::string> with_changed_targets(std::string_view yaml, std::string_view upstream,
                                         const std::vector<TargetChange>& changes,
                                         const std::function<std::string()>& new_id);

}  // namespace kscale::kong

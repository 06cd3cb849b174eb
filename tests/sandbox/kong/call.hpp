#pragma once

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sandbox/http.hpp"
#include "tests/sandbox/kong/request.hpp"
#include "tests/sandbox/kong/state.hpp"

namespace kscale::sandbox {

/// One call of the Admin API. All of it outlives the call's handlers.
struct Call {
  KongState& state;
  const Question& question;
  const Request& request;
};

/// What a path can be asked, by method. Empty: there is no such path.
using Methods = std::vector<std::pair<std::string_view, std::function<Answer()>>>;

/// The methods of /upstreams and of /upstreams/U.
Methods upstream_methods(const Call& call);
/// The methods of /upstreams/U/targets and of all below it.
Methods target_methods(const Call& call);
/// The method of /upstreams/U/health.
Methods health_methods(const Call& call);
/// The methods of /config.
Methods config_methods(const Call& call);
/// The methods of any path of the Admin API.
Methods admin_methods(const Call& call);

/// What every write of one entity gets without a database.
Answer unsupported_without_database(std::string_view verb, std::string_view kind);

}  // namespace kscale::sandbox

#pragma once

#include <optional>
#include <string_view>

#include <tl/expected.hpp>

#include "libscale/net/json.hpp"
#include "tests/sandbox/docker/call.hpp"
#include "tests/sandbox/docker/images.hpp"
#include "tests/sandbox/docker/networks.hpp"
#include "tests/sandbox/docker/workload.hpp"

namespace kscale::sandbox::engine {

/// What the body of a create call asks for, before it has a name and an id; or what Docker says against it.
tl::expected<ContainerSpec, Answer> spec_of(const ApiCall& call, const Images& images);

/// The JSON that a call carries; or what Docker says against it.
tl::expected<json::Value, Answer> body_of(const ApiCall& call);

/// Docker's own lower bound of a memory limit.
std::optional<Answer> refuse_low_memory(const json::Value& host_config);
std::optional<Answer> refuse_bad_name(std::string_view name);

/// The networks that the body names, not plugged in yet.
std::vector<NetworkEndpoint> endpoints_of(const json::Value& body);
NetworkEndpoint endpoint_of(std::string_view network, const json::Value& settings);

}  // namespace kscale::sandbox::engine

#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "libscale/base/environment.hpp"
#include "libscale/base/result.hpp"
#include "libscale/net/http.hpp"

namespace kscale::docker {

/// Where the Docker Engine listens: at `docker_host`, which the setting docker-host names; where that is empty, it is
/// found as the docker command finds it: DOCKER_HOST, else the context named by
/// DOCKER_CONTEXT, else the current context of its settings, else unix:///var/run/docker.sock.
///
/// `home` is the user's home; the settings are in `home`/.docker, or where DOCKER_CONFIG says, and with neither there
/// are none. Only files are read, each of at most 1 MiB; nobody is asked. For a unix socket the base URL is
/// `http://localhost`. With DOCKER_TLS_VERIFY, or certificates in the context, TCP becomes TLS.
/// Errors: `invalid` (a value or a file that cannot be used, by its name; a host with credentials), `not_found` (a
/// context or a file that is not there), `unsupported` (ssh:// and the like, and TLS without verification). Source:
/// docker/cli, cli/command/cli.go, resolveContextName.
Result<net::Endpoint> resolve_endpoint(const EnvironmentLookup& environment, const std::filesystem::path& home,
                                       const std::string& docker_host = {});

/// The version that DOCKER_API_VERSION asks for; nothing where it is not set, or empty. `invalid` where it is none.
Result<std::optional<std::string>> api_version_in(const EnvironmentLookup& environment);

}  // namespace kscale::docker

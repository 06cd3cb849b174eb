// Where Docker is: the variables, the docker command's settings and a context of it.

#include "libscale/docker/endpoint.hpp"

#include <map>

#include "libscale/docker/compose.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

void look_at(const std::map<std::string, std::string>& variables, const std::filesystem::path& home) {
  const EnvironmentLookup lookup = [&](const std::string& name) {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  };
  if (const auto version = docker::api_version_in(lookup); !version) {
    require_printable(version.error().what, "why it is no version");
  }
  const auto endpoint = docker::resolve_endpoint(lookup, home);
  if (!endpoint) {
    require_printable(endpoint.error().what, "why Docker is not found");
    return;
  }
  require(endpoint->base_url.starts_with("http://") || endpoint->base_url.starts_with("https://"),
          "a URL has a scheme");
  require(endpoint->base_url.find('@') == std::string::npos, "no credentials are in a URL");
  require_printable(endpoint->shown(), "where Docker is");
  static_cast<void>(docker::with_engine({}, *endpoint));
}

}  // namespace

void take(std::string_view bytes) {
  const auto what = take_byte(bytes);
  if (what % 2 == 0) {
    const std::string host(take_part(bytes));
    look_at({{"DOCKER_HOST", host}, {"DOCKER_API_VERSION", std::string(bytes)}}, {});
    return;
  }
  static const auto config = [] {
    std::filesystem::create_directories(folder() / ".docker/contexts/meta/one");
    return std::string(".docker/config.json");
  }();
  file(config, take_part(bytes));
  file(".docker/contexts/meta/one/meta.json", bytes);
  look_at({}, folder().path());
  look_at({{"DOCKER_CONTEXT", "one"}}, folder().path());
}

}  // namespace kscale::fuzz

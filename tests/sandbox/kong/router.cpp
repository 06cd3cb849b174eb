#include "tests/sandbox/kong/router.hpp"

#include <cstddef>
#include <regex>

namespace kscale::sandbox {
namespace {

using json::Value;

/// How much of the path a path of a route takes; nothing where it does not match. `~` begins a regular expression,
/// which matches nothing when it is none.
std::optional<std::size_t> matched(std::string_view pattern, std::string_view path) {
  if (!pattern.starts_with('~')) {
    return path.starts_with(pattern) ? std::optional(pattern.size()) : std::nullopt;
  }
  try {
    const std::regex regex{std::string(pattern.substr(1))};
    std::match_results<std::string_view::const_iterator> match;
    const auto found =
        std::regex_search(path.begin(), path.end(), match, regex, std::regex_constants::match_continuous);
    return found ? std::optional(static_cast<std::size_t>(match.length(0))) : std::nullopt;
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

std::string joined(std::string base, std::string_view rest) {
  if (rest.empty()) {
    return base.empty() ? "/" : base;
  }
  if (base.ends_with('/')) {
    base.pop_back();
  }
  return base + (rest.starts_with('/') ? "" : "/") + std::string(rest);
}

}  // namespace

std::optional<Routed> routed(const Entities& entities, std::string_view path) {
  const auto bare = path.substr(0, path.find('?'));
  const auto query = path.substr(bare.size());
  std::optional<Routed> best;
  std::size_t longest = 0;
  for (const auto& route : entities.of("routes")) {
    const auto* service = entities.find("services", id_of(route["service"]));
    if (service == nullptr || (*service)["enabled"] == Value(false)) {
      continue;
    }
    for (const auto& pattern : route["paths"].items()) {
      const auto taken = matched(pattern.text_or("/"), bare);
      const auto length = pattern.text_or("").size();
      if (taken && (!best || length > longest)) {
        const bool strip = route["strip_path"] == Value(true);
        const auto rest = strip ? bare.substr(*taken) : bare;
        best = Routed{.route = route,
                      .service = *service,
                      .upstream_path = joined((*service)["path"].text_or(""), rest).append(query)};
        longest = length;
      }
    }
  }
  return best;
}

}  // namespace kscale::sandbox

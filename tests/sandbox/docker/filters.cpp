#include "tests/sandbox/docker/filters.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include <fmt/format.h>

#include "libscale/net/json.hpp"
#include "tests/sandbox/docker/call.hpp"
#include "tests/sandbox/docker/images.hpp"

namespace kscale::sandbox::engine {

namespace {

constexpr std::array<std::string_view, 16> k_known = {"ancestor", "before",    "exited", "expose", "health",  "id",
                                                      "is-task",  "isolation", "label",  "name",   "network", "publish",
                                                      "since",    "status",    "volume", "label!"};
constexpr std::array<std::string_view, 7> k_states = {"created",  "running", "paused", "restarting",
                                                      "removing", "exited",  "dead"};

bool matches_pattern(const std::string& text, const std::string& pattern) {
  try {
    return std::regex_search(text, std::regex(pattern, std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    return text == pattern;
  }
}

bool matches_label(const Container& container, std::string_view wanted) {
  const auto equals = wanted.find('=');
  const auto& labels = container.spec.body["Labels"];
  const auto key = wanted.substr(0, equals);
  return labels.has(key) && (equals == std::string_view::npos || labels[key].as_string() == wanted.substr(equals + 1));
}

std::string health_of(const Container& container) {
  return container.health_check && container.workload ? container.workload->health() : "none";
}

bool matches_value(const Container& container, std::string_view key, const std::string& value) {
  if (key == "name") {
    // Docker tries the name with and without its slash.
    return matches_pattern(container.spec.name, value) || matches_pattern("/" + container.spec.name, value);
  }
  if (key == "id") {
    return container.spec.id.starts_with(value);
  }
  if (key == "label") {
    return matches_label(container, value);
  }
  if (key == "status") {
    return name_of(container.state) == value;
  }
  if (key == "ancestor") {
    return tagged(container.spec.image) == tagged(value) || container.image_id == value;
  }
  if (key == "exited") {
    return container.state == ContainerState::exited && std::to_string(container.exit_code) == value;
  }
  if (key == "health") {
    return health_of(container) == value;
  }
  if (key == "network") {
    return std::any_of(container.endpoints.begin(), container.endpoints.end(), [&](const NetworkEndpoint& endpoint) {
      return endpoint.network == value || endpoint.network_id == value;
    });
  }
  return true;
}

}  // namespace

tl::expected<Filters, Answer> Filters::parse(std::string_view text) {
  Filters filters;
  if (text.empty()) {
    return filters;
  }
  const auto values = json::parse(text);
  if (!values || !values->is_object()) {
    const auto brace = text.find_first_not_of(' ');
    const char wrong = brace + 1 < text.size() ? text[brace + 1] : ' ';
    return tl::unexpected(
        refusal(500, fmt::format("invalid character '{}' looking for beginning of object key string", wrong)));
  }
  for (const auto& [key, list] : values->members()) {
    if (std::find(k_known.begin(), k_known.end(), key) == k_known.end()) {
      return tl::unexpected(refusal(400, fmt::format("Invalid filter '{}'", key)));
    }
    auto& texts = filters.m_values[key];
    for (const auto& value : list.items()) {
      texts.push_back(value.text_or(""));
    }
    // The older way of writing a set.
    for (const auto& [value, is_in] : list.members()) {
      if (is_in.as_bool().value_or(false)) {
        texts.push_back(value);
      }
    }
    for (const auto& value : texts) {
      if (key == "status" && std::find(k_states.begin(), k_states.end(), value) == k_states.end()) {
        return tl::unexpected(refusal(400, fmt::format("Invalid filter 'status={}'", value)));
      }
    }
  }
  return filters;
}

bool Filters::match(const Container& container) const {
  return std::all_of(m_values.begin(), m_values.end(), [&](const auto& filter) {
    const std::string& key = filter.first;
    const std::vector<std::string>& values = filter.second;
    const auto matches = [&](const std::string& value) { return matches_value(container, key, value); };
    if (values.empty()) {
      return true;
    }
    return key == "label" ? std::all_of(values.begin(), values.end(), matches)
                          : std::any_of(values.begin(), values.end(), matches);
  });
}

}  // namespace kscale::sandbox::engine

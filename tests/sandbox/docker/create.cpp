#include "tests/sandbox/docker/create.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace kscale::sandbox::engine {

namespace {

using json::Value;

constexpr std::int64_t k_lowest_memory = 6LL * 1024 * 1024;

std::vector<std::string> texts_of(const Value& value) {
  std::vector<std::string> texts;
  if (value.is_string()) {
    texts.push_back(value.text_or(""));
  }
  for (const auto& text : value.items()) {
    texts.push_back(text.text_or(""));
  }
  return texts;
}

std::string_view key_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

/// The image's variables, each replaced where the container brings its own.
std::vector<std::string> merged_env(const std::vector<std::string>& image, const Value& own) {
  auto env = texts_of(own);
  for (const auto& variable : image) {
    const bool replaced =
        std::any_of(env.begin(), env.end(), [&](const auto& mine) { return key_of(mine) == key_of(variable); });
    if (!replaced) {
      env.push_back(variable);
    }
  }
  return env;
}

std::vector<PublishedPort> ports_of(const Value& bindings) {
  std::vector<PublishedPort> ports;
  for (const auto& [port, list] : bindings.members()) {
    for (const auto& binding : list.items()) {
      const auto text = binding["HostPort"].text_or("");
      std::uint16_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      const bool has_protocol = port.find('/') != std::string::npos;
      ports.push_back({.container_port = has_protocol ? port : port + "/tcp",
                       .host_ip = binding["HostIp"].text_or(""),
                       .host_port = number});
    }
  }
  return ports;
}

bool has_config(const Value& body) {
  return std::any_of(body.members().begin(), body.members().end(), [](const auto& member) {
    return member.first != "HostConfig" && member.first != "NetworkingConfig";
  });
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_name_part(char c) {
  return is_name_start(c) || c == '_' || c == '.' || c == '-';
}

}  // namespace

tl::expected<Value, Answer> body_of(const ApiCall& call) {
  const auto media_type = call.content_type.substr(0, call.content_type.find(';'));
  if (media_type.empty() && !call.body.empty()) {
    return tl::unexpected(refusal(400, "malformed Content-Type header (): mime: no media type"));
  }
  if (!media_type.empty() && media_type != "application/json") {
    return tl::unexpected(
        refusal(400, fmt::format("Content-Type specified ({}) must be 'application/json'", media_type)));
  }
  if (call.body.empty()) {
    return tl::unexpected(refusal(500, "EOF"));
  }
  auto body = json::parse(call.body);
  if (!body) {
    return tl::unexpected(refusal(500, "unexpected EOF"));
  }
  return *body;
}

std::optional<Answer> refuse_low_memory(const Value& host_config) {
  const auto memory = host_config["Memory"].as_int().value_or(0);
  if (memory != 0 && memory < k_lowest_memory) {
    return refusal(400, "Minimum memory limit allowed is 6MB");
  }
  return std::nullopt;
}

std::optional<Answer> refuse_bad_name(std::string_view name) {
  if (name.size() > 1 && is_name_start(name.front()) && std::all_of(name.begin(), name.end(), is_name_part)) {
    return std::nullopt;
  }
  return refusal(400, fmt::format("Invalid container name ({}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name));
}

tl::expected<ContainerSpec, Answer> spec_of(const ApiCall& call, const Images& images) {
  auto body = body_of(call);
  if (!body) {
    return tl::unexpected(body.error());
  }
  if (!has_config(*body)) {
    return tl::unexpected(refusal(400, "Config cannot be empty in order to create a container"));
  }
  if (const auto refused = refuse_low_memory((*body)["HostConfig"])) {
    return tl::unexpected(*refused);
  }
  const auto name = (*body)["Image"].text_or("");
  const Image* image = images.find(name);
  if (image == nullptr) {
    return tl::unexpected(refusal(404, "No such image: " + tagged(name)));
  }
  auto command = texts_of((*body)["Entrypoint"]);
  const auto own = texts_of((*body)["Cmd"]);
  command.insert(command.end(), own.begin(), own.end());
  if (command.empty()) {
    command = image->command;
  }
  if (command.empty()) {
    return tl::unexpected(refusal(400, "No command specified"));
  }
  for (const auto& port : image->ports) {
    body->at("ExposedPorts").set(port, Value::object());
  }
  for (const auto& [port, bindings] : (*body)["HostConfig"]["PortBindings"].members()) {
    body->at("ExposedPorts").set(port, Value::object());
  }
  return ContainerSpec{
      .id = {},
      .name = {},
      .image = name,
      .env = merged_env(image->env, (*body)["Env"]),
      .command = command,
      .ports = ports_of((*body)["HostConfig"]["PortBindings"]),
      .body = *body,
  };
}

NetworkEndpoint endpoint_of(std::string_view network, const Value& settings) {
  return {.network = std::string(network),
          .network_id = {},
          .id = {},
          .address = {},
          .gateway = {},
          .aliases = texts_of(settings["Aliases"])};
}

std::vector<NetworkEndpoint> endpoints_of(const Value& body) {
  const auto mode = body["HostConfig"]["NetworkMode"].text_or("default");
  const auto& named = body["NetworkingConfig"]["EndpointsConfig"];
  const std::string main = mode == "default" || mode.empty() ? "bridge" : mode;
  std::vector<NetworkEndpoint> endpoints;
  if (mode != "default" || named.members().empty()) {
    endpoints.push_back(endpoint_of(main, named[main]));
  }
  for (const auto& [network, settings] : named.members()) {
    if (endpoints.empty() || network != main) {
      endpoints.push_back(endpoint_of(network, settings));
    }
  }
  return endpoints;
}

}  // namespace kscale::sandbox::engine

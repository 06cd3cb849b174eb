#include "libscale/fleet/blueprint.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>

#include "libscale/base/number.hpp"
#include "libscale/fleet/instance.hpp"

namespace kscale::fleet {

namespace {

/// The name of the instance without what stands before the prefix's last dash: what Compose calls the service.
std::string word_for(std::string_view prefix, int number) {
  const auto cut = prefix.find_last_of("-_.");
  return fmt::format("{}-{}", cut == std::string_view::npos ? prefix : prefix.substr(cut + 1), number);
}

/// The port that the text names; 0 where Docker is to choose one.
int port_in(std::string_view text) {
  return std::max(number_in<int>(text).value_or(0), 0);
}

/// Replaces a sibling's number by the new one, wherever it names the instance.
class Renumbering {
 public:
  /// `published` is the host port of the sibling's container port; 0 where it has none that is fixed.
  Renumbering(const Identity& identity, int sibling_number, int published)
      : m_from(word_for(identity.prefix, sibling_number)),
        m_to(word_for(identity.prefix, identity.number)),
        m_shift(identity.number - sibling_number),
        m_host_port(published),
        m_container_port(identity.container_port) {}

  bool names_instance(std::string_view text) const { return with_word_replaced(text, m_from, m_to) != text; }

  std::string text(std::string_view old) const { return with_word_replaced(old, m_from, m_to); }

  /// Texts at any depth, keys left as they are.
  json::Value all(const json::Value& old) const {
    if (const auto string = old.as_string()) {
      return text(*string);
    }
    if (old.is_array()) {
      json::Value::Array items;
      std::ranges::transform(old.items(), std::back_inserter(items), [this](const auto& item) { return all(item); });
      return items;
    }
    if (old.is_object()) {
      json::Value::Object members;
      for (const auto& [key, value] : old.members()) {
        members.emplace_back(key, all(value));
      }
      return members;
    }
    return old;
  }

  /// `NAME=VALUE`; a value that is just the sibling's host port is moved like the port itself. Where that is also the
  /// port inside the container, it says where the program listens, and stays.
  std::string variable(std::string_view old) const {
    const auto equals = old.find('=');
    if (equals != std::string_view::npos && m_host_port != m_container_port &&
        old.substr(equals + 1) == std::to_string(m_host_port)) {
      return fmt::format("{}={}", old.substr(0, equals), moved(m_host_port));
    }
    return text(old);
  }

  std::string host_port(const std::string& old) const {
    const int port = port_in(old);
    return port > 0 ? std::to_string(moved(port)) : old;
  }

 private:
  /// It may be no port any more: Docker says so better than we could.
  std::int64_t moved(int port) const { return std::int64_t{port} + m_shift; }

  std::string m_from;
  std::string m_to;
  int m_shift;
  int m_host_port;
  int m_container_port;
};

void set_variable(json::Value& environment, const std::string& name, const std::string& value) {
  auto& variables = environment.elements();
  std::erase_if(variables, [&](const json::Value& v) { return v.text_or("").starts_with(name + '='); });
  variables.emplace_back(name + '=' + value);
}

void apply(const Overrides& overrides, const Identity& identity, json::Value& body) {
  for (const auto& [name, value] : overrides.environment) {
    auto own = value;
    if (const auto mark = own.find("{N}"); mark != std::string::npos) {
      own.replace(mark, 3, std::to_string(identity.number));
    }
    set_variable(body.at("Env"), name, own);
  }
  if (overrides.command) {
    json::Value command = json::Value::array();
    for (const auto& word : *overrides.command) {
      command.push_back(word);
    }
    body.set("Cmd", command);
  }
  for (const auto& [key, value] : overrides.labels) {
    body.at("Labels").set(key, value);
  }
  if (overrides.restart) {
    body.at("HostConfig").set("RestartPolicy", json::Value::Object{{"Name", *overrides.restart}});
  }
  body.at("Labels").set(k_deployment_label, identity.prefix);
  body.at("Labels").set(k_instance_label, std::to_string(identity.number));
}

json::Value renumbered_labels(const json::Value& labels, const Renumbering& renumbering, int sibling, int number) {
  constexpr const char* k_compose_number = "com.docker.compose.container-number";
  auto renumbered = renumbering.all(labels);
  // A service scaled by Compose counts its containers there; of a service with a number of its own there is one.
  const bool service_is_numbered = renumbering.names_instance(labels["com.docker.compose.service"].text_or(""));
  if (!service_is_numbered && labels[k_compose_number].text_or("") == std::to_string(sibling)) {
    renumbered.set(k_compose_number, std::to_string(number));
  }
  renumbered.erase("com.docker.compose.replace");
  return renumbered;
}

json::Value renumbered_ports(const json::Value& bindings, const Renumbering& renumbering) {
  json::Value::Object renumbered;
  for (const auto& [port, places] : bindings.members()) {
    json::Value list = json::Value::array();
    for (const auto& place : places.items()) {
      auto moved = place;
      moved.set("HostPort", renumbering.host_port(place["HostPort"].text_or("")));
      list.push_back(std::move(moved));
    }
    renumbered.emplace_back(port, std::move(list));
  }
  return renumbered;
}

/// What to say of one network: the aliases, without the one that Docker makes of the sibling's id.
json::Value renumbered_endpoint(const json::Value& endpoint, const std::string& sibling_id,
                                const Renumbering& renumbering) {
  json::Value renumbered = json::Value::object();
  json::Value aliases = json::Value::array();
  for (const auto& alias : endpoint["Aliases"].items()) {
    const auto name = alias.text_or("");
    if (!name.empty() && !sibling_id.starts_with(name)) {
      aliases.push_back(renumbering.text(name));
    }
  }
  renumbered.set("Aliases", std::move(aliases));
  for (const auto* const kept : {"Links", "DriverOpts"}) {
    if (!endpoint[kept].is_null()) {
      renumbered.set(kept, endpoint[kept]);
    }
  }
  return renumbered;
}

/// Podman tells a limit as `RLIMIT_NOFILE`, and takes it, as Docker does, as `nofile`.
json::Value ulimits_to_ask_for(const json::Value& told) {
  constexpr std::string_view k_podmans = "RLIMIT_";
  json::Value asked = told;
  for (auto& limit : asked.elements()) {
    auto name = limit["Name"].text_or("");
    if (name.starts_with(k_podmans)) {
      name.erase(0, k_podmans.size());
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      limit.set("Name", name);
    }
  }
  return asked;
}

int published_in(const json::Value& bindings, int container_port) {
  for (const auto& place : bindings[fmt::format("{}/tcp", container_port)].items()) {
    return port_in(place["HostPort"].text_or(""));
  }
  return 0;
}

bool has_networks(std::string_view mode) {
  return mode != "host" && mode != "none" && !mode.starts_with("container:");
}

}  // namespace

std::string with_word_replaced(std::string_view text, std::string_view from, std::string_view to) {
  const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  std::string replaced;
  std::size_t done = 0;
  for (auto at = text.find(from); at != std::string_view::npos; at = text.find(from, at + from.size())) {
    const auto end = at + from.size();
    const bool begins = at == 0 || !is_part(text[at - 1]);
    const bool ends = end == text.size() || !is_part(text[end]);
    if (begins && ends) {
      replaced += text.substr(done, at - done);
      replaced += to;
      done = end;
    }
  }
  replaced += text.substr(done);
  return replaced;
}

Blueprint like_sibling(const json::Value& inspection, int sibling_number, const std::string& image,
                       const Identity& identity, const Overrides& overrides) {
  const auto published = published_in(inspection["HostConfig"]["PortBindings"], identity.container_port);
  const Renumbering renumbering(identity, sibling_number, published);
  const auto id = inspection["Id"].text_or("");
  const auto& host = inspection["HostConfig"];
  Blueprint made;

  json::Value body = inspection["Config"];
  const auto reference = overrides.image.value_or(image);
  body.set("Image", reference);
  const auto hostname = body["Hostname"].text_or("");
  body.set("Hostname", !hostname.empty() && id.starts_with(hostname) ? "" : renumbering.text(hostname));
  body.erase("MacAddress");
  auto environment = json::Value::array();
  for (const auto& variable : body["Env"].items()) {
    environment.push_back(renumbering.variable(variable.text_or("")));
  }
  body.set("Env", environment);
  body.set("Cmd", renumbering.all(body["Cmd"]));
  body.set("Entrypoint", renumbering.all(body["Entrypoint"]));
  auto labels = renumbered_labels(inspection["Config"]["Labels"], renumbering, sibling_number, identity.number);
  const auto name_of_image = labels[k_image_label].text_or(inspection["Config"]["Image"].text_or(""));
  labels.erase(k_image_label);
  if (reference.starts_with("sha256:")) {
    labels.set(k_image_label, name_of_image);
  }
  body.set("Labels", std::move(labels));

  json::Value host_config = host;
  host_config.erase("ContainerIDFile");
  host_config.set("Binds", renumbering.all(host["Binds"]));
  host_config.set("Mounts", renumbering.all(host["Mounts"]));
  host_config.set("PortBindings", renumbered_ports(host["PortBindings"], renumbering));
  if (!host["Ulimits"].items().empty()) {
    host_config.set("Ulimits", ulimits_to_ask_for(host["Ulimits"]));
  }
  body.set("HostConfig", host_config);

  const auto mode = host["NetworkMode"].text_or("default");
  if (has_networks(mode)) {
    const auto first = mode == "default" ? "bridge" : mode;
    for (const auto& [network, endpoint] : inspection["NetworkSettings"]["Networks"].members()) {
      auto settings = renumbered_endpoint(endpoint, id, renumbering);
      if (network != first && endpoint["NetworkID"].text_or("") != first) {
        made.more_networks.emplace_back(network, settings);
      } else if (network != "bridge") {  // which takes no settings
        body.at("NetworkingConfig").at("EndpointsConfig").set(network, settings);
      }
    }
  }
  if (overrides.network) {
    body.at("HostConfig").set("NetworkMode", *overrides.network);
    body.erase("NetworkingConfig");
    made.more_networks.clear();
  }
  apply(overrides, identity, body);
  auto name = inspection["Name"].text_or("");
  const char separator = name.find(identity.prefix + '_') != std::string::npos ? '_' : '-';
  made.container = {fmt::format("{}{}{}", identity.prefix, separator, identity.number), std::move(body)};
  return made;
}

json::Value without_defaults(const json::Value& config, const json::Value& image_defaults) {
  json::Value own = config;
  for (const auto& [key, value] : image_defaults.members()) {
    if (config[key] == value) {
      own.erase(key);
    }
  }
  auto variables = json::Value::array();
  const auto& defaults = image_defaults["Env"].items();
  for (const auto& variable : config["Env"].items()) {
    if (std::ranges::find(defaults, variable) == defaults.end()) {
      variables.push_back(variable);
    }
  }
  own.set("Env", variables);
  for (const auto* const key : {"Labels", "ExposedPorts", "Volumes"}) {
    for (const auto& [name, value] : image_defaults[key].members()) {
      if (config[key][name] == value) {
        own.at(key).erase(name);
      }
    }
  }
  return own;
}

Result<Blueprint> from_settings(const Identity& identity, const Overrides& overrides) {
  if (!overrides.image) {
    return fail(Errc::invalid,
                "no container named '{}-N' to copy from: start one, or name an image under 'instance:' in kscale.yml",
                identity.prefix);
  }
  json::Value body;
  body.set("Image", *overrides.image);
  const auto port = fmt::format("{}/tcp", identity.container_port);
  body.at("ExposedPorts").set(port, json::Value::object());
  auto& host = body.at("HostConfig");
  if (identity.host_port_base > 0) {
    json::Value place;
    place.set("HostIp", identity.publish_at);
    place.set("HostPort", std::to_string(identity.host_port_base + identity.number));
    host.at("PortBindings").at(port).push_back(place);
  }
  host.set("RestartPolicy", json::Value::Object{{"Name", "unless-stopped"}});
  if (overrides.network) {
    host.set("NetworkMode", *overrides.network);
  }
  apply(overrides, identity, body);
  return Blueprint{.container = {fmt::format("{}-{}", identity.prefix, identity.number), std::move(body)}};
}

}  // namespace kscale::fleet

#include "libscale/control/settings.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/ranges.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include "libscale/base/printable.hpp"
#include "libscale/store/files.hpp"

namespace kscale::control {

namespace {

constexpr std::size_t k_largest_file = std::size_t{1} << 20U;
constexpr std::string_view k_own_prefix = "KSCALE_";
constexpr std::string_view k_token_variable = "KSCALE_KONG_TOKEN";
constexpr std::string_view k_overrides_key = "instance";

const Key* find_key(std::string_view name) {
  const auto found = std::ranges::find(keys(), name, &Key::name);
  return found != keys().end() ? &*found : nullptr;
}

std::string variable_of(const Key& key) {
  std::string variable(k_own_prefix);
  for (const char c : key.name) {
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

/// The keys that look like `name`, so that a slip of the finger is mended at once.
std::string suggestion_for(std::string_view name) {
  for (const auto& key : keys()) {
    const auto common = std::ranges::mismatch(key.name, name).in1 - key.name.begin();
    if (common >= 5 || key.name.find(name) != std::string_view::npos) {
      return fmt::format("; did you mean {}?", key.name);
    }
  }
  return "";
}

Status set(LoadedSettings& loaded, const Key& key, std::string_view value, const std::string& origin) {
  if (auto stored = key.set(loaded.settings, value); !stored) {
    return wrap(stored.error(), "{}: {}", origin, key.name);
  }
  loaded.origins[std::string(key.name)] = origin;
  return {};
}

/// Reads the block `instance:` of the settings file.
class OverridesReader {
 public:
  OverridesReader(std::string file, fleet::Overrides& overrides) : m_file(std::move(file)), m_overrides(overrides) {}

  Status read(const YAML::Node& block) {
    if (!block.IsMap()) {
      return wrong(block, "instance", "must hold keys such as image");
    }
    for (const auto& member : block) {
      if (auto one = read_one(member.first.as<std::string>(""), member.second); !one) {
        return one;
      }
    }
    return {};
  }

 private:
  tl::unexpected<Error> wrong(const YAML::Node& node, std::string_view key, std::string_view what) const {
    return fail(Errc::invalid, "{}:{}: {} {}", m_file, node.Mark().line + 1, key, what);
  }

  Status read_one(const std::string& key, const YAML::Node& value) {
    if (key == "image" || key == "network" || key == "restart") {
      if (!value.IsScalar() || value.Scalar().empty()) {
        return wrong(value, "instance." + key, "must be a text");
      }
      (key == "image"     ? m_overrides.image
       : key == "network" ? m_overrides.network
                          : m_overrides.restart) = value.Scalar();
      return {};
    }
    if (key == "environment" || key == "labels") {
      return read_map("instance." + key, value, key == "labels" ? m_overrides.labels : m_overrides.environment);
    }
    if (key == "command") {
      return read_command(value);
    }
    return wrong(value, "instance." + printable(key),
                 "is unknown; known are image, environment, command, labels, network and restart");
  }

  Status read_map(const std::string& key, const YAML::Node& value, std::map<std::string, std::string>& into) const {
    if (!value.IsMap()) {
      return wrong(value, key, "must hold names and values");
    }
    for (const auto& member : value) {
      if (!member.second.IsScalar()) {
        return wrong(member.second, key, "must hold texts");
      }
      into[member.first.as<std::string>("")] = member.second.Scalar();
    }
    return {};
  }

  Status read_command(const YAML::Node& value) {
    if (!value.IsSequence()) {
      return wrong(value, "instance.command", "must be a list of words");
    }
    auto& words = m_overrides.command.emplace();
    for (const auto& word : value) {
      words.push_back(word.as<std::string>(""));
    }
    return {};
  }

  std::string m_file;
  fleet::Overrides& m_overrides;
};

Status read_member(const std::string& file, const std::string& written, const YAML::Node& value,
                   LoadedSettings& loaded) {
  const auto place = fmt::format("{}:{}", file, value.Mark().line + 1);
  if (written == k_overrides_key) {
    loaded.origins[written] = place;
    return OverridesReader(file, loaded.settings.deployment.overrides).read(value);
  }
  auto name = written;
  std::ranges::replace(name, '_', '-');
  const auto* const key = find_key(name);
  if (key == nullptr) {
    return fail(Errc::invalid, "{}: unknown key '{}'{}", place, printable(written), suggestion_for(name));
  }
  if (!value.IsScalar()) {
    return fail(Errc::invalid, "{}: {}: must be a single value", place, name);
  }
  return set(loaded, *key, value.Scalar(), place);
}

Status read_file_layer(const std::filesystem::path& path, LoadedSettings& loaded) try {
  const auto text = store::read_file(path, k_largest_file);
  if (!text) {
    return fail(Errc::invalid, "settings: {}", text.error().what);
  }
  const auto root = YAML::Load(*text);
  if (root.IsNull()) {
    return {};
  }
  if (!root.IsMap()) {
    return fail(Errc::invalid, "{}: must hold lines such as 'min_instances: 3'", path.string());
  }
  for (const auto& member : root) {
    if (auto one = read_member(path.string(), member.first.as<std::string>(""), member.second, loaded); !one) {
      return one;
    }
  }
  return {};
} catch (const YAML::DeepRecursion& fault) {
  return fail(Errc::invalid, "{}:{}: nested too deeply: settings are three levels deep at most", path.string(),
              fault.mark.line + 1);
} catch (const YAML::Exception& fault) {
  return fail(Errc::invalid, "{}:{}: not valid YAML: {}", path.string(), fault.mark.line + 1, printable(fault.msg));
}

Status read_environment_layer(const Sources& sources, LoadedSettings& loaded) {
  for (const auto& variable : sources.variables) {
    if (!variable.starts_with(k_own_prefix) || variable == k_token_variable) {
      continue;
    }
    if (std::ranges::find(keys(), variable, variable_of) == keys().end()) {
      return fail(Errc::invalid, "unknown environment variable {}", printable(variable));
    }
  }
  for (const auto& key : keys()) {
    for (const auto& variable : {std::string(key.old_variable), variable_of(key)}) {
      const auto value = variable.empty() ? std::nullopt : sources.environment(variable);
      if (!value || value->empty()) {
        continue;
      }
      if (auto one = set(loaded, key, *value, variable); !one) {
        return one;
      }
    }
  }
  return {};
}

Status read_flags_layer(const Sources& sources, LoadedSettings& loaded) {
  for (const auto& flag : sources.flags) {
    const auto* const key = find_key(flag.name);
    if (key == nullptr) {
      return fail(Errc::invalid, "unknown option --{}{}", printable(flag.name), suggestion_for(flag.name));
    }
    if (auto one = set(loaded, *key, flag.value, "--" + flag.name); !one) {
      return one;
    }
  }
  return {};
}

/// The key of the Admin API, from the environment or its file. It is no `Key`, so that nothing can show it.
Status read_token(const Sources& sources, Settings& settings) {
  if (const auto token = sources.environment(std::string(k_token_variable)); token && !token->empty()) {
    settings.kong_token = *token;
    return {};
  }
  if (settings.kong_token_file.empty()) {
    return {};
  }
  auto text = store::read_file(settings.kong_token_file, k_largest_file);
  if (!text) {
    return wrap(text.error(), "kong-token-file");  // not `invalid`: it may be there when it is tried again
  }
  text->erase(std::min(text->find_first_of("\r\n"), text->size()));
  if (text->empty()) {
    return fail(Errc::invalid, "kong-token-file: {} is empty", settings.kong_token_file);
  }
  settings.kong_token = std::move(*text);
  return {};
}

Status check(const LoadedSettings& loaded) {
  const auto& settings = loaded.settings;
  if (const auto fault = policy::fault_in(settings.rules)) {
    return fail(Errc::invalid, "{}", *fault);
  }
  if (settings.kong_tls.client_cert_file.empty() != settings.kong_tls.client_key_file.empty()) {
    return fail(Errc::invalid, "kong-client-cert and kong-client-key belong together: give both or none");
  }
  if (settings.kong_token.find_first_of("\r\n") != std::string::npos) {
    return fail(Errc::invalid, "the key of the Admin API must be one line");
  }
  return {};
}

}  // namespace

Result<LoadedSettings> load_settings(const Sources& sources) {
  LoadedSettings loaded;
  for (const auto& key : keys()) {
    loaded.origins[std::string(key.name)] = "default";
  }
  auto file = sources.file;
  for (const auto& usual : sources.usual_files) {
    std::error_code ignored;
    if (!file && std::filesystem::exists(usual, ignored)) {
      file = usual;
    }
  }
  if (file) {
    if (auto read = read_file_layer(*file, loaded); !read) {
      return tl::unexpected(read.error());
    }
  }
  for (auto* const layer : {&read_environment_layer, &read_flags_layer}) {
    if (auto read = layer(sources, loaded); !read) {
      return tl::unexpected(read.error());
    }
  }
  if (auto token = read_token(sources, loaded.settings); !token) {
    return tl::unexpected(token.error());
  }
  if (auto sound = check(loaded); !sound) {
    return tl::unexpected(sound.error());
  }
  return loaded;
}

namespace {

/// What new instances are made of. Of environment and labels only the names are told: the values may be secrets.
std::vector<std::pair<std::string, std::string>> shown_overrides(const fleet::Overrides& overrides) {
  std::vector<std::pair<std::string, std::string>> lines;
  const auto text = [&lines](std::string key, const std::optional<std::string>& value) {
    if (value) {
      lines.emplace_back("instance." + std::move(key), *value);
    }
  };
  text("image", overrides.image);
  text("network", overrides.network);
  text("restart", overrides.restart);
  if (overrides.command) {
    lines.emplace_back("instance.command", fmt::format("{}", fmt::join(*overrides.command, " ")));
  }
  for (const auto& [name, value] : overrides.environment) {
    lines.emplace_back("instance.environment", name);
  }
  for (const auto& [name, value] : overrides.labels) {
    lines.emplace_back("instance.labels", name);
  }
  return lines;
}

}  // namespace

std::string shown(const LoadedSettings& loaded) {
  const auto whole = [](const std::string& value) { return printable(value, value.size()); };
  std::string text;
  for (const auto& key : keys()) {
    const auto origin = loaded.origins.find(key.name);
    text += fmt::format("{:<22} {:<34} {}\n", key.name, whole(key.show(loaded.settings)),
                        origin != loaded.origins.end() ? origin->second : "default");
  }
  const auto overrides_from = loaded.origins.find(k_overrides_key);
  for (const auto& [key, value] : shown_overrides(loaded.settings.deployment.overrides)) {
    text += fmt::format("{:<22} {:<34} {}\n", key, whole(value), overrides_from->second);
  }
  return text;
}

}  // namespace kscale::control

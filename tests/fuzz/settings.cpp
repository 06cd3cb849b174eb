// kscale.yml, variables and flags: parts of `NAME=value` behind the file's text.

#include "libscale/control/settings.hpp"

#include <map>

#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

bool is_secret(std::string_view key) {
  return key == "webhook-url" || key == "slack-url" || key == "alertmanager-url";
}

void look_at(const control::LoadedSettings& loaded) {
  for (const auto& key : control::keys()) {
    require(loaded.origins.contains(key.name), "each key comes from somewhere");
    if (is_secret(key.name)) {
      continue;
    }
    const auto shown = key.show(loaded.settings);
    auto other = control::Settings{};
    require(key.set(other, shown).has_value() && key.show(other) == shown, "what is shown can be set");
  }
  const auto& rules = loaded.settings.rules;
  require(rules.min_instances >= 1 && rules.min_instances <= rules.max_instances, "the bounds are in order");
  require_printable_lines(control::shown(loaded), "a line of the settings");
}

}  // namespace

void take(std::string_view bytes) {
  control::Sources sources;
  sources.file = file("kscale.yml", take_part(bytes));
  std::map<std::string, std::string> variables;
  while (!bytes.empty()) {
    const auto part = take_part(bytes);
    const std::string name(part.substr(0, part.find('=')));
    const std::string value(part.substr(std::min(name.size() + 1, part.size())));
    if (name.starts_with("--")) {
      sources.flags.push_back({name.substr(2), value});
    } else if (name.find("_FILE") == std::string::npos) {  // else any file of this machine is read
      variables[name] = value;
      sources.variables.push_back(name);
    }
  }
  sources.environment = [&](const std::string& name) {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  };
  const auto loaded = control::load_settings(sources);
  if (loaded) {
    look_at(*loaded);
  } else {
    require_printable(loaded.error().what, "why settings are not taken");
    require(loaded.error().code == Errc::invalid, "settings that are not taken are invalid");
  }
}

}  // namespace kscale::fuzz

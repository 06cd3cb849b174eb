#include "libscale/docker/secrets.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <system_error>

#include "libscale/net/yaml.hpp"

namespace kscale::docker {

namespace {

namespace fs = std::filesystem;

/// Without aliases a text has less than one node for each byte.
constexpr std::size_t k_nodes_of_a_byte = 10;
constexpr std::size_t k_most_nodes = 100'000;

constexpr std::uintmax_t k_max_file = std::uintmax_t{4} * 1024 * 1024;

/// Variables that are no secrets; all others might be.
constexpr std::array<std::string_view, 18> k_public_variables{
    "PATH", "HOME",   "PWD",  "OLDPWD", "SHELL", "USER",     "LOGNAME", "LANG",     "LANGUAGE",
    "TERM", "TMPDIR", "MAIL", "SHLVL",  "_",     "HOSTNAME", "EDITOR",  "NODE_ENV", "INSTANCE_ID"};
constexpr std::array<std::string_view, 4> k_public_beginnings{"LC_", "XDG_", "COMPOSE_", "DOCKER_"};

/// Where in a YAML file secrets are written.
constexpr std::array<std::string_view, 3> k_secret_keys{"environment", "args", "content"};

template <std::size_t Count>
bool has(const std::array<std::string_view, Count>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A file's text; empty where it cannot be read, since Compose itself tells that.
std::string text_of(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored) || fs::file_size(path, ignored) > k_max_file) {
    return {};
  }
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The member of a map; null where there is none.
YAML::Node member(const YAML::Node& node, const std::string& key) {
  const auto found = node.IsMap() ? node[key] : YAML::Node();
  return found.IsDefined() ? found : YAML::Node();
}

/// Fills a mask with what is secret in a compose file, and what is not.
class SecretsOfFile {
 public:
  SecretsOfFile(const fs::path& folder, Mask& mask) : m_folder(folder), m_mask(mask) {}

  /// A file of Compose, or its output.
  void take(const std::string& text) {
    const auto root = yaml::parse(text);
    if (!root) {
      return;  // Compose tells it better
    }
    if (const auto services = member(*root, "services"); services.IsMap()) {
      for (const auto& service : services) {
        m_mask.keep(yaml::scalar(service.first));
      }
    }
    m_room = std::min(k_most_nodes, k_nodes_of_a_byte * text.size());
    walk(*root, false, 0);
  }

  void take_value(std::string_view value) {
    m_mask.hide(value);
    std::string plain;  // a dollar is written twice
    for (std::size_t i = 0; i < value.size(); ++i) {
      plain += value[i];
      i += value.substr(i).starts_with("$$") ? 1 : 0;
    }
    m_mask.hide(plain);
    // `${NAME:-otherwise}` and `${NAME-otherwise}`
    auto close = value.find('}');
    for (auto at = value.find("${"); at != std::string_view::npos; at = value.find("${", at + 2)) {
      close = close < at ? value.find('}', at) : close;
      if (close == std::string_view::npos) {
        return;
      }
      const auto inside = value.substr(at + 2, close - at - 2);
      if (const auto dash = inside.find('-'); dash != std::string_view::npos) {
        m_mask.hide(inside.substr(dash + 1));
      }
    }
  }

 private:
  /// Whether one more node may be looked at: aliases make many of few.
  bool has_room() {
    const bool is_left = m_room > 0;
    m_room -= is_left ? 1 : 0;
    return is_left;
  }

  void walk(const YAML::Node& node, bool is_secret, int depth) {
    constexpr int k_deepest = 32;  // an alias may stand for what holds it
    if (depth > k_deepest || !has_room()) {
      return;
    }
    if (node.IsScalar() && is_secret) {
      take_value(node.Scalar());
    } else if (node.IsSequence()) {
      for (const auto& item : node) {
        const auto text = yaml::scalar(item);
        const auto equals = text.find('=');  // `- NAME=value`
        if (is_secret && equals != std::string::npos) {
          take_value(std::string_view(text).substr(equals + 1));
        } else {
          walk(item, is_secret, depth + 1);
        }
      }
    } else if (node.IsMap()) {
      for (const auto& entry : node) {
        const auto key = yaml::scalar(entry.first);
        if (key == "env_file") {
          take_env_files(entry.second);
        }
        if (key == "container_name" || key == "image") {
          m_mask.keep(yaml::scalar(entry.second));
        }
        walk(entry.second, is_secret || has(k_secret_keys, key), depth + 1);
      }
    }
  }

  void take_env_files(const YAML::Node& names) {
    take_env_file(names);
    if (names.IsSequence()) {
      for (const auto& item : names) {
        if (!has_room()) {
          return;
        }
        take_env_file(item.IsMap() ? member(item, "path") : YAML::Node(item));
      }
    }
  }

  void take_env_file(const YAML::Node& name) {
    if (name.IsScalar()) {
      hide_env_file(m_mask, m_folder / name.Scalar());
    }
  }

  const fs::path& m_folder;
  Mask& m_mask;
  std::size_t m_room = 0;  ///< nodes
};

}  // namespace

bool is_public(std::string_view variable) {
  return has(k_public_variables, variable) ||
         std::any_of(k_public_beginnings.begin(), k_public_beginnings.end(),
                     [variable](std::string_view begin) { return variable.starts_with(begin); });
}

void hide_env_file(Mask& mask, const fs::path& file) {
  mask.hide_values(text_of(file), is_public);
}

void hide_compose_file(Mask& mask, const fs::path& file) {
  hide_compose_text(mask, text_of(file), file.parent_path());
}

void hide_compose_text(Mask& mask, const std::string& text, const fs::path& folder) {
  SecretsOfFile(folder, mask).take(text);
}

}  // namespace kscale::docker

#include "tests/sandbox/docker/images.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace kscale::sandbox::engine {

const Image* Images::find(std::string_view name) const {
  const auto found = std::find_if(m_images.begin(), m_images.end(), [&](const Image& image) {
    return (!image.is_dangling && tagged(image.name) == tagged(name)) || id_of(image) == name;
  });
  return found == m_images.end() ? nullptr : &*found;
}

void Images::add(Image image) {
  std::erase_if(m_images, [&](const Image& each) { return id_of(each) == id_of(image); });
  for (auto& each : m_images) {
    each.is_dangling = each.is_dangling || tagged(each.name) == tagged(image.name);
  }
  m_images.push_back(std::move(image));
}

void Images::remove(std::string_view name) {
  std::erase_if(m_images, [&](const Image& image) { return tagged(image.name) == tagged(name); });
}

std::string tagged(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto last = slash == std::string_view::npos ? name : name.substr(slash + 1);
  return last.find(':') == std::string_view::npos ? fmt::format("{}:latest", name) : std::string(name);
}

std::string id_of(const Image& image) {
  std::string id = "sha256:";
  std::uint64_t hash = 0xcbf29ce484222325;
  for (int part = 0; part < 4; ++part) {
    for (const char c : tagged(image.name) + image.build) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    id += fmt::format("{:016x}", hash);
  }
  return id;
}

json::Value texts_json(const std::vector<std::string>& texts) {
  json::Value array = json::Value::array();
  for (const auto& text : texts) {
    array.push_back(text);
  }
  return array;
}

json::Value inspect_json(const Image& image) {
  json::Value ports = json::Value::object();
  for (const auto& port : image.ports) {
    ports.set(port, json::Value::object());
  }
  json::Value config = json::Value::Object{
      {"Hostname", ""},
      {"User", ""},
      {"ExposedPorts", image.ports.empty() ? json::Value{} : ports},
      {"Env", texts_json(image.env)},
      {"Cmd", image.command.empty() ? json::Value{} : texts_json(image.command)},
      {"Volumes", json::Value{}},
      {"WorkingDir", ""},
      {"Entrypoint", json::Value{}},
      {"Labels", json::Value{}},
  };
  if (image.health_check) {
    config.set("Healthcheck", json::Value::Object{{"Test", texts_json({"CMD-SHELL", "healthy"})}});
  }
  return json::Value::Object{
      {"Id", id_of(image)},
      {"RepoTags", texts_json({tagged(image.name)})},
      {"RepoDigests", json::Value::array()},
      {"Parent", ""},
      {"Created", "2026-01-01T00:00:00Z"},
      {"Config", std::move(config)},
      {"Architecture", "amd64"},
      {"Os", "linux"},
      {"Size", 1'048'576},
      {"VirtualSize", 1'048'576},
  };
}

}  // namespace kscale::sandbox::engine

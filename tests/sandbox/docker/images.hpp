#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libscale/net/json.hpp"
#include "tests/sandbox/docker/docker.hpp"

namespace kscale::sandbox::engine {

/// The images a stand-in has.
class Images {
 public:
  explicit Images(std::vector<Image> images) : m_images(std::move(images)) {}

  /// By name, with or without the tag "latest", or by id. Null where there is none.
  const Image* find(std::string_view name) const;
  void add(Image image);
  void remove(std::string_view name);
  const std::vector<Image>& all() const { return m_images; }

 private:
  std::vector<Image> m_images;
};

/// The name with its tag.
std::string tagged(std::string_view name);
/// "sha256:" and 64 hex digits, always the same for one name.
std::string id_of(const Image& image);
/// What `GET /images/NAME/json` tells of it.
json::Value inspect_json(const Image& image);

/// An array of texts.
json::Value texts_json(const std::vector<std::string>& texts);

}  // namespace kscale::sandbox::engine

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "tests/sandbox/docker/container.hpp"
#include "tests/sandbox/http.hpp"

namespace kscale::sandbox::engine {

/// The filters of a list of containers: all keys must match, each by any of its values; of labels every one.
class Filters {
 public:
  /// From the parameter of the query, which may be empty; or what Docker says against it.
  static tl::expected<Filters, Answer> parse(std::string_view text);

  bool match(const Container& container) const;
  /// A filter by status looks at stopped ones too.
  bool asks_for_all() const { return m_values.contains("status"); }

 private:
  std::map<std::string, std::vector<std::string>> m_values;
};

}  // namespace kscale::sandbox::engine

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/net/json.hpp"

namespace kscale::sandbox {

/// Compares answers with recorded ones: the same keys and types everywhere, and the same values but for what differs
/// from node to node: ids, times, memory, counters. An id of the recording stands for the same id of ours each time, so
/// it learns which is which.
class Likeness {
 public:
  enum class Depth {
    values,
    shape,   ///< keys and types only
    sample,  ///< the same, of a list that may show other elements: null stands for any type
  };

  /// A recorded text with the recorded ids replaced by ours.
  std::string translated(std::string text) const;

  /// Each difference on a line; empty for none.
  std::string differences(const json::Value& recorded, const json::Value& ours, Depth depth);

 private:
  void compare(const std::string& where, const json::Value& recorded, const json::Value& ours, Depth depth);
  void compare_objects(const std::string& where, const json::Value& recorded, const json::Value& ours, Depth depth);
  void compare_arrays(const std::string& where, const json::Value& recorded, const json::Value& ours, Depth depth);
  void compare_texts(const std::string& where, const std::string& recorded, const std::string& ours, Depth depth);
  void learn(const std::string& recorded, const std::string& ours);
  void differ(const std::string& where, const std::string& recorded, const std::string& ours);

  std::map<std::string, std::string> m_known;
  std::string m_differences;
};

/// The same for GET /metrics: each family with its type, each series' name with the names of its labels.
std::vector<std::string> shape_of_exposition(std::string_view text);

}  // namespace kscale::sandbox

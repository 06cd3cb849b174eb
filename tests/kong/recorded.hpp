#pragma once

#include <map>
#include <string>

#include "tests/sandbox/kong/recording.hpp"

namespace kscale::sandbox {

/// One recording by its path below tests/data/kong: "postgres/02-status".
inline const Recording& recorded(const std::string& path) {
  static std::map<std::string, Recording> all = [] {
    std::map<std::string, Recording> read;
    for (const std::string folder : {"postgres", "dbless"}) {
      for (auto& recording : recordings_in(std::string(KSCALE_TEST_DATA) + "/kong/" + folder)) {
        read.emplace(folder + '/' + recording.name, recording);
      }
    }
    return read;
  }();
  return all.at(path);
}

}  // namespace kscale::sandbox

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/net/json.hpp"
#include "tests/sandbox/http.hpp"

namespace kscale::sandbox {

/// Which listener of Kong a recording was made at.
enum class Listener { admin, status, proxy };

/// One request to a real Kong, and what it answered.
struct Recording {
  std::string name;  ///< of its file, without the extension: 07-upstream-missing
  int number = 0;
  Listener listener = Listener::admin;
  Question question;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  json::Value body;  ///< parsed where it was JSON, else a text
  std::string body_text;

  std::string header(std::string_view wanted) const;  ///< in any case; empty for none
};

/// All recordings of a folder in the order they were made.
std::vector<Recording> recordings_in(const std::string& folder);

}  // namespace kscale::sandbox

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kscale::sandbox {

/// One HTTP request as a stand-in sees it, whether it came over a socket or from a test in the same process.
struct Question {
  std::string method = "GET";
  std::string target = "/";  ///< path and query, as sent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// What a stand-in answers. An empty `content_type` sends no such header.
struct Answer {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace kscale::sandbox

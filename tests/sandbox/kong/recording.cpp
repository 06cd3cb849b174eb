#include "tests/sandbox/kong/recording.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <strings.h>

namespace kscale::sandbox {
namespace {

using json::Value;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Recording recording_of(const std::filesystem::path& file) {
  const auto whole = json::parse(text_of(file)).value();
  const auto& request = whole["request"];
  const auto& response = whole["response"];
  Recording made;
  made.name = file.stem().string();
  made.number = std::stoi(made.name);
  const auto port = whole["port"].as_int().value_or(8001) % 10'000;
  made.listener = port == 8000 ? Listener::proxy : port == 8100 ? Listener::status : Listener::admin;
  made.question.method = request["method"].text_or("");
  made.question.target = request["path"].text_or("");
  made.question.body = request["body"].text_or("");
  for (const auto& [name, value] : request["headers"].members()) {
    made.question.headers.emplace_back(name, value.text_or(""));
  }
  made.status = static_cast<int>(response["status"].as_int().value_or(0));
  for (const auto& [name, value] : response["headers"].members()) {
    made.headers.emplace_back(name, value.text_or(""));
  }
  made.body = response["body"];
  made.body_text = response["body_text"].text_or(response["body"].text_or(""));
  return made;
}

}  // namespace

std::string Recording::header(std::string_view wanted) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == wanted.size() && strncasecmp(key.data(), wanted.data(), key.size()) == 0) {
      return value;
    }
  }
  return {};
}

std::vector<Recording> recordings_in(const std::string& folder) {
  std::vector<Recording> all;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    all.push_back(recording_of(file.path()));
  }
  std::ranges::sort(all, {}, &Recording::number);
  return all;
}

}  // namespace kscale::sandbox

#include "tests/sandbox/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kscale::sandbox {

namespace {

constexpr std::size_t k_longest_head = 65'536;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view reason_of(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 20> k_reasons{{{200, "OK"},
                                                                        {201, "Created"},
                                                                        {202, "Accepted"},
                                                                        {204, "No Content"},
                                                                        {304, "Not Modified"},
                                                                        {400, "Bad Request"},
                                                                        {401, "Unauthorized"},
                                                                        {403, "Forbidden"},
                                                                        {404, "Not Found"},
                                                                        {405, "Method Not Allowed"},
                                                                        {408, "Request Timeout"},
                                                                        {409, "Conflict"},
                                                                        {411, "Length Required"},
                                                                        {413, "Content Too Large"},
                                                                        {415, "Unsupported Media Type"},
                                                                        {429, "Too Many Requests"},
                                                                        {500, "Internal Server Error"},
                                                                        {502, "Bad Gateway"},
                                                                        {503, "Service Unavailable"},
                                                                        {504, "Gateway Timeout"}}};
  const auto* const found =
      std::find_if(k_reasons.begin(), k_reasons.end(), [&](const auto& reason) { return reason.first == status; });
  return found == k_reasons.end() ? "Answer" : found->second;
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

bool same_header_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char left, char right) { return lower(left) == lower(right); });
}

std::string_view header_of(const Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return same_header_name(header.first, name); });
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

bool is_hop_by_hop(std::string_view name) {
  constexpr std::array<std::string_view, 7> k_names = {"connection", "keep-alive", "transfer-encoding", "te",
                                                       "trailer",    "upgrade",    "content-length"};
  return std::any_of(k_names.begin(), k_names.end(),
                     [&](std::string_view each) { return same_header_name(each, name); });
}

bool MessageReader::read_head(std::string_view head) {
  m_message = {};
  auto line = head.substr(0, head.find("\r\n"));
  head.remove_prefix(std::min(head.size(), line.size() + 2));
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  if (first == std::string_view::npos) {
    return false;
  }
  const auto middle = line.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
  std::string_view version;
  if (m_kind == Kind::request) {
    m_message.method = line.substr(0, first);
    m_message.target = middle;
    version = second == std::string_view::npos ? std::string_view{} : line.substr(second + 1);
  } else {
    version = line.substr(0, first);
    std::from_chars(middle.data(), middle.data() + middle.size(), m_message.status);
  }
  if (!version.starts_with("HTTP/1.")) {
    return false;
  }
  while (!head.empty()) {
    line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      return false;
    }
    m_message.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  const auto connection = header_of(m_message.headers, "Connection");
  m_message.keep_alive =
      version == "HTTP/1.0" ? same_header_name(connection, "keep-alive") : !same_header_name(connection, "close");
  return true;
}

/// How many bytes the chunked body takes, whose text is put into the message; nothing while it is not whole.
std::optional<std::size_t> MessageReader::length_of_chunks(std::size_t start) {
  m_message.body.clear();
  std::size_t at = start;
  while (true) {
    const auto line_end = m_bytes.find("\r\n", at);
    if (line_end == std::string::npos) {
      return std::nullopt;
    }
    std::size_t size = 0;
    if (std::from_chars(m_bytes.data() + at, m_bytes.data() + line_end, size, 16).ec != std::errc{}) {
      m_broken = true;
      return std::nullopt;
    }
    at = line_end + 2;
    if (size == 0) {
      const auto end = m_bytes.find("\r\n", at);
      return end == std::string::npos ? std::nullopt : std::optional(end + 2 - start);
    }
    if (m_bytes.size() - at < size || m_bytes.size() - at - size < 2) {
      return std::nullopt;
    }
    m_message.body.append(m_bytes, at, size);
    at += size + 2;
  }
}

std::optional<std::size_t> MessageReader::length_of_body(std::size_t start, bool ended) {
  if (m_kind == Kind::response && (m_no_body || has_no_body(m_message.status))) {
    return 0;
  }
  if (same_header_name(header_of(m_message.headers, "Transfer-Encoding"), "chunked")) {
    return length_of_chunks(start);
  }
  const auto available = m_bytes.size() - start;
  const auto text = header_of(m_message.headers, "Content-Length");
  std::size_t length = 0;
  if (!text.empty()) {
    if (std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc{}) {
      m_broken = true;
      return std::nullopt;
    }
  } else if (m_kind == Kind::response) {
    m_message.keep_alive = false;
    if (!ended) {
      return std::nullopt;
    }
    length = available;
  }
  if (available < length) {
    return std::nullopt;
  }
  m_message.body = m_bytes.substr(start, length);
  return length;
}

std::optional<Message> MessageReader::next(bool ended) {
  if (!m_body_start) {
    const auto end = m_bytes.find("\r\n\r\n");
    if (end == std::string::npos) {
      m_broken = m_broken || m_bytes.size() > k_longest_head;
      return std::nullopt;
    }
    if (!read_head(std::string_view(m_bytes).substr(0, end + 2))) {
      m_broken = true;
      return std::nullopt;
    }
    m_body_start = end + 4;
    m_told_to_continue = false;
  }
  const auto length = length_of_body(*m_body_start, ended);
  if (!length) {
    return std::nullopt;
  }
  m_bytes.erase(0, *m_body_start + *length);
  m_body_start.reset();
  return std::move(m_message);
}

bool MessageReader::wants_continue() {
  if (!m_body_start || m_told_to_continue || header_of(m_message.headers, "Expect").empty()) {
    return false;
  }
  m_told_to_continue = true;
  return true;
}

std::string written(const Answer& answer, bool head_only, bool keep_alive) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", answer.status, reason_of(answer.status));
  if (!answer.content_type.empty()) {
    text += fmt::format("Content-Type: {}\r\n", answer.content_type);
  }
  for (const auto& [name, value] : answer.headers) {
    if (!is_hop_by_hop(name)) {
      text += fmt::format("{}: {}\r\n", name, value);
    }
  }
  if (!has_no_body(answer.status)) {
    text += fmt::format("Content-Length: {}\r\n", answer.body.size());
  }
  text += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (!head_only && !has_no_body(answer.status)) {
    text += answer.body;
  }
  return text;
}

std::string written(const Message& request, std::string_view host) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, host);
  for (const auto& [name, value] : request.headers) {
    if (!is_hop_by_hop(name) && !same_header_name(name, "Host") && !same_header_name(name, "Expect")) {
      text += fmt::format("{}: {}\r\n", name, value);
    }
  }
  if (!request.body.empty()) {
    text += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return text + "\r\n" + request.body;
}

}  // namespace kscale::sandbox

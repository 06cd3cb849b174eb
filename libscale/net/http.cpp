#include "libscale/net/http.hpp"

#include <algorithm>
#include <cctype>

#include "libscale/base/printable.hpp"
#include "libscale/net/authority.hpp"

namespace kscale::net {

namespace {

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, {}, [](unsigned char c) { return std::tolower(c); }, [](unsigned char c) { return std::tolower(c); });
}

}  // namespace

std::string Endpoint::shown() const {
  if (!unix_socket.empty()) {
    return "unix:" + printable(unix_socket);
  }
  // What is left without credentials may read as a URL with others.
  auto url = base_url;
  for (auto authority = authority_in(url); authority.find('@') != std::string_view::npos;
       authority = authority_in(url)) {
    url.erase(static_cast<std::size_t>(authority.data() - url.data()), authority.rfind('@') + 1);
  }
  return printable(url);
}

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
  }
  return "GET";
}

std::optional<std::string_view> Response::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [name](const Header& h) { return same_letters(h.first, name); });
  return found != headers.end() ? std::optional<std::string_view>(found->second) : std::nullopt;
}

Result<Response> HttpTransport::send(const Request& request) {
  auto results = send_all({request});
  return std::move(results.front());
}

bool is_path(std::string_view text) {
  return text.starts_with('/') && std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

std::string escaped(std::string_view text) {
  constexpr std::string_view k_unreserved = "-._~:";
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0 || k_unreserved.find(static_cast<char>(c)) != std::string_view::npos) {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("%{:02X}", c);
    }
  }
  return out;
}

}  // namespace kscale::net

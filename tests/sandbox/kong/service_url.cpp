#include "tests/sandbox/kong/service_url.hpp"

#include <string>
#include <string_view>

#include "tests/sandbox/kong/address.hpp"

namespace kscale::sandbox {

void expand_url(json::Value& service) {
  const std::string url = service["url"].text_or("");
  service.erase("url");
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string::npos) {
    return;
  }
  const std::string_view rest = std::string_view(url).substr(scheme_end + 3);
  const auto host_and_port = rest.substr(0, rest.find('/'));
  const auto protocol = url.substr(0, scheme_end);
  const auto address = address_of(host_and_port);
  const bool has_port = host_and_port.find(':', host_and_port.rfind(']') + 1) != std::string_view::npos;
  service.set("protocol", protocol);
  service.set("host", address ? address->host : std::string(host_and_port));
  service.set("port", address && has_port ? address->port : protocol == "https" ? 443 : 80);
  if (host_and_port.size() < rest.size()) {
    service.set("path", rest.substr(host_and_port.size()));
  }
}

}  // namespace kscale::sandbox

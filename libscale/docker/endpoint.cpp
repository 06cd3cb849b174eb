#include "libscale/docker/endpoint.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "libscale/base/number.hpp"
#include "libscale/base/printable.hpp"
#include "libscale/net/authority.hpp"
#include "libscale/net/json.hpp"

namespace kscale::docker {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_default_socket = "/var/run/docker.sock";
constexpr std::size_t k_max_file = std::size_t{1024} * 1024;

// As with the docker command, a variable that is empty counts as not set.
std::optional<std::string> set_value(const EnvironmentLookup& environment, const std::string& name) {
  auto value = environment(name);
  return value && !value->empty() ? value : std::nullopt;
}

/// The folder of the docker command's settings; empty where nobody says where it is.
fs::path settings_folder(const EnvironmentLookup& environment, const fs::path& home) {
  if (const auto folder = set_value(environment, "DOCKER_CONFIG")) {
    return *folder;
  }
  return home.empty() ? fs::path() : home / ".docker";
}

bool is_there(const fs::path& file) {
  std::error_code ignored;  // what cannot be looked at is found out by who reads it
  return fs::exists(file, ignored);
}

/// A JSON file; nothing where there is no such file.
Result<std::optional<json::Value>> read_json(const fs::path& file) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) {
    return std::nullopt;
  }
  if (error) {
    return fail(Errc::invalid, "{}: {}", file.string(), error.message());
  }
  if (!fs::is_regular_file(status)) {
    return fail(Errc::invalid, "{}: not a regular file", file.string());
  }
  const auto size = std::min<std::uintmax_t>(fs::file_size(file, error), k_max_file);
  std::string text(size + 1, '\0');
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.gcount() == 0 && errno != 0)) {
    return fail(Errc::invalid, "{}: {}", file.string(), std::generic_category().message(errno));
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > k_max_file) {
    return fail(Errc::invalid, "{}: longer than {} bytes", file.string(), k_max_file);
  }
  auto value = json::parse(text);
  if (!value) {
    return wrap(value.error(), "{}", file.string());
  }
  if (!value->is_object()) {
    return fail(Errc::invalid, "{}: not a JSON object", file.string());
  }
  return *std::move(value);
}

/// What a host string says: a socket, or scheme, authority and path of a URL. "tcp" stands until TLS is settled.
struct Host {
  std::string unix_socket;
  std::string scheme;
  std::string authority;
  bool has_port = false;
  std::string path;
};

std::string without_slashes_behind(std::string_view path) {
  return std::string(path.substr(0, path.find_last_not_of('/') + 1));
}

tl::unexpected<Error> unsupported(std::string_view scheme, std::string_view origin) {
  if (scheme == "ssh") {
    return fail(Errc::unsupported,
                "{}: ssh:// is not supported; forward the socket with 'ssh -nNT -L /tmp/docker.sock:{} HOST' and set "
                "DOCKER_HOST=unix:///tmp/docker.sock",
                origin, k_default_socket);
  }
  if (scheme == "npipe") {
    return fail(Errc::unsupported,
                "{}: npipe:// is for Windows; set DOCKER_HOST=unix://{}, or tcp://HOST:2376 with DOCKER_TLS_VERIFY=1",
                origin, k_default_socket);
  }
  if (scheme == "fd") {
    return fail(Errc::unsupported, "{}: fd:// is for the daemon only; set DOCKER_HOST=unix://{}", origin,
                k_default_socket);
  }
  return fail(Errc::unsupported, "{}: '{}://' is not supported; use unix://PATH, tcp://HOST:PORT, http:// or https://",
              origin, printable(scheme));
}

/// Reads a host; `origin` says in errors where it was written. A host without a scheme is TCP, as with the docker
/// command; unix:/PATH, as kscale writes it, is a socket too. The text itself is not shown: it may hold credentials.
Result<Host> parse_host(std::string_view text, std::string_view origin) {
  constexpr std::string_view k_path_behind = "unix:/";
  if (text.starts_with(k_path_behind) && !text.starts_with("unix://")) {
    return Host{.unix_socket = std::string(text.substr(k_path_behind.size() - 1))};
  }
  const auto separator = text.find("://");
  const auto scheme = separator == std::string_view::npos ? "tcp" : text.substr(0, separator);
  const auto rest = separator == std::string_view::npos ? text : text.substr(separator + 3);
  if (scheme == "unix") {
    return Host{.unix_socket = std::string(rest.empty() ? k_default_socket : rest)};
  }
  if (scheme != "tcp" && scheme != "http" && scheme != "https") {
    return unsupported(scheme, origin);
  }
  if (rest.find('@') != std::string_view::npos) {
    return fail(Errc::invalid, "{}: a user or a password in it, which no engine asks for; use certificates or a socket",
                origin);
  }
  const auto authority = net::authority_in(rest);
  const auto named = net::parse_authority(authority);
  if (!named) {
    return wrap(named.error(), "{}", origin);
  }
  return Host{.scheme = std::string(scheme),
              .authority = std::string(authority),
              .has_port = named->port.has_value(),
              .path = without_slashes_behind(rest.substr(authority.size()))};
}

/// `tls` is what to use for TLS; nothing where nobody asked for it.
net::Endpoint endpoint_at(const Host& host, const std::optional<net::Tls>& tls) {
  if (!host.unix_socket.empty()) {
    return {.base_url = "http://localhost", .unix_socket = host.unix_socket};
  }
  const bool https = host.scheme == "https" || tls.has_value();
  std::string url = (https ? "https://" : "http://") + host.authority;
  if (host.scheme == "tcp" && !host.has_port) {
    url += https ? ":2376" : ":2375";
  }
  return {.base_url = url + host.path, .tls = tls.value_or(net::Tls{})};
}

/// Our own certificate and key: both or none.
Status add_client_certificate(net::Tls& tls, const fs::path& folder) {
  const fs::path cert = folder / "cert.pem";
  const fs::path key = folder / "key.pem";
  const bool has_cert = is_there(cert);
  if (has_cert != is_there(key)) {
    return fail(Errc::not_found, "{} is missing, but there is {}", (has_cert ? key : cert).string(),
                (has_cert ? cert : key).string());
  }
  if (has_cert) {
    tls.client_cert_file = cert;
    tls.client_key_file = key;
  }
  return {};
}

/// The certificates that DOCKER_TLS_VERIFY asks for; nothing where it does not. A host that is https anyway uses those
/// of DOCKER_CERT_PATH without being asked.
Result<std::optional<net::Tls>> tls_from_environment(const Host& host, const EnvironmentLookup& environment,
                                                     const fs::path& settings) {
  const auto cert_path = set_value(environment, "DOCKER_CERT_PATH");
  const bool verify = set_value(environment, "DOCKER_TLS_VERIFY").has_value();
  if (!host.unix_socket.empty() || (!verify && (host.scheme != "https" || !cert_path))) {
    return std::nullopt;
  }
  const fs::path folder = cert_path ? fs::path(*cert_path) : settings;
  if (folder.empty()) {
    return fail(Errc::invalid, "DOCKER_TLS_VERIFY is set, but neither DOCKER_CERT_PATH nor HOME says where ca.pem is");
  }
  const fs::path ca = folder / "ca.pem";
  if (!is_there(ca)) {
    return fail(Errc::not_found, "{} is missing; TLS with Docker needs it (see DOCKER_TLS_VERIFY and DOCKER_CERT_PATH)",
                ca.string());
  }
  net::Tls tls{.ca_file = ca};
  if (const auto status = add_client_certificate(tls, folder); !status) {
    return tl::unexpected(status.error());
  }
  return tls;
}

/// One context of the docker command.
struct Context {
  std::string name;
  fs::path file;
  fs::path tls_folder;
  json::Value meta;
};

/// The contexts by name, and the error of the first one that could not be read.
struct Contexts {
  std::vector<Context> known;
  std::optional<Error> broken;
};

Contexts read_contexts(const fs::path& settings) {
  Contexts contexts;
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator entry(settings / "contexts" / "meta", error), end; !error && entry != end;
       entry.increment(error)) {
    folders.push_back(entry->path());
  }
  std::ranges::sort(folders);
  for (const auto& folder : folders) {
    const fs::path file = folder / "meta.json";
    auto meta = read_json(file);
    if (!meta) {
      contexts.broken = contexts.broken.value_or(meta.error());
    } else if (*meta && (**meta)["Name"].is_string()) {
      std::string name = (**meta)["Name"].text_or("");
      contexts.known.push_back(
          {std::move(name), file, settings / "contexts" / "tls" / folder.filename() / "docker", **std::move(meta)});
    }
  }
  std::ranges::sort(contexts.known, {}, &Context::name);
  return contexts;
}

/// `origin` says who named the context.
Result<Context> find_context(const std::string& name, const std::string& origin, const fs::path& settings) {
  const Contexts contexts = settings.empty() ? Contexts{} : read_contexts(settings);
  const auto found = std::ranges::find(contexts.known, name, &Context::name);
  if (found != contexts.known.end()) {
    return *found;
  }
  if (contexts.broken) {
    return wrap(*contexts.broken, "find the Docker context '{}' of {}", printable(name), origin);
  }
  std::string known = "default";
  for (const auto& context : contexts.known) {
    known += ", " + printable(context.name);
  }
  return fail(Errc::not_found, "{}: there is no Docker context '{}'; known: {}", origin, printable(name), known);
}

Result<net::Endpoint> endpoint_of(const Context& context) {
  const std::string origin = fmt::format("Docker context '{}'", printable(context.name));
  const auto& docker = context.meta["Endpoints"]["docker"];
  const std::string text = docker["Host"].text_or("");
  if (text.empty()) {
    return fail(Errc::invalid, "{}: no Endpoints.docker.Host in {}", origin, context.file.string());
  }
  const auto host = parse_host(text, origin);
  if (!host) {
    return tl::unexpected(host.error());
  }
  if (!host->unix_socket.empty()) {
    return endpoint_at(*host, std::nullopt);
  }
  if (docker["SkipTLSVerify"].as_bool().value_or(false)) {
    return fail(Errc::unsupported,
                "{}: SkipTLSVerify is set in {}, and kscale talks to no server without verifying its certificate; give "
                "the context the certificate of its authority with 'docker context update {} --docker "
                "host=...,ca=...'",
                origin, context.file.string(), printable(context.name));
  }
  net::Tls tls;
  if (is_there(context.tls_folder / "ca.pem")) {
    tls.ca_file = context.tls_folder / "ca.pem";
  }
  if (const auto status = add_client_certificate(tls, context.tls_folder); !status) {
    return wrap(status.error(), "{}", origin);
  }
  const bool has_tls = !tls.ca_file.empty() || !tls.client_cert_file.empty();
  return endpoint_at(*host, has_tls ? std::optional(tls) : std::nullopt);
}

/// A context's name, and who named it.
struct Choice {
  std::string name = "default";
  std::string origin;
};

Result<Choice> chosen_context(const EnvironmentLookup& environment, const fs::path& settings) {
  if (auto name = set_value(environment, "DOCKER_CONTEXT")) {
    return Choice{*std::move(name), "DOCKER_CONTEXT"};
  }
  if (settings.empty()) {
    return Choice{};
  }
  const fs::path file = settings / "config.json";
  const auto config = read_json(file);
  if (!config) {
    return tl::unexpected(config.error());
  }
  if (!*config || (**config)["currentContext"].is_null()) {
    return Choice{};
  }
  const auto name = (**config)["currentContext"].as_string();
  if (!name) {
    return fail(Errc::invalid, "{}: currentContext is not a text", file.string());
  }
  return name->empty() ? Choice{} : Choice{std::string(*name), file.string()};
}

}  // namespace

Result<net::Endpoint> resolve_endpoint(const EnvironmentLookup& environment, const fs::path& home,
                                       const std::string& docker_host) {
  const fs::path settings = settings_folder(environment, home);
  const auto named = docker_host.empty() ? set_value(environment, "DOCKER_HOST") : std::optional(docker_host);
  if (named) {
    const auto host = parse_host(*named, docker_host.empty() ? "DOCKER_HOST" : "docker-host");
    if (!host) {
      return tl::unexpected(host.error());
    }
    const auto tls = tls_from_environment(*host, environment, settings);
    if (!tls) {
      return tl::unexpected(tls.error());
    }
    return endpoint_at(*host, *tls);
  }
  const auto choice = chosen_context(environment, settings);
  if (!choice) {
    return tl::unexpected(choice.error());
  }
  if (choice->name == "default") {
    return endpoint_at({.unix_socket = std::string(k_default_socket)}, std::nullopt);
  }
  const auto context = find_context(choice->name, choice->origin, settings);
  if (!context) {
    return tl::unexpected(context.error());
  }
  return endpoint_of(*context);
}

Result<std::optional<std::string>> api_version_in(const EnvironmentLookup& environment) {
  auto version = set_value(environment, "DOCKER_API_VERSION");
  if (version && (!version->starts_with("1.") || !number_in<unsigned>(std::string_view(*version).substr(2)))) {
    return fail(Errc::invalid, "DOCKER_API_VERSION: '{}' is no version of Docker's API, such as 1.41",
                printable(*version));
  }
  return version;
}

}  // namespace kscale::docker

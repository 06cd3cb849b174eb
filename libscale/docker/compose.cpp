#include "libscale/docker/compose.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "libscale/base/printable.hpp"
#include "libscale/base/text.hpp"
#include "libscale/docker/secrets.hpp"
#include "libscale/net/yaml.hpp"

namespace kscale::docker {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_max_config = std::size_t{16} * 1024 * 1024;

/// What Compose looks for where it is told of no file, and what it adds to that.
constexpr std::array<std::string_view, 4> k_files{"compose.yaml", "compose.yml", "docker-compose.yaml",
                                                  "docker-compose.yml"};
constexpr std::array<std::string_view, 4> k_overrides{"compose.override.yaml", "compose.override.yml",
                                                      "docker-compose.override.yaml", "docker-compose.override.yml"};

/// Values that say nothing by themselves, though they may stand for a variable.
constexpr std::array<std::string_view, 10> k_plain_words{"true", "false",      "null",        "none", "localhost",
                                                         "info", "production", "development", "test", "debug"};

bool is_file(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at is told by Compose
  return fs::is_regular_file(path, ignored);
}

std::string value_in(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

/// The files that Compose reads, as far as they can be known from outside.
std::vector<fs::path> files_of(const ComposeSetup& setup) {
  if (setup.file) {
    return {setup.folder / *setup.file};
  }
  std::vector<fs::path> files;
  if (const auto named = value_in(setup.variables, "COMPOSE_FILE"); !named.empty()) {
    auto separator = value_in(setup.variables, "COMPOSE_PATH_SEPARATOR");
    separator = separator.empty() ? ":" : separator;
    for (std::size_t at = 0; at <= named.size();) {
      const auto end = std::min(named.find(separator, at), named.size());
      files.push_back(setup.folder / named.substr(at, end - at));
      at = end + separator.size();
    }
    return files;
  }
  for (const auto& name : k_files) {
    if (is_file(setup.folder / name)) {
      files.push_back(setup.folder / name);
    }
  }
  if (files.empty()) {
    return files;  // an override alone is nothing to Compose
  }
  for (const auto& name : k_overrides) {
    if (is_file(setup.folder / name)) {
      files.push_back(setup.folder / name);
    }
  }
  return files;
}

Mask mask_for(const ComposeSetup& setup) {
  Mask mask;
  for (const auto& word : k_plain_words) {
    mask.keep(word);
  }
  for (const auto& [name, value] : setup.variables) {
    if (!is_public(name)) {
      mask.hide(value);
    }
  }
  hide_env_file(mask, setup.folder / ".env");
  for (const auto& file : files_of(setup)) {
    hide_env_file(mask, file.parent_path() / ".env");
    hide_compose_file(mask, file);
  }
  return mask;
}

/// One call, as a person would type it.
std::string shown_call(const std::vector<std::string>& program, std::string_view command,
                       const std::vector<std::string>& services) {
  auto text = fmt::format("{} {}", fmt::join(program, " "), command);
  for (const auto& service : services) {
    text += ' ' + printable(service);
  }
  return text;
}

Errc kind_of(std::string_view words) {
  const auto says = [words](std::string_view text) { return words.find(text) != std::string_view::npos; };
  if (says("already in use") || says("port is already allocated")) {
    return Errc::conflict;
  }
  if (says("No such service") || says("no such service")) {
    return Errc::not_found;
  }
  // v1 by docker-py, and by itself; v2.
  const bool finds_no_engine = says("Error while fetching server API version") ||
                               says("Couldn't connect to Docker daemon") || says("annot connect to the Docker daemon");
  return finds_no_engine ? Errc::unreachable : Errc::failed;
}

/// What only tells how far it is, or repeats.
bool says_nothing(std::string_view line) {
  return line.empty() || line.ends_with(" ...") || line.ends_with("... done") || line.ends_with("... error") ||
         line.find_first_not_of("^~ ") == std::string_view::npos || line.starts_with("Encountered errors while") ||
         line.starts_with("Traceback ");
}

/// The line without `ERROR: for NAME  `, which v1 writes once for the container and once for its service.
std::string_view without_name(std::string_view line) {
  constexpr std::string_view k_error_for = "ERROR: for ";
  const auto blanks = line.find("  ");
  return line.starts_with(k_error_for) && blanks != std::string_view::npos ? trimmed(line.substr(blanks)) : line;
}

}  // namespace

std::string last_words(std::string_view output, const Mask& mask) {
  constexpr std::size_t k_most = 2;
  std::vector<std::string> words;  // the last first
  while (!output.empty() && words.size() < k_most) {
    const auto newline = output.rfind('\n');
    const auto raw = output.substr(newline == std::string_view::npos ? 0 : newline + 1);
    output = output.substr(0, newline == std::string_view::npos ? 0 : newline);
    const auto line = trimmed(raw);
    if (says_nothing(line)) {
      continue;
    }
    if (!words.empty() && raw.starts_with("  ") && !line.starts_with("File \"")) {
      continue;  // the code of a traceback, or what goes on from a line above
    }
    if (line.starts_with("File \"")) {
      break;  // its last line has said it
    }
    auto safe = printable(mask.applied(without_name(line)));
    if (std::find(words.begin(), words.end(), safe) == words.end()) {
      words.push_back(std::move(safe));
    }
  }
  std::reverse(words.begin(), words.end());
  return fmt::format("{}", fmt::join(words, "; "));
}

Variables with_engine(Variables variables, const net::Endpoint& endpoint) {
  for (const auto* const name :
       {"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_TLS"}) {
    variables.erase(name);
  }
  if (!endpoint.unix_socket.empty()) {
    variables["DOCKER_HOST"] = "unix://" + endpoint.unix_socket;
    return variables;
  }
  const auto authority = endpoint.base_url.substr(endpoint.base_url.find("://") + 3);
  variables["DOCKER_HOST"] = "tcp://" + authority;
  if (endpoint.base_url.starts_with("https:")) {
    variables["DOCKER_TLS_VERIFY"] = "1";
    // All three are in one folder, under the names that a docker command expects.
    for (const auto& file : {endpoint.tls.ca_file, endpoint.tls.client_cert_file}) {
      if (!file.empty()) {
        variables["DOCKER_CERT_PATH"] = fs::path(file).parent_path().string();
      }
    }
  }
  return variables;
}

Result<std::vector<ComposeService>> parse_services(const std::string& config) {
  const auto root = yaml::parse(config);
  if (!root) {
    return tl::unexpected(root.error());
  }
  const auto services = root->IsMap() ? (*root)["services"] : YAML::Node(YAML::NodeType::Undefined);
  if (!services || !services.IsMap()) {
    return fail(Errc::invalid, "no services in it");
  }
  std::vector<ComposeService> found;
  for (const auto& entry : services) {
    const auto& body = entry.second;
    if (!body.IsMap()) {
      return fail(Errc::invalid, "a service without a body");
    }
    ComposeService service;
    service.name = yaml::scalar(entry.first);
    service.image = yaml::scalar(body["image"]);
    service.has_build = body["build"].IsDefined();
    if (const auto name = yaml::scalar(body["container_name"]); !name.empty()) {
      service.container_name = name;
    }
    const auto profiles = body["profiles"];
    service.has_profiles = profiles.IsDefined() && profiles.size() > 0;
    found.push_back(std::move(service));
  }
  return found;
}

Compose::Compose(ComposeSetup setup, Words program)
    : m_setup(std::move(setup)), m_program(std::move(program)), m_mask(mask_for(m_setup)) {}

Result<std::optional<Compose>> Compose::find(ComposeSetup setup) {
  const auto files = files_of(setup);
  if (files.empty()) {
    return std::nullopt;
  }
  for (const auto& file : files) {
    if (!is_file(file)) {
      return fail(Errc::invalid, "compose file {}: no such file", printable(file.string()));
    }
  }
  setup.variables = with_engine(std::move(setup.variables), setup.docker);
  setup.variables["COMPOSE_ANSI"] = "never";
  setup.variables["COMPOSE_PROGRESS"] = "plain";
  setup.variables["PYTHONUNBUFFERED"] = "1";  // else v1 tells of a build when it is over
  for (const auto& program : {Words{"docker", "compose"}, Words{"docker-compose"}}) {
    Child child{.arguments = program, .folder = setup.folder, .variables = setup.variables, .deadline = setup.deadline};
    child.arguments.emplace_back("version");
    const auto end = run(child, setup.stop_fd);
    if (end && end->status == 0) {
      return Compose(std::move(setup), program);
    }
    if (!end && end.error().code != Errc::not_found) {
      return wrap(end.error(), "look for Compose");
    }
  }
  return fail(Errc::not_found,
              "Docker Compose is not there: neither 'docker compose' nor 'docker-compose' works; install the package "
              "docker-compose-plugin (Docker's own), docker-compose-v2 (Ubuntu) or docker-compose (Debian)");
}

std::string Compose::shown() const {
  return fmt::format("{}", fmt::join(m_program, " "));
}

Result<ChildEnd> Compose::call(Child child, std::string_view what) {
  Words arguments = m_program;
  if (m_setup.file) {
    arguments.push_back("--file=" + m_setup.file->string());
  }
  if (m_setup.project) {
    arguments.push_back("--project-name=" + *m_setup.project);
  }
  arguments.insert(arguments.end(), child.arguments.begin(), child.arguments.end());
  child.arguments = std::move(arguments);
  child.folder = m_setup.folder;
  child.variables = m_setup.variables;
  auto end = run(child, m_setup.stop_fd);
  if (!end) {
    return wrap(end.error(), "{}", what);
  }
  if (end->status != 0) {
    const auto words = last_words(child.has_errors_apart ? end->errors : end->output, m_mask);
    return fail(kind_of(words), "{}: {}", what, words.empty() ? fmt::format("exit status {}", end->status) : words);
  }
  return end;
}

Result<ChildEnd> Compose::read(const Words& words, std::string_view what) {
  auto end = call(
      {.arguments = words, .has_errors_apart = true, .max_output = k_max_config, .deadline = m_setup.deadline}, what);
  if (end && end->is_cut) {
    return fail(Errc::failed, "{}: more than {} bytes", what, k_max_config);
  }
  return end;
}

Result<Compose::Words> Compose::with_profiles(const Words& words) {
  if (!m_profiles) {
    const auto listed = read({"config", "--profiles"}, shown_call(m_program, "config --profiles", {}));
    if (!listed) {
      return tl::unexpected(listed.error());
    }
    Words profiles;
    for (std::string_view rest = listed->output; !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (const auto profile = trimmed(line); !profile.empty()) {
        profiles.push_back(fmt::format("--profile={}", profile));
      }
    }
    m_profiles = std::move(profiles);
  }
  Words all = *m_profiles;
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Result<std::vector<ComposeService>> Compose::services() {
  const auto what = shown_call(m_program, "config", {});
  const auto words = with_profiles({"config"});
  if (!words) {
    return tl::unexpected(words.error());
  }
  const auto config = read(*words, what);
  if (!config) {
    return tl::unexpected(config.error());
  }
  hide_compose_text(m_mask, config->output, m_setup.folder);
  auto found = parse_services(config->output);
  return found ? found : wrap(found.error(), "{}", what);
}

Status Compose::act(std::string_view command, const Words& options, const Words& services, const Progress& progress,
                    std::chrono::milliseconds deadline) {
  Words words{std::string(command)};
  words.insert(words.end(), options.begin(), options.end());
  if (!services.empty()) {
    words.emplace_back("--");
    words.insert(words.end(), services.begin(), services.end());
  }
  const auto all = with_profiles(words);
  if (!all) {
    return tl::unexpected(all.error());
  }
  Child child{.arguments = *all, .deadline = deadline};
  if (progress) {
    child.on_line = [&](std::string_view line) {
      if (const auto text = trimmed(line); !text.empty()) {
        progress(printable(m_mask.applied(text)));
      }
    };
  }
  const auto end = call(std::move(child), shown_call(m_program, command, services));
  return end ? Status{} : tl::unexpected(end.error());
}

Status Compose::act_on(std::string_view command, const Words& options, const Words& services, const Progress& progress,
                       std::chrono::milliseconds deadline) {
  // Without a name Compose would take all.
  return services.empty() ? Status{} : act(command, options, services, progress, deadline);
}

Status Compose::up(const std::vector<std::string>& services, const Progress& progress) {
  return act_on("up", {"--detach", "--no-recreate", "--no-deps"}, services, progress, m_setup.deadline);
}

Status Compose::build(const std::vector<std::string>& services, const Progress& progress) {
  return act_on("build", {}, services, progress, m_setup.build_deadline);
}

Status Compose::stop(const std::vector<std::string>& services, std::chrono::seconds grace, const Progress& progress) {
  return act_on("stop", {fmt::format("--timeout={}", grace.count())}, services, progress, m_setup.deadline + grace);
}

Status Compose::restart(const std::vector<std::string>& services, std::chrono::seconds grace,
                        const Progress& progress) {
  return act_on("restart", {fmt::format("--timeout={}", grace.count())}, services, progress, m_setup.deadline + grace);
}

Status Compose::down(const Down& what, const Progress& progress) {
  Words options{fmt::format("--timeout={}", what.grace.count())};
  if (what.volumes) {
    options.emplace_back("--volumes");
  }
  if (what.orphans) {
    options.emplace_back("--remove-orphans");
  }
  return act("down", options, {}, progress, m_setup.deadline + what.grace);
}

}  // namespace kscale::docker

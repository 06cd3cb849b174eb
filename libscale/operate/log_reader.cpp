#include "libscale/operate/log_reader.hpp"

#include <algorithm>
#include <utility>

#include "libscale/base/printable.hpp"

namespace kscale::operate {

namespace {

/// The Compose project of the container; empty where it has none.
std::string project_of(const docker::Container& container) {
  const auto found = container.labels.find("com.docker.compose.project");
  return found != container.labels.end() ? found->second : std::string();
}

std::vector<docker::Container> those_meant_by(const std::string& word, const std::vector<fleet::Instance>& instances) {
  std::vector<docker::Container> meant;
  for (const auto& instance : instances) {
    if (word.empty() || word == "backend" || word == instance.container.name ||
        word == std::to_string(instance.number)) {
      meant.push_back(instance.container);
    }
  }
  return meant;
}

}  // namespace

Result<std::vector<docker::Container>> containers_meant_by(const std::string& word, const fleet::World& world,
                                                           const fleet::Deployment& deployment) {
  const auto instances = fleet::instances_of(world, deployment);
  if (!instances) {
    return tl::unexpected(instances.error());
  }
  auto meant = those_meant_by(word, *instances);
  if (!meant.empty()) {
    return meant;
  }
  if (word.empty()) {
    return fail(Errc::not_found, "logs: there is no instance");
  }
  auto service = world.engine.labelled("com.docker.compose.service", word);
  if (!service) {
    return tl::unexpected(service.error());
  }
  // Another project on this engine may have a service of the same name.
  std::erase_if(*service, [&](const docker::Container& container) {
    return !instances->empty() && project_of(container) != project_of(instances->front().container);
  });
  if (!service->empty()) {
    return service;
  }
  auto named = world.engine.inspect(word);
  // Docker also takes the beginning of an id: `7` may be a stranger's.
  const bool is_it = named && (named->name == word || named->id == word);
  if (named ? !is_it : named.error().code == Errc::not_found) {
    return fail(Errc::not_found, "logs: there is no {}", printable(word));
  }
  return std::move(named).map([](docker::Container container) { return std::vector{std::move(container)}; });
}

LogReader::LogReader(LogQuestion question, fleet::World world, const fleet::Deployment& deployment,
                     const control::Log& log)
    : m_question(std::move(question)),
      m_world(std::move(world)),
      m_deployment(deployment),
      m_log(log),
      m_begun(m_world.clock.now().wall.time_since_epoch()) {}

void LogReader::tell(const std::string& whose, const Error& error) {
  if (std::exchange(m_told[whose], error.what) != error.what) {
    m_log.say(control::Level::warning, "{}", error.what);
  }
}

Result<std::vector<MergedLine>> LogReader::read() {
  const bool first = std::exchange(m_is_first, false);
  const auto containers = containers_meant_by(m_question.whose, m_world, m_deployment);
  if (!containers) {
    if (first || containers.error().code == Errc::interrupted) {
      return tl::unexpected(containers.error());
    }
    tell("", containers.error());
    return {};
  }
  m_told.erase("");
  std::vector<ContainerLog> read;
  std::vector<std::pair<std::string, Error>> failed;
  for (const auto& container : *containers) {
    docker::LogRange range{.since = m_merge.since(container.name)};
    if (const auto passed = m_passed_over.find(container.name); passed != m_passed_over.end()) {
      range.since = std::max(range.since.value_or(passed->second), passed->second);
    }
    if (first) {
      range.tail = m_question.tail;
      range.since = m_question.since ? std::optional(m_begun - *m_question.since) : std::nullopt;
    } else if (!range.since) {
      range.since = m_begun;
    }
    if (auto lines = m_world.engine.logs(container.id, range)) {
      read.push_back({container.name, std::move(*lines)});
      m_told.erase(container.name);
    } else if (lines.error().code == Errc::interrupted) {
      return tl::unexpected(lines.error());
    } else {
      failed.emplace_back(container.name, lines.error());
      if (lines.error().code == Errc::invalid) {
        m_passed_over[container.name] = m_world.clock.now().wall.time_since_epoch();
      }
    }
  }
  if (first && read.empty() && !failed.empty()) {
    return tl::unexpected(failed.front().second);
  }
  for (const auto& [name, error] : failed) {
    tell(name, error);
  }
  return m_merge.merge(read);
}

}  // namespace kscale::operate

#include "libscale/control/sampler.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <sys/statvfs.h>

namespace kscale::control {

namespace {

using namespace std::chrono_literals;

/// Readings that are older say nothing of now.
constexpr auto k_oldest_usable = 15min;
/// Readings that are younger may be from before Kong's counters moved, as if there were no traffic. A bit less than a
/// second: that is the shortest interval between checks, and one comes early after one that came late.
constexpr auto k_youngest_usable = 900ms;

std::string content_of(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::optional<Percent> disk_used(const char* path) {
  struct statvfs disk {};
  if (statvfs(path, &disk) != 0 || disk.f_blocks == 0) {
    return std::nullopt;
  }
  // As `df` counts: what only root may use is neither used nor free.
  const auto used = static_cast<double>(disk.f_blocks - disk.f_bfree);
  return Percent{used / (used + static_cast<double>(disk.f_bavail)) * 100};
}

}  // namespace

HostFigures read_host() {
  HostFigures figures;
  figures.cpu = metrics::read_host_cpu(content_of("/proc/stat"));
  if (const auto memory = metrics::read_host_memory(content_of("/proc/meminfo"))) {
    figures.memory = memory->used();
  }
  figures.disk = disk_used("/");
  return figures;
}

Sampler::Sampler(docker::Engine& engine, kong::Admin& kong, net::HttpTransport& http, Clock& clock,
                 const Settings& settings)
    : m_engine(engine), m_kong(kong), m_http(http), m_clock(clock), m_settings(settings) {}

void Sampler::read_kong(const Result<net::Response>& status, const Result<net::Response>& metrics, Look& seen) {
  if (const auto read = m_kong.read_status(status)) {
    seen.readings.total_requests = read->total_requests;
  } else {
    seen.problems.push_back(read.error().what);
  }
  seen.readings.at += metrics ? metrics->elapsed : 0us;
  const auto text = m_kong.read_metrics(metrics);
  const auto traffic =
      text.and_then([this](const std::string& page) { return kong::parse_traffic(page, m_settings.service); });
  if (traffic) {
    seen.readings.traffic = *traffic;
  } else if (traffic.error().code == Errc::unsupported) {
    seen.readings.traffic = kong::Traffic{};
  } else {
    seen.problems.push_back(traffic.error().what);
  }
}

Result<Sampler::Look> Sampler::look(const std::vector<fleet::Instance>& running, AskKong ask_kong) {
  Look seen;
  seen.readings.at = m_clock.now().instant;
  std::vector<net::Request> requests;
  std::ranges::transform(running, std::back_inserter(requests), [this](const fleet::Instance& instance) {
    return m_engine.stats_request(instance.container.id);
  });
  if (ask_kong == AskKong::yes) {
    requests.push_back(m_kong.status_request());
    requests.push_back(m_kong.metrics_request());
  }
  const auto answers = m_http.send_all(requests);
  for (const auto& answer : answers) {
    if (!answer && answer.error().code == Errc::interrupted) {
      return tl::unexpected(answer.error());
    }
  }
  if (ask_kong == AskKong::yes) {
    read_kong(answers[running.size()], answers[running.size() + 1], seen);
  }
  for (std::size_t i = 0; i < running.size(); ++i) {
    const auto& container = running[i].container;
    const auto stats = m_engine.read_stats(answers[i]);
    if (!stats) {
      seen.problems.push_back(fmt::format("stats of {}: {}", container.name, stats.error().what));
    } else if (*stats) {
      seen.readings.containers.emplace(container.id, **stats);
    }
  }
  return seen;
}

bool Sampler::can_go_on_from_last(const std::vector<fleet::Instance>& running, Instant now) const {
  if (!m_last || now - m_last->at > k_oldest_usable || now - m_last->at < k_youngest_usable) {
    return false;
  }
  return running.empty() || std::ranges::any_of(running, [this](const fleet::Instance& i) {
           return m_last->containers.contains(i.container.id);
         });
}

Result<Milliseconds> Sampler::timed_request() {
  net::Request request;
  request.to.base_url = m_settings.proxy_url;
  request.path = m_settings.proxy_health_path;
  request.deadline = m_settings.request_timeout;
  const auto answer = m_http.send(request);
  if (!answer && answer.error().code == Errc::timed_out) {
    return Milliseconds(request.deadline);  // it takes longer than that, which says enough
  }
  if (!answer) {
    return wrap(answer.error(), "time a request");
  }
  // What Kong answers by itself, such as 404 for want of a route, says nothing of the instances.
  if (answer->status < 200 || answer->status >= 400) {
    return fail(Errc::failed, "time a request: {}{} answered {}; see proxy-health-path", m_settings.proxy_url,
                m_settings.proxy_health_path, answer->status);
  }
  return std::chrono::duration_cast<Milliseconds>(answer->elapsed);
}

Status Sampler::known_service(const Readings& readings) {
  const bool counts_only_others = readings.traffic && readings.traffic->requests && readings.traffic->requests->empty();
  if (!counts_only_others || m_knows_service) {
    return {};
  }
  auto known = m_kong.require_service(m_settings.service);
  m_knows_service = known.has_value();
  return known;
}

Result<Sample> Sampler::take(const std::vector<fleet::Instance>& running, AskKong ask_kong) {
  if (!m_asked_host_memory) {
    const auto info = m_engine.info();
    m_host_memory = info ? info->host_memory : std::nullopt;
    m_asked_host_memory = info.has_value();
  }
  if (!can_go_on_from_last(running, m_clock.now().instant)) {
    auto first = look(running, ask_kong);
    if (!first) {
      return tl::unexpected(first.error());
    }
    first->readings.host_cpu = read_host().cpu;
    m_last = std::move(first->readings);
    if (m_clock.wait(k_first_span) == Waited::interrupted) {
      return fail(Errc::interrupted, "interrupted");
    }
  }
  auto second = look(running, ask_kong);
  if (!second) {
    return tl::unexpected(second.error());
  }
  auto& [readings, problems] = *second;
  const auto service = known_service(readings);
  if (!service && service.error().code == Errc::interrupted) {
    return tl::unexpected(service.error());
  }
  const auto host = read_host();
  readings.host_cpu = host.cpu;
  const SampleContext context{.now = m_clock.now(),
                              .warm_up = m_settings.warm_up,
                              .cpu_basis = m_settings.cpu_basis,
                              .host_memory = m_host_memory,
                              .service = m_settings.service};
  auto sample = sample_between(m_last, readings, running, context);
  sample.problems = std::move(problems);
  if (!service) {
    sample.problems.push_back(service.error().what);
    sample.request_rate.reset();
  }
  sample.host_memory = host.memory;
  sample.host_disk = host.disk;
  if (readings.traffic && !readings.traffic->latency) {
    if (const auto timed = timed_request()) {
      sample.response_time = *timed;
    } else if (timed.error().code == Errc::interrupted) {
      return tl::unexpected(timed.error());
    } else {
      sample.problems.push_back(timed.error().what);
    }
  }
  m_last = std::move(readings);
  return sample;
}

}  // namespace kscale::control

#include <utility>

#include "libscale/base/printable.hpp"
#include "libscale/base/text.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/control/value.hpp"
#include "libscale/net/http.hpp"

namespace kscale::control {

namespace {

using namespace std::chrono_literals;

/// What stands about a key in the help.
struct About {
  std::string_view name;
  std::string_view old_variable;
  std::string_view argument;
  std::string_view help;
};

Key key(const About& about, std::function<Status(Settings&, std::string_view)> set,
        std::function<std::string(const Settings&)> show) {
  return {about.name, about.old_variable, about.argument, about.help, std::move(set), std::move(show)};
}

/// Stores what was parsed, or says what is wrong with it.
template <class Value, class Field>
Status store(const Result<Value>& value, Field&& field) {
  if (!value) {
    return tl::unexpected(value.error());
  }
  field(*value);
  return {};
}

template <class Field>
Key whole(const About& about, int least, int most, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view text) {
        return store(parse_whole(text, least, most), [&](int value) { field(s) = value; });
      },
      [=](const Settings& s) { return std::to_string(field(s)); });
}

/// A figure inside a type with a unit, reached by `field`.
template <class Field>
Key number(const About& about, double least, double most, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view text) {
        return store(parse_number(text, least, most), [&](double value) { field(s) = value; });
      },
      [=](const Settings& s) { return fmt::format("{:g}", field(s)); });
}

template <class Field>
Key span(const About& about, std::chrono::milliseconds unit, std::chrono::milliseconds least,
         std::chrono::milliseconds most, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view text) {
        using Span = std::remove_reference_t<decltype(field(s))>;
        const auto parsed = parse_span(text, unit, least, most);
        if (parsed && std::chrono::duration_cast<Span>(*parsed) != *parsed) {
          return Status(fail(Errc::invalid, "'{}' is not a whole number of seconds", printable(text)));
        }
        return store(parsed,
                     [&](std::chrono::milliseconds value) { field(s) = std::chrono::duration_cast<Span>(value); });
      },
      [=](const Settings& s) { return in_seconds(std::chrono::duration_cast<std::chrono::milliseconds>(field(s))); });
}

template <class Field>
Key text(const About& about, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view value) -> Status {
        field(s) = value;
        return {};
      },
      [=](const Settings& s) { return std::string(field(s)); });
}

/// A name as Docker and Kong allow it.
template <class Field>
Key name(const About& about, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view value) -> Status {
        constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
        if (value.empty() || value.find_first_not_of(k_letters) != std::string_view::npos) {
          return fail(Errc::invalid, "'{}' is no name: letters, digits, '_', '.' and '-' are allowed",
                      printable(value));
        }
        field(s) = value;
        return {};
      },
      [=](const Settings& s) { return std::string(field(s)); });
}

template <class Field>
Key url(const About& about, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view value) {
        return store(parse_url(value), [&](const std::string& parsed) { field(s) = parsed; });
      },
      [=](const Settings& s) { return std::string(field(s)); });
}

template <class Field>
Key path_of_url(const About& about, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view value) -> Status {
        if (!net::is_path(value)) {
          return fail(Errc::invalid, "'{}' is no path: it must begin with '/', and blanks are written as %20",
                      printable(value));
        }
        field(s) = value;
        return {};
      },
      [=](const Settings& s) { return std::string(field(s)); });
}

template <class Field>
Key toggle(const About& about, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view value) {
        return store(parse_switch(value), [&](bool parsed) { field(s) = parsed; });
      },
      [=](const Settings& s) { return field(s) ? "true" : "false"; });
}

template <class Value, class Field>
Key choice(const About& about, std::vector<std::pair<std::string_view, Value>> words, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view value) -> Status {
        for (const auto& [word, meaning] : words) {
          if (word == value) {
            field(s) = meaning;
            return {};
          }
        }
        return fail(Errc::invalid, "'{}' is none of {}", printable(value), about.argument);
      },
      [=](const Settings& s) {
        for (const auto& [word, meaning] : words) {
          if (meaning == field(s)) {
            return std::string(word);
          }
        }
        return std::string();
      });
}

std::vector<Key> rules() {
  return {
      whole(
          {"min-instances", "MIN_INSTANCES", "N", "never run fewer instances"}, 1, 1000,
          [](auto& s) -> auto& { return s.rules.min_instances; }),
      whole(
          {"max-instances", "MAX_INSTANCES", "N", "never run more instances"}, 1, 1000,
          [](auto& s) -> auto& { return s.rules.max_instances; }),
      number(
          {"scale-up-threshold", "SCALE_UP_THRESHOLD", "PERCENT", "add an instance above this CPU or memory use"}, 1,
          100'000, [](auto& s) -> auto& { return s.rules.scale_up.value; }),
      number(
          {"scale-down-threshold", "SCALE_DOWN_THRESHOLD", "PERCENT",
           "remove an instance only at or below this CPU and memory use"},
          0, 100'000, [](auto& s) -> auto& { return s.rules.scale_down.value; }),
      number(
          {"request-rate-up", "", "RATE", "add an instance above so many requests a second"}, 0, 1e9,
          [](auto& s) -> auto& { return s.rules.rate_up.value; }),
      number(
          {"request-rate-down", "", "RATE", "remove an instance only at or below so many requests a second"}, 0, 1e9,
          [](auto& s) -> auto& { return s.rules.rate_down.value; }),
      span(
          {"response-time-up", "", "MS", "add an instance above this mean response time"}, 1ms, 1ms, 1h,
          [](auto& s) -> auto& { return s.rules.response_time_up; }),
      span(
          {"check-interval", "CHECK_INTERVAL", "SECONDS", "how often to check"}, 1s, 1s, 24h,
          [](auto& s) -> auto& { return s.check_interval; }),
      span(
          {"cooldown-period", "COOLDOWN_PERIOD", "SECONDS", "how long to wait after scaling before scaling again"}, 1s,
          0s, 24h, [](auto& s) -> auto& { return s.rules.cooldown; }),
      span(
          {"warm-up", "", "SECONDS", "how long a new instance's load is not counted"}, 1s, 0s, 24h,
          [](auto& s) -> auto& { return s.warm_up; }),
      choice<CpuBasis>(
          {"cpu-basis", "", "core|limit", "what 100% CPU is: one core, or the container's CPU limit"},
          {{"core", CpuBasis::core}, {"limit", CpuBasis::limit}}, [](auto& s) -> auto& { return s.cpu_basis; }),
  };
}

std::vector<Key> deployment() {
  using fleet::Addressing;
  return {
      name(
          {"name-prefix", "", "NAME", "instance N is the container NAME-N"},
          [](auto& s) -> auto& { return s.deployment.prefix; }),
      name(
          {"upstream", "", "NAME", "Kong's upstream"}, [](auto& s) -> auto& { return s.deployment.upstream; }),
      name(
          {"service", "", "NAME", "Kong's service, for request rate and response time"},
          [](auto& s) -> auto& { return s.service; }),
      choice<Addressing>(
          {"target-address", "", "name|ip|host",
           "how Kong reaches an instance: container name, container IP, or host and published port"},
          {{"name", Addressing::name}, {"ip", Addressing::ip}, {"host", Addressing::host}},
          [](auto& s) -> auto& { return s.deployment.addressing; }),
      name(
          {"target-host", "", "HOST", "the host in a target with target-address=host"},
          [](auto& s) -> auto& { return s.deployment.host; }),
      whole(
          {"target-weight", "", "N", "weight of a target"}, 1, 65535,
          [](auto& s) -> auto& { return s.deployment.target_weight; }),
      whole(
          {"container-port", "", "PORT", "port that an instance listens on"}, 1, 65535,
          [](auto& s) -> auto& { return s.deployment.container_port; }),
      whole(
          {"host-port-base", "", "PORT", "instance N publishes its port at PORT+N; 0: not at all"}, 0, 65535,
          [](auto& s) -> auto& { return s.deployment.host_port_base; }),
      path_of_url(
          {"health-path", "", "PATH", "path that a ready instance answers with 2xx or 3xx"},
          [](auto& s) -> auto& { return s.deployment.health_path; }),
      span(
          {"ready-timeout", "", "SECONDS", "how long a new instance may take until it is ready"}, 1s, 1s, 24h,
          [](auto& s) -> auto& { return s.deployment.ready_timeout; }),
      span(
          {"propagation-wait", "", "MS", "how long Kong's workers and nodes take to learn of a change"}, 1ms, 0s, 1h,
          [](auto& s) -> auto& { return s.deployment.propagation_wait; }),
      span(
          {"drain-timeout", "", "SECONDS", "how long requests in flight get before their instance is stopped"}, 1s, 0s,
          24h, [](auto& s) -> auto& { return s.deployment.drain_timeout; }),
      span(
          {"stop-timeout", "", "SECONDS", "how long a stopping instance gets between SIGTERM and SIGKILL"}, 1s, 0s, 1h,
          [](auto& s) -> auto& { return s.deployment.stop_timeout; }),
  };
}

std::vector<Key> peers() {
  return {
      url(
          {"kong-url", "", "URL", "Kong's Admin API"}, [](auto& s) -> auto& { return s.kong_url; }),
      url(
          {"proxy-url", "", "URL", "Kong's proxy, to time a request where Kong measures none"},
          [](auto& s) -> auto& { return s.proxy_url; }),
      path_of_url(
          {"proxy-health-path", "", "PATH", "path of that request"},
          [](auto& s) -> auto& { return s.proxy_health_path; }),
      name(
          {"kong-token-header", "", "NAME", "header that carries the key of the Admin API"},
          [](auto& s) -> auto& { return s.kong_token_header; }),
      text(
          {"kong-token-file", "", "FILE", "file that holds the key; or set KSCALE_KONG_TOKEN"},
          [](auto& s) -> auto& { return s.kong_token_file; }),
      text(
          {"kong-ca-file", "", "FILE", "certificate authority of the Admin API"},
          [](auto& s) -> auto& { return s.kong_tls.ca_file; }),
      text(
          {"kong-client-cert", "", "FILE", "client certificate for the Admin API"},
          [](auto& s) -> auto& { return s.kong_tls.client_cert_file; }),
      text(
          {"kong-client-key", "", "FILE", "its private key"},
          [](auto& s) -> auto& { return s.kong_tls.client_key_file; }),
      key(
          {"docker-host", "", "ADDRESS", "Docker's address; else DOCKER_HOST, DOCKER_CONTEXT or the current context"},
          [](Settings& s, std::string_view value) -> Status {
            s.docker_host = value;
            return {};
          },
          [](const Settings& s) { return without_credentials(s.docker_host); }),
      text(
          {"compose-file", "", "FILE", "Compose's file; else the one in this folder, if there is one"},
          [](auto& s) -> auto& { return s.compose_file; }),
      text(
          {"compose-project", "", "NAME", "Compose's project; else as Compose finds it"},
          [](auto& s) -> auto& { return s.compose_project; }),
      span(
          {"request-timeout", "", "SECONDS", "deadline of one call to Docker or Kong"}, 1s, 100ms, 10min,
          [](auto& s) -> auto& { return s.request_timeout; }),
  };
}

/// A URL that is a secret: only whose it is, is shown.
template <class Field>
Key secret_url(const About& about, Field field) {
  return key(
      about,
      [=](Settings& s, std::string_view value) {
        return store(parse_secret_url(value), [&](const std::string& parsed) { field(s) = parsed; });
      },
      [=](const Settings& s) { return without_secret(field(s)); });
}

std::vector<Key> monitoring() {
  std::vector<Key> keys{
      span(
          {"refresh-interval", "REFRESH_INTERVAL", "SECONDS", "how often to look"}, 1s, 1s, 24h,
          [](auto& s) -> auto& { return s.refresh_interval; }),
      number(
          {"cpu-threshold", "CPU_THRESHOLD", "PERCENT", "alert above this CPU use of an instance"}, 1, 100'000,
          [](auto& s) -> auto& { return s.alerting.cpu.value; }),
      number(
          {"memory-threshold", "MEMORY_THRESHOLD", "PERCENT", "alert above this memory use of an instance"}, 1, 100,
          [](auto& s) -> auto& { return s.alerting.memory.value; }),
      span(
          {"response-time-threshold", "RESPONSE_TIME_THRESHOLD", "MS", "alert above this mean response time"}, 1ms, 1ms,
          1h, [](auto& s) -> auto& { return s.alerting.response_time; }),
      number(
          {"error-rate-threshold", "", "PERCENT", "alert above this share of answers with 5xx"}, 0, 100,
          [](auto& s) -> auto& { return s.alerting.error_rate.value; }),
      key(
          {"alert-for", "", "RULE=SPAN,...", "how long something must be wrong before the alert fires"},
          [](Settings& s, std::string_view text) {
            return store(parse_hold_times(text), [&](const alert::HoldTimes& value) { s.alerting.hold_for = value; });
          },
          [](const Settings& s) { return shown(s.alerting.hold_for); }),
      span(
          {"alert-repeat", "", "SECONDS", "tell again of an alert that lasts for so long"}, 1s, 1min, 24h * 30,
          [](auto& s) -> auto& { return s.alerting.repeat; }),
      secret_url(
          {"webhook-url", "", "URL", "post alerts there as JSON; or set KSCALE_WEBHOOK_URL"},
          [](auto& s) -> auto& { return s.alerting.webhook_url; }),
      secret_url(
          {"slack-url", "", "URL", "post alerts to this Slack webhook; or set KSCALE_SLACK_URL"},
          [](auto& s) -> auto& { return s.alerting.slack_url; }),
      secret_url(
          {"alertmanager-url", "", "URL", "send alerts to this Alertmanager"},
          [](auto& s) -> auto& { return s.alerting.alertmanager_url; }),
  };
  for (auto& one : keys) {
    one.scope = Key::Scope::monitor;
  }
  return keys;
}

std::vector<Key> files_and_switches() {
  return {
      text(
          {"history-log", "", "FILE", "CSV file of scaling actions; empty: none"},
          [](auto& s) -> auto& { return s.history_log; }),
      text(
          {"state-dir", "", "DIR", "where state, history and lock are kept"},
          [](auto& s) -> auto& { return s.state_dir; }),
      span(
          {"keep-samples", "", "SECONDS", "how long the history keeps each sample"}, 1s, 1h, 24h * 366,
          [](auto& s) -> auto& { return s.retention.samples; }),
      span(
          {"keep-minutes", "", "SECONDS", "how long the history keeps averages over a minute"}, 1s, 1h, 24h * 3660,
          [](auto& s) -> auto& { return s.retention.minutes; }),
      key(
          {"metrics-listen", "", "HOST:PORT", "serve Prometheus' page there, such as 127.0.0.1:9464"},
          [](Settings& s, std::string_view text) {
            return store(parse_listen(text), [&](const std::string& value) { s.metrics_listen = value; });
          },
          [](const Settings& s) { return s.metrics_listen; }),
      toggle(
          {"dry-run", "DRY_RUN", "", "decide, but change nothing"}, [](auto& s) -> auto& { return s.dry_run; }),
      toggle(
          {"verbose", "VERBOSE", "", "tell each step"}, [](auto& s) -> auto& { return s.verbose; }),
  };
}

std::vector<Key> all_keys() {
  std::vector<Key> all;
  for (auto* const group : {&rules, &deployment, &peers, &monitoring, &files_and_switches}) {
    for (auto& one : group()) {
      all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> all = all_keys();
  return all;
}

}  // namespace kscale::control

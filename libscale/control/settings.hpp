#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/alert/rule.hpp"
#include "libscale/base/environment.hpp"
#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/net/http.hpp"
#include "libscale/policy/rules.hpp"
#include "libscale/store/history.hpp"

namespace kscale::control {

/// What 100 % of CPU is.
enum class CpuBasis {
  core,   ///< one core, as in `docker stats`
  limit,  ///< the container's own CPU limit, where it has one
};

/// When kscale-monitor alerts, and whom it tells.
struct Alerting {
  Percent cpu{80};     ///< of one instance
  Percent memory{80};  ///< likewise
  std::chrono::milliseconds response_time{1000};
  Percent error_rate{5};
  alert::HoldTimes hold_for;  ///< where they differ from the rules' own
  std::chrono::seconds repeat{std::chrono::hours{4}};
  std::string webhook_url;       ///< secret, as are the next two: whoever knows it can post
  std::string slack_url;         ///< empty: nobody is told
  std::string alertmanager_url;  ///< its base, without /api/v2
};

/// All that can be set, with the defaults.
struct Settings {
  policy::Rules rules;
  std::chrono::seconds check_interval{30};
  std::chrono::seconds warm_up{30};  ///< how long after its start an instance's load says nothing
  CpuBasis cpu_basis = CpuBasis::core;
  fleet::Deployment deployment;
  std::string service = "street-noshery-backend";  ///< Kong's, for requests and response time
  std::string kong_url = "http://localhost:8001";
  std::string proxy_url = "http://localhost:8000";
  std::string proxy_health_path = "/health";
  std::string kong_token_header = "Kong-Admin-Token";
  std::string kong_token_file;
  std::string kong_token;  ///< secret: from the environment or the file, and never shown
  net::Tls kong_tls;
  std::string docker_host;      ///< empty: as the docker command finds it
  std::string compose_file;     ///< empty: the one in the working directory, if there is one
  std::string compose_project;  ///< empty: as Compose finds it
  std::chrono::milliseconds request_timeout{10'000};
  std::string history_log = "/tmp/kong_scaling_history.log";
  std::string state_dir;  ///< empty: where the system keeps state
  store::Retention retention;
  std::string metrics_listen;  ///< host:port of Prometheus' page; empty: there is none
  std::chrono::seconds refresh_interval{5};
  Alerting alerting;
  bool dry_run = false;
  bool verbose = false;
};

/// One thing that can be set, the same everywhere: `min-instances` is the flag, `min_instances` stands in kscale.yml,
/// and `KSCALE_MIN_INSTANCES` in the environment.
struct Key {
  /// Which tools have it as a flag. In kscale.yml and in the environment all of them know all keys.
  enum class Scope { all, monitor };

  std::string_view name;
  std::string_view old_variable;  ///< the name that the original scripts read; may be empty
  std::string_view argument;      ///< what the value is, for help; empty for a switch
  std::string_view help;
  std::function<Status(Settings&, std::string_view)> set;
  std::function<std::string(const Settings&)> show;
  Scope scope = Scope::all;
};

/// All keys, in the order of the help.
const std::vector<Key>& keys();

/// A value that a flag gave.
struct Flag {
  std::string name;  ///< without the dashes
  std::string value;
};

/// Where the layers come from.
struct Sources {
  EnvironmentLookup environment;
  std::vector<std::string> variables;  ///< the names of all environment variables, to find those that are misspelt
  std::optional<std::filesystem::path> file;       ///< given by --config: it must be there
  std::vector<std::filesystem::path> usual_files;  ///< otherwise the first of these that is there
  std::vector<Flag> flags;
};

/// Settings, and for each key where its value comes from.
struct LoadedSettings {
  Settings settings;
  std::map<std::string, std::string, std::less<>> origins;  ///< key -> "default", "kscale.yml:3", "MIN_INSTANCES", ...
};

/// Reads the layers, later ones over earlier ones: defaults, file, environment, flags. Fails with `invalid` and a text
/// that names the place, the key and what would be right.
Result<LoadedSettings> load_settings(const Sources& sources);

/// One line a key: name, value, origin. No secret is in it.
std::string shown(const LoadedSettings& loaded);

}  // namespace kscale::control

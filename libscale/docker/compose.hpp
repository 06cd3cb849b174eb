#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/docker/child.hpp"
#include "libscale/docker/mask.hpp"
#include "libscale/net/http.hpp"

namespace kscale::docker {

/// A service of a compose file.
struct ComposeService {
  std::string name;
  std::optional<std::string> container_name;  ///< where the file names it; else Compose makes PROJECT_SERVICE_NUMBER
  std::string image;                          ///< empty where it is only built
  bool has_build = false;
  bool has_profiles = false;  ///< it is in some, and only with one of them part of the project

  friend bool operator==(const ComposeService&, const ComposeService&) = default;
};

/// How Compose is to be called.
struct ComposeSetup {
  std::filesystem::path folder = ".";         ///< where a compose file is sought, and where Compose runs
  std::optional<std::filesystem::path> file;  ///< from `folder` on; else the one that Compose finds there by itself
  std::optional<std::string> project;         ///< its name; else the one that Compose gives it
  net::Endpoint docker;                       ///< the engine that it is to talk to
  Variables variables = own_variables();
  int stop_fd = -1;                                               ///< as `run` takes it
  std::chrono::milliseconds deadline = std::chrono::minutes{10};  ///< of one call; it may have to fetch an image
  std::chrono::milliseconds build_deadline = std::chrono::hours{1};
};

/// Docker Compose, v2 (`docker compose`) or v1 (`docker-compose`, from 1.28 on), run as a process.
///
/// All calls have every profile of the file switched on, and reach only the services named: v1 would do without for a
/// service that is named, v2 stops and restarts nothing then (docker/compose #9986). Nothing is called for no service.
///
/// Errors: `unreachable` (it finds no engine), `conflict` (a name or a port is taken), `not_found` (no such service),
/// `timed_out`, `interrupted`, and `failed` for all else. They name the command and give its last words, without the
/// secrets of its environment, of the .env file and of the compose file.
class Compose {
 public:
  /// What Compose says while it works, line by line, safe to show, without secrets.
  using Progress = std::function<void(std::string_view line)>;

  /// Nothing where no compose file is named, in COMPOSE_FILE or in the folder. `invalid` where a file that is named is
  /// not there; `not_found` where Compose is not.
  static Result<std::optional<Compose>> find(ComposeSetup setup);

  /// `docker compose` or `docker-compose`.
  std::string shown() const;

  /// All services, those of all profiles included, in the order of their names or of the file.
  Result<std::vector<ComposeService>> services();

  /// Starts services, and nothing that they depend on. Makes the containers that are missing, with the file's networks;
  /// one that is there stays as it is, also where the file says otherwise by now.
  Status up(const std::vector<std::string>& services, const Progress& progress = {});
  Status build(const std::vector<std::string>& services, const Progress& progress = {});
  Status stop(const std::vector<std::string>& services, std::chrono::seconds grace, const Progress& progress = {});
  /// Starts those that are stopped, too. A container that was never made is none to restart.
  Status restart(const std::vector<std::string>& services, std::chrono::seconds grace, const Progress& progress = {});

  struct Down {
    bool volumes = false;  ///< also the volumes that the file names, and those without a name
    bool orphans = false;  ///< also containers of the project that are of no service of the file
    std::chrono::seconds grace{10};
  };
  /// Stops and removes all containers of the project's services, and its networks. Nothing there is no failure.
  Status down(const Down& what, const Progress& progress = {});

 private:
  using Words = std::vector<std::string>;

  Compose(ComposeSetup setup, Words program);

  Result<ChildEnd> call(Child child, std::string_view what);
  Result<ChildEnd> read(const Words& words, std::string_view what);
  Result<Words> with_profiles(const Words& words);
  Status act(std::string_view command, const Words& options, const Words& services, const Progress& progress,
             std::chrono::milliseconds deadline);
  Status act_on(std::string_view command, const Words& options, const Words& services, const Progress& progress,
                std::chrono::milliseconds deadline);

  ComposeSetup m_setup;
  Words m_program;
  Mask m_mask;
  std::optional<Words> m_profiles;  ///< of the file, once they were asked for
};

/// Reads the output of `config`, of either version.
Result<std::vector<ComposeService>> parse_services(const std::string& config);

/// The last words of a call that failed: what went wrong, on one line and safe to show, without progress, the frames of
/// a traceback and what is said twice. Empty where it said nothing.
std::string last_words(std::string_view output, const Mask& mask);

/// The variables that make a docker command talk to that engine, whatever it was told else.
Variables with_engine(Variables variables, const net::Endpoint& endpoint);

}  // namespace kscale::docker

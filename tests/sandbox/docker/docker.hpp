#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/units.hpp"
#include "tests/sandbox/docker/workload.hpp"
#include "tests/sandbox/http.hpp"

namespace kscale::sandbox {

/// An image the stand-in has.
struct Image {
  std::string name;                             ///< "shop:1.2"; without a tag ":latest" is meant
  std::vector<std::string> command = {"/app"};  ///< empty: a container must bring its own
  std::vector<std::string> env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  std::vector<std::string> ports;  ///< what it exposes: "3020/tcp"
  bool health_check = false;
  std::optional<int> exits_at_once;  ///< its containers die as soon as they are started, with this code
  std::string build = {};            ///< another build of the same name is another image
  bool is_dangling = false;          ///< its name was given to another build since
};

struct DockerOptions {
  std::string minimum_version = "1.12";
  std::string maximum_version = "1.41";
  std::vector<Image> images;
  std::vector<std::string> networks;  ///< besides bridge, host and none
  int cpus = 2;
  Bytes memory{8ULL * 1024 * 1024 * 1024};
  /// How far apart the two samples of one stats call are.
  std::chrono::milliseconds sample_period{1000};
};

/// A stand-in for Docker Engine 20.10 on cgroup v1: it keeps images, networks and containers, and answers the Engine
/// API as the recordings under tests/data/docker show a real one to answer. No sockets, no threads; it may be called
/// from several. While a container stops, while it is removed by force and while stats take their second sample the
/// other calls go on.
class Docker {
 public:
  /// `clock` gives all times, and is waited on for the second sample of stats. It must outlive the stand-in, and bear
  /// to be called from as many threads as `answer`.
  Docker(Clock& clock, WorkloadFactory workloads, DockerOptions options = {});
  Docker(const Docker&) = delete;
  Docker& operator=(const Docker&) = delete;
  ~Docker();

  Answer answer(const Question& question);

  /// The container's process ends by itself. A restart policy that asks for it starts it again at once. False where
  /// no such container runs.
  bool exit_container(std::string_view name, int code);

  /// From now on there is, or is not, such an image.
  void add_image(Image image);
  void remove_image(std::string_view name);

  /// The address of a running container, given by name or alias, as the engine's DNS server gives it.
  std::optional<std::string> address(std::string_view container) const;

  /// The port of the host behind a port of a running container, which is given by name, alias or address.
  std::optional<std::uint16_t> host_port(std::string_view container, std::uint16_t port) const;

  /// Kills what runs, as a daemon that goes down does. No restart policy applies.
  void kill_all();

 private:
  struct Inside;
  std::unique_ptr<Inside> m_inside;
};

}  // namespace kscale::sandbox

#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/control/log.hpp"
#include "libscale/docker/container.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/operate/log_merge.hpp"

namespace kscale::operate {

/// The containers that a word means: all instances where it is empty or "backend"; an instance, by its name or number;
/// those of a service of Compose, in the project of the instances; or a container by its name or whole id. `not_found`
/// where there is none.
Result<std::vector<docker::Container>> containers_meant_by(const std::string& word, const fleet::World& world,
                                                           const fleet::Deployment& deployment);

struct LogQuestion {
  std::string whose;                          ///< as above
  int tail = 50;                              ///< so many lines at first, of each container
  std::optional<std::chrono::seconds> since;  ///< and these no older
};

/// Reads the logs of several containers as they grow.
class LogReader {
 public:
  /// All that is lent must outlive the reader.
  LogReader(LogQuestion question, fleet::World world, const fleet::Deployment& deployment, const control::Log& log);

  /// At first the last lines, then what is new since the call before, also of containers that are new. What cannot be
  /// read is left out and told, once until it goes well again. Where at first nothing at all can be read, that is the
  /// error; later on nothing but `interrupted` is. What a container wrote since then, and is too long to be read at
  /// once, is passed over.
  Result<std::vector<MergedLine>> read();

 private:
  void tell(const std::string& whose, const Error& error);

  LogQuestion m_question;
  fleet::World m_world;
  const fleet::Deployment& m_deployment;
  const control::Log& m_log;
  LogMerge m_merge;
  std::chrono::nanoseconds m_begun;                               ///< since 1970
  std::map<std::string, std::chrono::nanoseconds> m_passed_over;  ///< until then, by container
  std::map<std::string, std::string> m_told;                      ///< by container; of the list under ""
  bool m_is_first = true;
};

}  // namespace kscale::operate

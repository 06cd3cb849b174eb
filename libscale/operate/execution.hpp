#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/control/log.hpp"
#include "libscale/control/records.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/docker/compose.hpp"
#include "libscale/fleet/add.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/kong/target.hpp"
#include "libscale/operate/plan.hpp"

namespace kscale::operate {

/// One action under way: carries out its steps, and knows what is to be undone should one fail.
class Execution {
 public:
  /// All that is lent must outlive it. `compose` may be null: then there is no compose file.
  Execution(const control::Settings& settings, fleet::World& world, control::Records& records, docker::Compose* compose,
            const control::Log& log);

  /// What the step did, one line each, where that is more than the step says. When it fails, what it had begun with an
  /// instance is undone, as the steps of the fleet do.
  Result<std::vector<std::string>> carry_out(const Step& step);

  /// After a failure of that step: where it was a replacement, those instances that have the new image already get
  /// their old one back; those that were stopped to come back are started, and one that was only made to serve
  /// meanwhile goes. What there is to say of that, to be added to the error.
  std::string undo(const Step& failed);

 private:
  struct Replaced {
    fleet::Instance instance;
    std::string old_image;  ///< its id
    std::string old_name;   ///< the name that it was meant by
  };

  Result<std::vector<fleet::Instance>> instances(net::Urgency urgency = net::Urgency::interruptible);
  Result<std::vector<kong::Target>> targets();
  Result<std::vector<fleet::Instance>> named(const Step& step, net::Urgency urgency = net::Urgency::interruptible);
  Status change(const Step& step);
  Status on_services(const Step& step);
  Status await_kong();
  Result<std::vector<std::string>> mend();
  Status start_composed(const Step& step);
  void stop_those_started(const Step& step, const std::vector<fleet::Instance>& before);
  Status start(const Step& step);
  /// Those that fail `stay` as they are, or are stopped again.
  Status start(const std::vector<fleet::Instance>& those, bool stay = true);
  Status add(const Step& step);
  Status help();
  Status end_help();
  Status stop(const Step& step, const std::vector<fleet::Instance>& those, const std::vector<kong::Target>& all);
  Status discard(const std::vector<fleet::Instance>& those, const std::vector<kong::Target>& all);
  Status replace(const Step& step);
  Status bring_back(const Replaced& replaced);
  Status undo_replacements();

  const control::Settings& m_settings;
  fleet::World& m_world;
  control::Records& m_records;
  docker::Compose* m_compose;
  const control::Log& m_log;
  std::vector<Replaced> m_replaced;
  std::vector<std::string> m_revived;           ///< names of those that got the new image and did not run before
  std::optional<fleet::Added> m_helper;         ///< while it is there
  std::vector<fleet::Instance> m_to_come_back;  ///< that were stopped, while they are to be started again
};

}  // namespace kscale::operate

#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/control/check_report.hpp"
#include "libscale/control/sample.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/net/tally.hpp"

namespace prometheus {
class Collectable;
}

namespace kscale::scrape {

/// What stands about one metric everywhere. Each carries the label `deployment` besides those named here.
struct Metric {
  std::string_view name;
  std::string_view type;    ///< in Prometheus' words: gauge, counter or histogram
  std::string_view labels;  ///< separated by commas; may be empty
  std::string_view help;
};

/// All metrics, in the order of the page.
const std::vector<Metric>& all_metrics();

/// What a page is about, and who serves it.
struct Subject {
  std::string tool;  ///< such as "kscale-auto"
  std::string version;
  std::string deployment;
  std::chrono::seconds interval{};  ///< between two checks of the autoscaler
  int min_instances = 0;
  int max_instances = 0;
};

/// What such a page is about by the settings.
Subject subject_of(std::string tool, std::string version, const control::Settings& settings);

/// What one look at a deployment has found.
struct Look {
  control::Sample sample;
  bool instances_known = true;       ///< false: Docker could not be asked, so that no instances means nothing
  std::optional<std::size_t> drift;  ///< how many disagreements there are between containers and targets
  std::optional<bool> paused;
  bool checks_held_off = false;  ///< an action is under way that the autoscaler waits for
};

/// What Prometheus gets to read, made anew of the last check at each reading, so that nothing on it is older. What is
/// not known is not on it, and stands nowhere as zero.
///
/// The rest of kscale is one thread; the library that serves the page answers on threads of its own. So all of this may
/// be called and read on several threads at once, and none waits for more than a copy.
class Page {
 public:
  /// `clock` and `tally` are asked on the threads that read, and must outlive the page and its exposers.
  Page(Subject subject, Clock& clock, const net::Tally& tally);

  /// Settings were read again. What was counted stays, unless it is another deployment.
  void set_subject(Subject subject);

  /// The autoscaler has checked, which took so long.
  void checked(const control::CheckReport& report, std::chrono::nanoseconds took);

  /// Somebody who decides nothing has looked, which took so long, and found when the autoscaler's last check was
  /// complete: a look is no check, and must not make an autoscaler that is gone seem to go on.
  void sampled(Look look, std::optional<Now> last_check, std::chrono::nanoseconds took);

  /// A check or a look has failed: from now on no figures of the deployment are known.
  void failed();

  /// A check had to be left out, as somebody else acts on the deployment. That is no failure, but no figures are known.
  void held_off();

  /// The page as Prometheus reads it.
  std::string text() const;

  /// What an exposer serves.
  std::shared_ptr<prometheus::Collectable> collectable() const;

 private:
  class Book;
  std::shared_ptr<Book> m_book;
};

}  // namespace kscale::scrape

#include "libscale/alert/outbox.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "libscale/base/number.hpp"

namespace kscale::alert {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds k_longest_wait = minutes{5};
constexpr seconds k_told_every = minutes{1};  ///< Alertmanager, of what fires
constexpr int k_valid_for_tellings = 3;

/// How long to wait after so many failures in a row: 5 s, doubling.
seconds wait_after(int failures) {
  constexpr seconds k_first{5};
  constexpr int k_doublings_to_longest = 6;
  return std::min(k_first * (1 << std::min(failures - 1, k_doublings_to_longest)), k_longest_wait);
}

/// How long the receiver asks to wait; zero where it does not say so in seconds.
seconds wait_asked_by(const net::Response& answer) {
  const auto asked = number_in<std::int64_t>(answer.header("Retry-After").value_or("")).value_or(0);
  return seconds{std::clamp<std::int64_t>(asked, 0, k_longest_wait.count())};
}

bool was_taken(const net::Response& answer) {
  return answer.status >= 200 && answer.status < 300;
}

/// Whether the same message may be taken later.
bool may_be_taken(const net::Response& answer) {
  constexpr int k_request_timeout = 408;
  constexpr int k_too_many_requests = 429;
  return answer.status >= 500 || answer.status == k_request_timeout || answer.status == k_too_many_requests;
}

Errc code_of(const net::Response& answer) {
  switch (answer.status) {
    case 401:
    case 403:
      return Errc::unauthorized;
    case 404:
      return Errc::not_found;
    case 408:
      return Errc::timed_out;
    case 429:
    case 503:
      return Errc::busy;
    default:
      return may_be_taken(answer) ? Errc::failed : Errc::refused;
  }
}

/// Whether it is the same alert for Alertmanager, which tells alerts apart by their labels.
bool is_same(const Finding& a, const Finding& b) {
  return a.rule == b.rule && a.subject == b.subject && a.severity == b.severity;
}

bool is_among(const std::vector<Alert>& alerts, const Alert& alert) {
  return std::ranges::any_of(alerts, [&](const Alert& one) { return is_same(one.finding, alert.finding); });
}

/// Drops the oldest of what is too much; whether there was any.
template <class T>
bool bound(std::deque<T>& waiting) {
  const auto surplus = waiting.size() - std::min(waiting.size(), k_outbox_size);
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(surplus));
  return surplus > 0;
}

}  // namespace

struct Outbox::Lane {
  Receiver receiver;
  std::string deployment;
  seconds valid_for{};  ///< Alertmanager's

  std::deque<net::Request> queue{};  ///< of all but Alertmanager

  std::vector<Alert> firing{};  ///< Alertmanager's, as are the next three
  std::deque<Event> ended{};    ///< not delivered yet
  bool has_changed = false;     ///< since something was delivered
  std::optional<Instant> sent_at{};

  int failures = 0;  ///< in a row
  std::optional<Instant> not_before{};
  bool has_dropped = false;       ///< since something was delivered
  std::optional<Error> told{};    ///< the last trouble, since something was delivered
  std::vector<Error> troubles{};  ///< to be told

  bool is_alertmanager() const { return receiver.kind == Receiver::Kind::alertmanager; }

  void put(const std::vector<Event>& events, const std::vector<Alert>& all, Now now) {
    if (is_alertmanager()) {
      put_current(events, all, now);
    } else {
      std::ranges::transform(events, std::back_inserter(queue),
                             [this](const Event& event) { return message(receiver, event, deployment); });
    }
    const bool is_too_much = bound(queue) || bound(ended);
    if (is_too_much && !std::exchange(has_dropped, true)) {
      troubles.push_back(
          {Errc::failed, fmt::format("alerts to {} are dropped: more than {} wait", shown(receiver), k_outbox_size)});
    }
  }

  /// What fired before and does not fire any more has ended, also when its severity changed and no event says so.
  void put_current(const std::vector<Event>& events, const std::vector<Alert>& all, Now now) {
    std::vector<Alert> current;
    std::ranges::copy_if(all, std::back_inserter(current), &Alert::firing);
    const auto before = ended.size();
    std::ranges::copy_if(events, std::back_inserter(ended),
                         [](const Event& event) { return event.kind == Event::Kind::resolved; });
    for (const auto& alert : firing) {
      const bool is_told =
          std::ranges::any_of(ended, [&](const Event& event) { return is_same(event.alert.finding, alert.finding); });
      if (!is_told && !is_among(current, alert)) {
        ended.push_back({Event::Kind::resolved, alert, now.wall});
      }
    }
    const bool has_new = std::ranges::any_of(current, [this](const Alert& alert) { return !is_among(firing, alert); });
    has_changed = has_changed || has_new || ended.size() > before;
    std::erase_if(ended, [&](const Event& event) { return is_among(current, event.alert); });
    firing = std::move(current);
  }

  bool is_due(Now now) const {
    if (not_before && now.instant < *not_before) {
      return false;
    }
    const bool is_repetition = !firing.empty() && (!sent_at || now.instant - *sent_at >= k_told_every);
    return !queue.empty() || has_changed || is_repetition;
  }

  net::Request next(Now now) const {
    return is_alertmanager()
               ? alertmanager_message(receiver, firing, {ended.begin(), ended.end()}, deployment, now.wall, valid_for)
               : queue.front();
  }

  /// Takes note of what became of the message. Whether the receiver answered at all.
  bool settle(const Result<net::Response>& answer, Now now) {
    if (!answer) {
      if (answer.error().code != Errc::interrupted) {
        wait(answer.error(), seconds{0}, now);
      }
      return false;
    }
    if (was_taken(*answer)) {
      told.reset();
      has_dropped = false;
      finish(now);
      return true;
    }
    const Error error{code_of(*answer), fmt::format("it answered {}", answer->status)};
    if (may_be_taken(*answer)) {
      wait(error, wait_asked_by(*answer), now);
    } else {
      trouble(error, "are given up");
      finish(now);
    }
    return true;
  }

  void wait(const Error& error, seconds at_least, Now now) {
    trouble(error, "wait");
    not_before = now.instant + std::max(wait_after(++failures), at_least);
  }

  void finish(Now now) {
    failures = 0;
    not_before.reset();
    sent_at = now.instant;
    has_changed = false;
    ended.clear();
    if (!queue.empty()) {
      queue.pop_front();
    }
  }

  void trouble(const Error& error, std::string_view what_follows) {
    const Error now{error.code, fmt::format("alerts to {} {}: {}", shown(receiver), what_follows, error.what)};
    // A time-out is the same trouble whatever the time that was left.
    const bool is_old = told && (*told == now || (told->code == now.code && now.code == Errc::timed_out));
    if (!is_old) {
      troubles.push_back(now);
      told = now;
    }
  }
};

Outbox::Outbox(const std::vector<Receiver>& receivers, const std::string& deployment, seconds interval,
               milliseconds deadline)
    : m_deadline(deadline) {
  const auto valid_for = k_valid_for_tellings * std::max(interval, k_told_every);
  for (const auto& receiver : receivers) {
    m_lanes.push_back({.receiver = receiver, .deployment = deployment, .valid_for = valid_for});
  }
}

Outbox::Outbox(Outbox&& other) noexcept = default;
Outbox& Outbox::operator=(Outbox&& other) noexcept = default;
Outbox::~Outbox() = default;

void Outbox::put(const std::vector<Event>& events, const std::vector<Alert>& alerts, Now now) {
  for (auto& lane : m_lanes) {
    lane.put(events, alerts, now);
  }
}

std::vector<Error> Outbox::send(net::HttpTransport& http, Now now) {
  // One message of each receiver at a time, as long as all answer and there is time left for another.
  bool goes_on = true;
  for (auto left = m_deadline; goes_on && left > milliseconds{0};) {
    std::vector<Lane*> due;
    std::vector<net::Request> requests;
    for (auto& lane : m_lanes) {
      if (lane.is_due(now)) {
        due.push_back(&lane);
        requests.push_back(lane.next(now));
        requests.back().deadline = left;
      }
    }
    if (due.empty()) {
      break;
    }
    const auto answers = http.send_all(requests);
    std::chrono::microseconds longest{0};
    for (std::size_t i = 0; i < due.size(); ++i) {
      goes_on = due[i]->settle(answers[i], now) && goes_on;
      longest = std::max(longest, answers[i] ? answers[i]->elapsed : longest);
    }
    left -= std::chrono::ceil<milliseconds>(longest);
  }

  std::vector<Error> errors;
  for (auto& lane : m_lanes) {
    std::ranges::move(std::exchange(lane.troubles, {}), std::back_inserter(errors));
  }
  return errors;
}

std::size_t Outbox::waiting() const {
  std::size_t count = 0;
  for (const auto& lane : m_lanes) {
    count += lane.queue.size() + (lane.has_changed ? 1 : 0);
  }
  return count;
}

}  // namespace kscale::alert

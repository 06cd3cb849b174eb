#pragma once

#include "libscale/alert/tracker.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/operate/overview.hpp"

namespace kscale::monitor {

/// What is wrong with a deployment at one look, by all rules of alert/rule.hpp; texts from outside are made printable.
///
/// Unknown is what there was no figure for: without Docker all that is about instances, without Kong its traffic and
/// targets, and, without either, whether the autoscaler is silent: it cannot check then. While an action is under way
/// it does not check either, and targets and containers disagree for the sake of the action, so neither is judged. An
/// instance that is warming up, or whose HEALTHCHECK has not decided yet, is neither well nor wrong, nor does it make
/// the whole so. Where nothing was asked, errors and times are idle.
///
/// Critical is that Kong or Docker cannot be reached or Kong's targets not be read, that the whole is unhealthy, and an
/// autoscaler that holds its lock and does not check: it hangs, so nothing starts it again. One that is gone is a
/// warning: somebody may have stopped it on purpose, or runs it now and then with --once. A paused one still checks.
alert::Findings find(const operate::Overview& overview, const control::Settings& settings);

}  // namespace kscale::monitor

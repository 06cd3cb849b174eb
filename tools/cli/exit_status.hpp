#pragma once

#include "libscale/base/result.hpp"

namespace kscale::cli {

/// What the tools exit with; the same in all of them.
enum class Exit {
  done = 0,
  failed = 1,
  usage = 2,        ///< options or settings
  unreachable = 3,  ///< Docker or Kong: trying again may help
  unhealthy = 4,    ///< a check found it so
  locked = 5,       ///< another kscale holds the lock
  interrupted = 130,
};

Exit exit_for(const Error& error);
/// The same, before anything was begun: what is `invalid` or `unsupported` then is how the tool was called or set, and
/// trying again does not help.
Exit exit_for_set_up(const Error& error);

}  // namespace kscale::cli

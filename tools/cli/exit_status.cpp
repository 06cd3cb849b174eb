#include "tools/cli/exit_status.hpp"

namespace kscale::cli {

Exit exit_for(const Error& error) {
  switch (error.code) {
    case Errc::unreachable:
    case Errc::timed_out:
    case Errc::busy:
      return Exit::unreachable;
    case Errc::locked:
      return Exit::locked;
    case Errc::interrupted:
      return Exit::interrupted;
    default:
      return Exit::failed;
  }
}

Exit exit_for_set_up(const Error& error) {
  return error.code == Errc::invalid || error.code == Errc::unsupported ? Exit::usage : exit_for(error);
}

}  // namespace kscale::cli

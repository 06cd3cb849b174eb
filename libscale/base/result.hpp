#pragma once

#include <string>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace kscale {

/// What kind of failure it was. Code branches on this; people read `Error::what`.
enum class Errc {
  failed,        ///< anything that has no word of its own below
  invalid,       ///< text that cannot be understood: settings, an answer of the wrong shape
  not_found,     ///< the thing named does not exist
  conflict,      ///< a name or a port is taken, or the thing is in another state than asked for
  refused,       ///< the peer understood and said no
  unauthorized,  ///< the peer wants another key, or a certificate was not accepted
  unsupported,   ///< the peer cannot do this in its mode or version
  busy,          ///< the peer asks to come back later
  unreachable,   ///< nobody answered at the address
  timed_out,     ///< the deadline passed
  locked,        ///< another kscale holds the lock
  interrupted,   ///< a signal ended the wait
};

struct Error {
  Errc code = Errc::failed;
  std::string what;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;

/// The outcome of something that has no value to give back.
using Status = Result<void>;

/// A failure with a formatted text, ready to be returned from any function that gives a `Result`.
template <class... Args>
tl::unexpected<Error> fail(Errc code, fmt::format_string<Args...> text, Args&&... args) {
  return tl::unexpected(Error{code, fmt::format(text, std::forward<Args>(args)...)});
}

/// The same failure with one more layer of context before it: "context: what".
template <class... Args>
tl::unexpected<Error> wrap(const Error& error, fmt::format_string<Args...> context, Args&&... args) {
  return tl::unexpected(Error{error.code, fmt::format(context, std::forward<Args>(args)...) + ": " + error.what});
}

}  // namespace kscale

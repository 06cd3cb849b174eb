#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sandbox/http.hpp"

namespace kscale::faults {

/// What can befall one request on its way to Docker or Kong, or its answer on the way back.
enum class Kind {
  refused,     ///< for a moment nobody listens
  gone,        ///< nobody listens any more
  stalled,     ///< the peer takes the request, and neither acts nor answers
  lost,        ///< the peer acts, and never answers
  reset,       ///< the connection is reset somewhere in the answer
  drip,        ///< the answer comes byte by byte, too slowly for any deadline
  half,        ///< half of the body comes, then the connection is closed
  length,      ///< the Content-Length is wrong
  status_400,  ///< this and the next ones: refused by the peer, which does not act
  status_404,
  status_409,
  status_429,
  status_500,
  status_503,
  acted_500,  ///< the peer acts, and answers 500
  html,       ///< a page of HTML with a good status
  huge,       ///< an answer without end
  shape,      ///< valid JSON of another shape
  number,     ///< a reading with NaN, infinite, negative or far too large figures
  duplicate,  ///< each series, or each entry of a list, comes twice
};

struct Fault {
  Kind kind = Kind::refused;
  unsigned variant = 0;  ///< which byte, which wrong shape, and so on: any number
};

const std::vector<Kind>& all_kinds();
std::string_view name_of(Kind kind);
std::optional<Kind> kind_named(std::string_view name);

/// Whether the peer still sees the request, so that it takes effect.
bool reaches_peer(Kind kind);
/// Whether it closes the door of the peer, before the request can come.
bool closes_door(Kind kind);
/// Whether the answer can have this fault: figures are only in readings.
bool applies(Kind kind, const sandbox::Question& question);

/// What goes out instead of an answer.
struct Spoiled {
  enum class End {
    stays_open,  ///< and nothing more comes
    good,        ///< as after any answer
    closed,
    reset,
  };

  std::string bytes;
  std::size_t filler = 0;  ///< so many bytes more, of anything
  bool drips = false;
  End end = End::good;
};

/// `answer` is the peer's own where the fault lets the request reach it. `head_only`: it answers HEAD.
Spoiled spoiled(const Fault& fault, const sandbox::Question& question, sandbox::Answer answer, bool head_only);

}  // namespace kscale::faults

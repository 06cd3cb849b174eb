#pragma once

#include <memory>
#include <string_view>

#include "libscale/store/history.hpp"

namespace kscale::fuzz {

/// About when the rows of a loose history most often are.
inline constexpr WallTime k_begin{std::chrono::seconds(1'699'999'200)};

/// A history in whose tables any value may stand anywhere, and whose indexes may lead to the wrong rows, as in a
/// damaged file. Its pages are sound, and in memory. One at a time.
class LooseHistory {
 public:
  explicit LooseHistory(WallTime now);
  LooseHistory(const LooseHistory&) = delete;
  LooseHistory& operator=(const LooseHistory&) = delete;
  ~LooseHistory();

  /// Replaces all rows by those that the bytes say.
  void fill(std::string_view bytes);

  /// Leaves the history alone with its file until it is filled again: one that is set aside lasts no longer than it is
  /// open.
  void let_go();

  store::History& history() { return m_history; }

 private:
  class Tables;

  store::History m_history;
  std::unique_ptr<Tables> m_tables;  ///< absent until it is filled, and once it was let go
};

}  // namespace kscale::fuzz

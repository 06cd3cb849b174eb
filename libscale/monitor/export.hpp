#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "libscale/base/result.hpp"
#include "libscale/monitor/snapshot.hpp"
#include "libscale/store/appended_file.hpp"

namespace kscale::monitor {

/// The first line of an export as CSV. Columns are only ever added, at the end.
std::string csv_header();

/// The rows of the snapshot, the deployment's first, whose instance is empty. What is not known, or has no meaning for
/// a row, is empty. `serving` is 1 or 0 for an instance, and for the deployment the number of those that serve.
std::string csv_of(const Snapshot& snapshot);

/// A file to which each snapshot is added, for other programs.
class Export {
 public:
  enum class Format {
    json,  ///< JSON Lines: a snapshot is one line
    csv,   ///< the rows of `csv_of`, after a header
  };

  static constexpr int k_files = 5;

  /// Opens or makes the file. One that somebody else wrote, or kscale in the other format, is left alone: `conflict`.
  /// When it is full, it becomes FILE.1, and so on; `k_files` full ones are kept.
  static Result<Export> open(const std::filesystem::path& path, Format format, std::uint64_t max_bytes);

  Status add(const Snapshot& snapshot);

 private:
  Export(store::AppendedFile file, Format format) : m_file(std::move(file)), m_format(format) {}

  store::AppendedFile m_file;
  Format m_format;
};

}  // namespace kscale::monitor

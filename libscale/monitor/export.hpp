#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "libscale/base/result.hpp"
#include "libscale/monitor/snapshot.hpp"
#include "libscale/store/appended_file.hpp"

namespace kscale::monitor {

/// How snapshots are kept in a file for other programs.
enum class ExportFormat {
  json,  ///< JSON Lines: each snapshot is one line
  csv,   ///< one row for the deployment and one for each instance
};

std::optional<ExportFormat> export_format_named(std::string_view name);

/// The first line of an export as CSV. Columns are only ever added, at the end.
std::string csv_header();

/// The rows of the snapshot, the deployment's first, whose instance is empty. What is not known, or has no meaning for
/// a row, is empty. `serving` is 1 or 0 for an instance, and for the deployment the number of those that serve.
std::string csv_of(const Snapshot& snapshot);

/// Opens or makes the file. One that somebody else wrote, or kscale in the other format, is left alone: `conflict`.
/// The caller adds `csv_of`, or `json_of` as a line.
Result<store::AppendedFile> open_export(const std::filesystem::path& path, ExportFormat format, std::uint64_t max_bytes,
                                        int keep);

}  // namespace kscale::monitor

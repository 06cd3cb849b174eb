#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "libscale/base/clock.hpp"
#include "libscale/base/descriptor.hpp"
#include "libscale/base/environment.hpp"
#include "libscale/base/result.hpp"

namespace kscale::store {

/// Makes the directory and those above it that are missing, each with mode 0700 whatever the umask.
///
/// One that is there already is left as it is, but refused (`refused`) where it is a symlink, belongs to another user,
/// or lets others write. `conflict` where the name is taken by something else.
Status make_private_directory(const std::filesystem::path& path);

/// The whole of a regular file; symlinks are followed. `not_found` where there is none, `invalid` where it holds more
/// than `max_bytes`, `refused` for anything that is no regular file (a pipe would make us wait).
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

/// The last `max_bytes` of a regular file, or all of it where it is shorter. Symlinks are refused.
Result<std::string> read_tail(const std::filesystem::path& path, std::size_t max_bytes);

/// Replaces the file by one that holds `text` and has `mode` whatever the umask. Who reads it, then or after a crash,
/// finds the old text or the new one, never a part; after a failure it is the old one.
///
/// Safe in a directory that others can write to, such as /tmp: what is there under that name must be a regular file of
/// ours, else `refused`; a symlink is never followed.
Status write_atomically(const std::filesystem::path& path, std::string_view text, mode_t mode);

/// Whether what has this name is a regular file of ours, and no symlink: `refused` where it is not, `not_found` where
/// there is nothing.
Status require_own_file(const std::filesystem::path& path);
/// The same for a file that is open already; `path` is only for the text of the error.
Status require_own_file(int fd, const std::filesystem::path& path);

/// What a file is, whatever its name.
struct FileIdentity {
  dev_t device;
  ino_t inode;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// Which file has this name now; nothing where none has. A symlink is not followed.
std::optional<FileIdentity> identity_of(const std::filesystem::path& path);

/// Renames a damaged file, and what SQLite keeps beside it, to `NAME.damaged-<unix time>`, with a number after it where
/// that is taken; unless by now another file has the name or none: somebody else set the damaged one aside. Gives the
/// new name, nothing where there was nothing to do.
Result<std::optional<std::filesystem::path>> set_aside(const std::filesystem::path& path, const FileIdentity& damaged,
                                                       WallTime now);

/// Removes what SQLite keeps beside a database, for a name that no database has.
void remove_left_behind(const std::filesystem::path& path);

/// A turn at making files in the directory of `path` or setting them aside, which other processes of ours take one
/// after another; it ends when the descriptor is closed. Who finds it held for a second goes on without.
Descriptor take_turn(const std::filesystem::path& path);

/// Where kscale keeps its state: the first of $STATE_DIRECTORY (from systemd); /var/lib/kscale for root; then
/// $XDG_STATE_HOME/kscale; then ~/.local/state/kscale. An empty or relative value counts as not set. Empty where
/// nothing of it is known, not even the home.
std::filesystem::path default_state_directory(const EnvironmentLookup& environment, uid_t uid);

}  // namespace kscale::store

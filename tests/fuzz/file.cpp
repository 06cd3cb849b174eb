#include "tests/fuzz/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

const fakes::TempDir& folder() {
  static const fakes::TempDir dir;
  return dir;
}

std::filesystem::path file(std::string_view name, std::string_view bytes) {
  auto path = folder() / name;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  require(fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "a file is written");
  close(fd);
  return path;
}

}  // namespace kscale::fuzz

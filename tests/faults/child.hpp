#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <sys/types.h>

namespace kscale::faults {

/// How a tool ended, and what it said.
struct Ended {
  int status = 0;  ///< as a shell has it: 128 and the signal where one ended it
  bool hung = false;
  std::string out;
  std::string err;
};

/// A tool that runs as a process of its own, in a folder of its own, without any of our environment.
class Child {
 public:
  /// Its outputs go to files in the folder.
  Child(const std::string& program, const std::vector<std::string>& arguments, std::filesystem::path folder);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// From any thread; does nothing once it has ended.
  void signal(int number);
  std::string out_so_far() const;
  bool is_running() const;
  /// Waits until it ends. One that takes longer is killed.
  Ended wait(std::chrono::milliseconds longest);

 private:
  std::filesystem::path m_folder;
  std::mutex m_mutex;
  pid_t m_pid = -1;
};

}  // namespace kscale::faults

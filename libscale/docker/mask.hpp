#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace kscale::docker {

/// Hides secrets in what other programs write.
class Mask {
 public:
  /// From now on each occurrence is hidden; of a text of several lines that of each line, of a URL with credentials
  /// also that of its password. What is shorter than four bytes, or a number as long as a port, is left alone: it would
  /// be found everywhere.
  void hide(std::string_view secret);
  /// The values of lines such as `NAME=value`, as in an .env file; but not of those names that are public.
  void hide_values(std::string_view lines, const std::function<bool(std::string_view name)>& is_public);
  /// A word that is public, though a secret may have the same text, or be a part of it.
  void keep(std::string_view word);

  /// The text with `***` for all that is hidden, and for what looks like a secret: the password in a URL, and the value
  /// that a name such as API_KEY or `password` is given by `=` or `:`.
  std::string applied(std::string_view text) const;

 private:
  bool is_kept(std::string_view text, std::size_t begin, std::string_view secret) const;

  struct LongestFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };

  std::set<std::string, LongestFirst> m_secrets;
  std::set<std::string, std::less<>> m_kept;
};

}  // namespace kscale::docker

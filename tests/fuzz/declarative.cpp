// Kong's configuration: what is written is what was read, but for the targets that were to change.

#include "libscale/kong/declarative.hpp"

#include <yaml-cpp/yaml.h>

#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using Changes = std::vector<kong::TargetChange>;
using Kind = kong::TargetChange::Kind;

std::string new_id() {
  return "11111111-2222-4333-8444-555555555555";
}

/// Where `changed` differs from `text`, both without what they have in common at the beginning and the end.
struct Difference {
  std::string_view was;
  std::string_view is;
};

Difference between(std::string_view text, std::string_view changed) {
  const auto common = [](auto a, auto end_of_a, auto b, auto end_of_b) {
    return std::mismatch(a, end_of_a, b, end_of_b).first - a;
  };
  const auto front = static_cast<std::size_t>(common(text.begin(), text.end(), changed.begin(), changed.end()));
  text.remove_prefix(front);
  changed.remove_prefix(front);
  const auto back = static_cast<std::size_t>(common(text.rbegin(), text.rend(), changed.rbegin(), changed.rend()));
  text.remove_suffix(back);
  changed.remove_suffix(back);
  return {text, changed};
}

void look_at(std::string_view text, const Changes& changes) {
  const auto changed = kong::with_changed_targets(text, "svc", changes, new_id);
  if (!changed) {
    require_printable(changed.error().what, "why a configuration is not changed");
    return;
  }
  const auto again = kong::with_changed_targets(*changed, "svc", changes, new_id);
  require(again.has_value(), "what was written can be read");
  require(*again == *changed, "what was changed is changed once");
  const auto& address = changes.front().address;
  const bool is_there_once = text.find(address) == text.rfind(address);
  if (changes.size() == 1 && changes.front().kind == Kind::weigh && is_there_once) {
    const auto [was, is] = between(text, *changed);
    require(is.size() <= 5, "a weight is a figure, and no other byte moves");
  }
  // All but the targets means the same to a reader that knows nothing of us.
  const auto before = YAML::Load(std::string(text));
  const auto after = YAML::Load(*changed);
  for (const auto& member : before) {
    if (member.first.IsScalar() && member.first.Scalar() != "targets") {
      require(after[member.first.Scalar()].IsDefined(), "each member is still there");
    }
  }
}

}  // namespace

void take(std::string_view bytes) {
  // One of these: reading YAML takes long.
  switch (bytes.size() % 4) {
    case 0:
      return look_at(bytes, {{Kind::weigh, "127.0.0.1:19003", 0}});
    case 1:
      return look_at(bytes, {{Kind::add, "127.0.0.1:19009", 50}});
    case 2:
      return look_at(bytes, {{Kind::remove, "127.0.0.1:19003"}, {Kind::remove, "127.0.0.1:19001"}});
    default:
      return look_at(
          bytes, {{Kind::add, "127.0.0.1:19001", 7}, {Kind::remove, "127.0.0.1:19002"}, {Kind::add, "[::1]:80", 1}});
  }
}

}  // namespace kscale::fuzz

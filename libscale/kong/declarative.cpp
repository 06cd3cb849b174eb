#include "libscale/kong/declarative.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "libscale/base/printable.hpp"
#include "libscale/net/yaml.hpp"

namespace kscale::kong {

namespace {

/// One target, as the lines that stand for it in the text.
struct Entry {
  std::string lines;
  std::string upstream;  ///< its id
  std::string address;
  std::optional<int> weight;
  std::size_t weight_at = 0;  ///< where in `lines` the figure stands
  std::size_t weight_length = 0;

  auto meaning() const { return std::tie(upstream, address, weight); }
};

/// A configuration, cut where its targets begin and end.
struct Document {
  YAML::Node root;
  std::string upstream_id;
  std::string before;
  std::string head = "targets:\n";  ///< the line before the targets
  std::vector<Entry> targets;
  std::string after;
};

tl::unexpected<Error> other_form() {
  return fail(Errc::invalid, "Kong's configuration is of a form that kscale does not know");
}

std::size_t position_of(const YAML::Node& node) {
  return static_cast<std::size_t>(node.Mark().pos);
}

std::size_t begin_of_line(std::string_view text, std::size_t position) {
  const auto newline = position == 0 ? std::string_view::npos : text.rfind('\n', position - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

/// Whether each node within stands behind the one before it. An alias does not: it has the place of what it stands for,
/// which may be large beyond measure, or hold the alias itself. Only a map may begin where its first key does.
bool is_in_order(const YAML::Node& node, std::size_t& place) {
  place = position_of(node);
  const auto follows = [&place](const YAML::Node& next) {
    return position_of(next) >= place && is_in_order(next, place);
  };
  return std::all_of(node.begin(), node.end(), [&](const auto& item) {
    return node.IsMap() ? !item.first.is(node) && follows(item.first) && follows(item.second)
                        : position_of(item) > place && follows(item);
  });
}

/// Deep equality of what is written: kinds, tags (a quoted text has another than a plain one) and scalars.
bool same(const YAML::Node& a, const YAML::Node& b) {
  if (a.Type() != b.Type() || a.Tag() != b.Tag() || a.size() != b.size()) {
    return false;
  }
  if (a.IsScalar()) {
    return a.Scalar() == b.Scalar();
  }
  if (a.IsMap()) {
    return std::equal(a.begin(), a.end(), b.begin(),
                      [](const auto& x, const auto& y) { return same(x.first, y.first) && same(x.second, y.second); });
  }
  return std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) { return same(x, y); });
}

/// Whether no key of the map is there twice, or is no text.
bool has_each_once(const YAML::Node& map) {
  std::set<std::string> keys;
  return std::all_of(map.begin(), map.end(), [&keys](const auto& member) {
    return member.first.IsScalar() && keys.insert(member.first.Scalar()).second;
  });
}

Result<Entry> read_entry(std::string_view text, const YAML::Node& node, std::size_t begin, std::size_t end) {
  if (!node.IsMap() || !has_each_once(node) || begin >= end || end > text.size()) {
    return other_form();
  }
  Entry entry{.lines = std::string(text.substr(begin, end - begin)),
              .upstream = yaml::scalar(node["upstream"]),
              .address = yaml::scalar(node["target"])};
  if (!entry.lines.starts_with("- ")) {
    return other_form();
  }
  if (const auto weight = node["weight"]; weight && weight.IsScalar()) {
    entry.weight = weight.as<int>(-1);
    entry.weight_at = position_of(weight) - begin;
    entry.weight_length = weight.Scalar().size();
  }
  return entry;
}

/// Cuts the text. `key` is the node of the word `targets`.
Status cut(std::string_view text, const YAML::Node& key, Document& document) {
  const auto begin = begin_of_line(text, position_of(key));
  std::size_t end = text.size();
  for (const auto& member : document.root) {
    if (const auto position = position_of(member.first); position > begin) {
      end = std::min(end, position);
    }
  }
  document.before = text.substr(0, begin);
  document.after = text.substr(end);
  const auto targets = document.root["targets"];
  if (!targets.IsSequence()) {
    return targets.size() == 0 && !targets.IsScalar() ? Status{} : other_form();
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto entry_begin = begin_of_line(text, position_of(targets[i]));
    const auto entry_end = i + 1 < targets.size() ? begin_of_line(text, position_of(targets[i + 1])) : end;
    if (i == 0) {
      document.head = text.substr(begin, entry_begin - begin);
    }
    auto entry = read_entry(text, targets[i], entry_begin, entry_end);
    if (!entry) {
      return tl::unexpected(entry.error());
    }
    document.targets.push_back(std::move(*entry));
  }
  return {};
}

Result<Document> read(std::string_view text, std::string_view upstream) {
  auto root = yaml::parse(std::string(text));
  if (!root) {
    return fail(root.error().code, "Kong's configuration is {}", root.error().what);
  }
  Document document;
  document.root = *root;
  std::size_t place = 0;
  if (!document.root.IsMap() || !is_in_order(document.root, place) || !has_each_once(document.root)) {
    return other_form();
  }
  document.before = text;
  for (const auto& member : document.root) {
    if (yaml::scalar(member.first) == "targets") {
      if (auto done = cut(text, member.first, document); !done) {
        return tl::unexpected(done.error());
      }
    }
  }
  if (const auto upstreams = document.root["upstreams"]; upstreams && upstreams.IsSequence()) {
    for (const auto& candidate : upstreams) {
      if (candidate.IsMap() && yaml::scalar(candidate["name"]) == upstream) {
        document.upstream_id = yaml::scalar(candidate["id"]);
        // Targets inside it are the form that people write.
        if (document.upstream_id.empty() || !has_each_once(candidate) || candidate["targets"]) {
          return other_form();
        }
      }
    }
  }
  if (document.upstream_id.empty()) {
    return fail(Errc::not_found, "Kong has no upstream '{}'", upstream);
  }
  return document;
}

std::string write(const Document& document) {
  std::string text = document.before;
  const auto add = [&text](std::string_view lines) {
    if (!text.empty() && text.back() != '\n') {
      text += '\n';
    }
    text += lines;
  };
  if (!document.targets.empty()) {
    add(document.head);
  }
  for (const auto& entry : document.targets) {
    add(entry.lines);
  }
  if (!document.after.empty()) {
    add(document.after);
  }
  return text;
}

bool is_address(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

Status weigh(Entry& entry, int weight) {
  if (!entry.weight || entry.weight_at + entry.weight_length > entry.lines.size()) {
    return other_form();
  }
  if (*entry.weight != weight) {
    const auto figure = std::to_string(weight);
    entry.lines.replace(entry.weight_at, entry.weight_length, figure);
    entry.weight_length = figure.size();
    entry.weight = weight;
  }
  return {};
}

Entry new_entry(const std::string& upstream, const TargetChange& change, const std::string& id) {
  const auto before = fmt::format("- id: {}\n  target: '{}'\n  weight: ", id, change.address);
  const auto figure = std::to_string(change.weight);
  return {.lines = fmt::format("{}{}\n  tags:\n  - {}\n  upstream: {}\n", before, figure, change.tag, upstream),
          .upstream = upstream,
          .address = change.address,
          .weight = change.weight,
          .weight_at = before.size(),
          .weight_length = figure.size()};
}

Status apply(Document& document, const TargetChange& change, const std::function<std::string()>& new_id) {
  const auto is_meant = [&](const Entry& e) {
    return e.upstream == document.upstream_id && e.address == change.address;
  };
  if (change.kind == TargetChange::Kind::remove) {
    std::erase_if(document.targets, is_meant);
    return {};
  }
  bool there = false;
  for (auto& entry : document.targets) {
    if (is_meant(entry)) {
      there = true;
      if (auto weighed = weigh(entry, change.weight); !weighed) {
        return weighed;
      }
    }
  }
  if (there) {
    return {};
  }
  if (change.kind == TargetChange::Kind::weigh) {
    return fail(Errc::not_found, "Kong has no target '{}'", change.address);
  }
  if (!is_address(change.address)) {
    return fail(Errc::invalid, "'{}' is no address for a target", printable(change.address));
  }
  document.targets.push_back(new_entry(document.upstream_id, change, new_id()));
  return {};
}

/// All but the targets, in the order of the text.
std::vector<std::pair<std::string, YAML::Node>> others_of(const YAML::Node& root) {
  std::vector<std::pair<std::string, YAML::Node>> others;
  for (const auto& member : root) {
    if (auto key = yaml::scalar(member.first); key != "targets") {
      others.emplace_back(std::move(key), member.second);
    }
  }
  return others;
}

/// Whether `text` says what `wanted` means, and apart from the targets all that the original says.
bool says(const std::string& text, const Document& wanted, std::string_view upstream) {
  const auto reread = read(text, upstream);
  if (!reread || !std::ranges::equal(reread->targets, wanted.targets, {}, &Entry::meaning, &Entry::meaning)) {
    return false;
  }
  // Side by side: to look each key up would take the square of their number.
  return std::ranges::equal(others_of(wanted.root), others_of(reread->root), [](const auto& a, const auto& b) {
    return a.first == b.first && same(a.second, b.second);
  });
}

}  // namespace

Result<std::string> with_changed_targets(std::string_view yaml, std::string_view upstream,
                                         const std::vector<TargetChange>& changes,
                                         const std::function<std::string()>& new_id) {
  auto document = read(yaml, upstream);
  if (!document) {
    return tl::unexpected(document.error());
  }
  const auto before = document->targets;
  for (const auto& change : changes) {
    if (auto applied = apply(*document, change, new_id); !applied) {
      return tl::unexpected(applied.error());
    }
  }
  if (std::ranges::equal(before, document->targets, {}, &Entry::meaning, &Entry::meaning)) {
    return std::string(yaml);
  }
  auto text = write(*document);
  if (!says(text, *document, upstream)) {
    return other_form();
  }
  return text;
}

}  // namespace kscale::kong

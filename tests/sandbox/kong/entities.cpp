#include "tests/sandbox/kong/entities.hpp"

#include <algorithm>
#include <utility>

#include "tests/sandbox/kong/schema.hpp"
#include "tests/sandbox/kong/uuid.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

const std::vector<Value> k_none;

}  // namespace

std::string id_of(const json::Value& entity) {
  return entity["id"].text_or("");
}

const std::vector<json::Value>& Entities::of(std::string_view kind) const {
  const auto found = m_kinds.find(kind);
  return found != m_kinds.end() ? found->second : k_none;
}

std::vector<json::Value>& Entities::of(std::string_view kind) {
  return m_kinds[std::string(kind)];
}

const json::Value* Entities::find(std::string_view kind, std::string_view id_or_key) const {
  const auto& all = of(kind);
  const auto* schema = kind_of(kind);
  const auto field = is_uuid(id_or_key) || schema == nullptr ? std::string_view("id") : schema->key;
  const auto found = std::ranges::find_if(all, [&](const Value& entity) { return entity[field] == Value(id_or_key); });
  return found != all.end() ? &*found : nullptr;
}

json::Value* Entities::find(std::string_view kind, std::string_view id_or_key) {
  return const_cast<Value*>(std::as_const(*this).find(kind, id_or_key));
}

void Entities::put(std::string_view kind, json::Value entity) {
  if (auto* old = find(kind, id_of(entity))) {
    *old = std::move(entity);
  } else {
    of(kind).push_back(std::move(entity));
  }
}

void Entities::erase(std::string_view kind, std::string_view id) {
  std::erase_if(of(kind), [id](const Value& entity) { return id_of(entity) == id; });
  for (const auto& child : kinds()) {
    const auto field = foreign_field(child, kind);
    if (field.empty()) {
      continue;
    }
    std::vector<std::string> orphans;
    for (const auto& entity : of(child.name)) {
      if (id_of(entity[field]) == id) {
        orphans.push_back(id_of(entity));
      }
    }
    for (const auto& orphan : orphans) {
      erase(child.name, orphan);
    }
  }
}

std::vector<json::Value> Entities::targets_of(std::string_view upstream_id) const {
  std::vector<Value> targets;
  std::ranges::copy_if(of("targets"), std::back_inserter(targets),
                       [&](const Value& target) { return id_of(target["upstream"]) == upstream_id; });
  std::ranges::stable_sort(targets, [](const Value& a, const Value& b) {
    const auto age = [](const Value& target) { return target["created_at"].as_number().value_or(0); };
    return age(a) != age(b) ? age(a) > age(b) : id_of(a) > id_of(b);
  });
  return targets;
}

}  // namespace kscale::sandbox

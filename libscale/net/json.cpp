#include "libscale/net/json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "libscale/base/number.hpp"
#include "libscale/base/printable.hpp"

namespace kscale::json {

/// Lets the reader and the writer below reach the data of a value.
struct Access {
  static const auto& data(const Value& value) { return value.m_data; }
  static auto& data(Value& value) { return value.m_data; }
};

namespace {

const Value k_null;
const Value::Array k_no_items;
const Value::Object k_no_members;

/// Whether the text has half of a surrogate pair in it. RapidJSON refuses the escape of a first half alone, but writes
/// that of a second one out, which is no UTF-8. Source: RFC 3629, section 4: no character is ED A0 to ED BF.
bool has_half_pair(std::string_view text) {
  for (auto at = text.find('\xed'); at != std::string_view::npos; at = text.find('\xed', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xa0U) {
      return true;
    }
  }
  return false;
}

/// Receives the parser's events and builds the tree. The stack holds pointers into the tree; an element is added to its
/// parent only at the parent's end of growth, so they stay valid while they are used.
class TreeBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, TreeBuilder> {
 public:
  bool Null() { return add(Value()); }
  bool Bool(bool value) { return add(value); }
  /// Not left to RapidJSON, which computes what is not defined of numbers such as 0e58.
  bool RawNumber(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    const std::string_view number(text, length);
    if (const auto whole = number_in<std::int64_t>(number)) {
      return add(*whole);
    }
    if (const auto whole = number_in<std::uint64_t>(number)) {
      return add(*whole);
    }
    const auto real = number_in<double>(number);
    m_out_of_range = !real;
    return real && add(*real);
  }
  bool String(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    m_half_pair = has_half_pair({text, length});
    return !m_half_pair && add(std::string(text, length));
  }
  bool Key(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    m_half_pair = has_half_pair({text, length});
    m_keys.back().assign(text, length);
    return !m_half_pair;
  }
  bool StartObject() { return open(Value::object()); }
  bool EndObject(rapidjson::SizeType /*count*/) { return close(); }
  bool StartArray() { return open(Value::array()); }
  bool EndArray(rapidjson::SizeType /*count*/) { return close(); }

  bool too_deep() const { return m_too_deep; }
  bool out_of_range() const { return m_out_of_range; }
  bool half_pair() const { return m_half_pair; }
  bool too_many() const { return m_values > k_max_values; }
  Value take() { return std::move(m_root); }

 private:
  bool open(Value container) {
    if (m_open.size() == k_max_depth) {
      m_too_deep = true;
      return false;
    }
    m_open.push_back(std::move(container));
    m_keys.emplace_back();
    return true;
  }

  bool close() {
    Value done = std::move(m_open.back());
    m_open.pop_back();
    m_keys.pop_back();
    return add(std::move(done));
  }

  bool add(Value value) {
    if (++m_values > k_max_values) {
      return false;
    }
    if (m_open.empty()) {
      m_root = std::move(value);
    } else if (auto* object = std::get_if<Value::Object>(&Access::data(m_open.back()))) {
      object->emplace_back(m_keys.back(), std::move(value));
    } else {
      m_open.back().push_back(std::move(value));
    }
    return true;
  }

  std::vector<Value> m_open;  ///< the containers begun and not ended, outermost first
  std::vector<std::string> m_keys;
  Value m_root;
  std::size_t m_values = 0;
  bool m_too_deep = false;
  bool m_out_of_range = false;
  bool m_half_pair = false;
};

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write_text(Writer& writer, std::string_view text) {
  const auto valid = valid_utf8(text);
  writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
}

void write(Writer& writer, const Value& value);

struct WriteOne {
  Writer& writer;

  void operator()(std::monostate) const { writer.Null(); }
  void operator()(bool value) const { writer.Bool(value); }
  void operator()(std::int64_t value) const { writer.Int64(value); }
  void operator()(std::uint64_t value) const { writer.Uint64(value); }
  void operator()(double value) const {
    if (!std::isfinite(value)) {
      writer.Null();
    } else if (value == std::trunc(value) && std::abs(value) < 1e15) {
      writer.Int64(static_cast<std::int64_t>(value));
    } else {
      writer.Double(value);
    }
  }
  void operator()(const std::string& value) const { write_text(writer, value); }
  void operator()(const Value::Array& items) const {
    writer.StartArray();
    for (const auto& item : items) {
      write(writer, item);
    }
    writer.EndArray();
  }
  void operator()(const Value::Object& members) const {
    writer.StartObject();
    for (const auto& [key, value] : members) {
      write_text(writer, key);
      write(writer, value);
    }
    writer.EndObject();
  }
};

void write(Writer& writer, const Value& value) {
  std::visit(WriteOne{writer}, Access::data(value));
}

/// JSON lets DEL and the control characters U+0080 to U+009F stand as they are, where a terminal would obey them. They
/// can be in texts only.
std::string without_controls(std::string_view text) {
  constexpr char k_delete = 0x7f;
  constexpr char k_lead = '\xc2';
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (text[i] == k_delete) {
      out += "\\u007f";
    } else if (text[i] == k_lead && next >= 0x80U && next < 0xa0U) {
      out += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::optional<bool> Value::as_bool() const {
  const auto* value = std::get_if<bool>(&m_data);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

std::optional<double> Value::as_number() const {
  if (const auto* value = std::get_if<std::int64_t>(&m_data)) {
    return static_cast<double>(*value);
  }
  if (const auto* value = std::get_if<std::uint64_t>(&m_data)) {
    return static_cast<double>(*value);
  }
  const auto* value = std::get_if<double>(&m_data);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> Value::as_int() const {
  if (const auto* value = std::get_if<std::int64_t>(&m_data)) {
    return *value;
  }
  if (const auto* value = std::get_if<std::uint64_t>(&m_data)) {
    const auto fits = *value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return fits ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Value::as_uint() const {
  if (const auto* value = std::get_if<std::int64_t>(&m_data)) {
    return *value >= 0 ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
  }
  const auto* value = std::get_if<std::uint64_t>(&m_data);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

std::optional<std::string_view> Value::as_string() const {
  const auto* value = std::get_if<std::string>(&m_data);
  return value != nullptr ? std::optional<std::string_view>(*value) : std::nullopt;
}

std::string Value::text_or(std::string_view otherwise) const {
  return std::string(as_string().value_or(otherwise));
}

const Value& Value::operator[](std::string_view key) const {
  const auto& all = members();
  const auto found = std::ranges::find(all, key, &Object::value_type::first);
  return found != all.end() ? found->second : k_null;
}

const Value::Array& Value::items() const {
  const auto* items = std::get_if<Array>(&m_data);
  return items != nullptr ? *items : k_no_items;
}

const Value::Object& Value::members() const {
  const auto* members = std::get_if<Object>(&m_data);
  return members != nullptr ? *members : k_no_members;
}

bool Value::has(std::string_view key) const {
  const auto& all = members();
  return std::ranges::find(all, key, &Object::value_type::first) != all.end();
}

Value& Value::at(std::string_view key) {
  if (!is_object()) {
    m_data = Object{};
  }
  auto& all = std::get<Object>(m_data);
  const auto found = std::ranges::find(all, key, &Object::value_type::first);
  return found != all.end() ? found->second : all.emplace_back(std::string(key), Value()).second;
}

void Value::erase(std::string_view key) {
  if (auto* all = std::get_if<Object>(&m_data)) {
    std::erase_if(*all, [key](const auto& member) { return member.first == key; });
  }
}

Value::Array& Value::elements() {
  if (!is_array()) {
    m_data = Array{};
  }
  return std::get<Array>(m_data);
}

bool operator==(const Value& a, const Value& b) {
  return a.m_data == b.m_data;
}

Result<Value> parse(std::string_view text) {
  constexpr unsigned k_flags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::Reader reader;
  TreeBuilder builder;
  const auto outcome = reader.Parse<k_flags>(bytes, builder);
  if (builder.too_deep()) {
    return fail(Errc::invalid, "JSON nested deeper than {} levels", k_max_depth);
  }
  if (builder.too_many()) {
    return fail(Errc::invalid, "JSON of more than {} values", k_max_values);
  }
  if (builder.out_of_range()) {
    return fail(Errc::invalid, "not valid JSON at byte {}: a number that is too large or too small", outcome.Offset());
  }
  if (builder.half_pair()) {
    return fail(Errc::invalid, "not valid JSON at byte {}: {}", outcome.Offset(),
                rapidjson::GetParseError_En(rapidjson::kParseErrorStringUnicodeSurrogateInvalid));
  }
  if (outcome.IsError()) {
    return fail(Errc::invalid, "not valid JSON at byte {}: {}", outcome.Offset(),
                rapidjson::GetParseError_En(outcome.Code()));
  }
  if (bytes.Tell() != text.size()) {
    // RapidJSON takes a zero byte for the end of the text.
    return fail(Errc::invalid, "not valid JSON at byte {}: {}", bytes.Tell(),
                rapidjson::GetParseError_En(rapidjson::kParseErrorDocumentRootNotSingular));
  }
  return builder.take();
}

std::string dump(const Value& value) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  write(writer, value);
  return without_controls({buffer.GetString(), buffer.GetSize()});
}

}  // namespace kscale::json

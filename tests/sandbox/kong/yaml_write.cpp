#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

#include "tests/sandbox/kong/yaml.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

constexpr std::size_t k_width = 80;

enum class Style { plain, single_quoted, double_quoted, literal };

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

bool holds_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c != '\n' && is_control(c); });
}

/// Whether a plain scalar would be read as something else than its text.
bool needs_quotes(std::string_view text) {
  if (!value_of_plain(text).is_string() || text.front() == ' ' || text.back() == ' ') {
    return true;
  }
  if (text.starts_with("---") || text.starts_with("...")) {
    return true;
  }
  if (std::string_view("#,[]{}&*!|>'\"%@`").find(text.front()) != std::string_view::npos) {
    return true;
  }
  const bool alone = text.size() == 1 || text[1] == ' ';
  if (std::string_view("-?:").find(text.front()) != std::string_view::npos && alone) {
    return true;
  }
  return text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos || text.back() == ':';
}

Style style_of(std::string_view text) {
  if (holds_control(text)) {
    return Style::double_quoted;
  }
  if (text.find('\n') != std::string_view::npos) {
    const bool space_before_break = text.find(" \n") != std::string_view::npos || text.back() == ' ';
    return space_before_break ? Style::double_quoted : Style::literal;
  }
  return needs_quotes(text) ? Style::single_quoted : Style::plain;
}

class Writer {
 public:
  void members(const Value& object, std::size_t indent, bool after_dash) {
    bool first = after_dash;
    for (const auto& [key, value] : object.members()) {
      if (!first) {
        m_text.append(indent, ' ');
      }
      first = false;
      scalar_text(key, indent, false);
      m_text += ":";
      node(value, indent, false);
    }
  }

  std::string take() { return std::move(m_text); }

 private:
  void items(const Value& array, std::size_t indent) {
    for (const auto& item : array.items()) {
      m_text.append(indent, ' ');
      m_text += "-";
      node(item, indent, true);
    }
  }

  /// What follows a key or a dash, up to the end of its line or block.
  void node(const Value& value, std::size_t indent, bool in_array) {
    if (value.is_object() && !value.members().empty()) {
      m_text += in_array ? " " : "\n";
      members(value, indent + 2, in_array);
    } else if (value.is_array() && !value.items().empty()) {
      m_text += "\n";
      items(value, in_array ? indent + 2 : indent);  // a list stands at the column of its key
    } else {
      m_text += " ";
      scalar(value, indent);
      m_text += "\n";
    }
  }

  void scalar(const Value& value, std::size_t indent) {
    if (value.is_null()) {
      m_text += "~";
    } else if (value.is_object()) {
      m_text += "{}";
    } else if (value.is_array()) {
      m_text += "[]";
    } else if (const auto text = value.as_string()) {
      scalar_text(*text, indent, true);
    } else {
      m_text += json::dump(value);
    }
  }

  void scalar_text(std::string_view text, std::size_t indent, bool may_fold) {
    switch (text.empty() ? Style::single_quoted : style_of(text)) {
      case Style::plain:
        folded(text, indent, may_fold);
        break;
      case Style::single_quoted:
        m_text += "'";
        for (const char c : text) {
          m_text += c == '\'' ? "''" : std::string(1, c);
        }
        m_text += "'";
        break;
      case Style::double_quoted:
        double_quoted(text);
        break;
      case Style::literal:
        literal(text, indent);
        break;
    }
  }

  std::size_t column() const {
    const auto line = m_text.rfind('\n');
    return line == std::string::npos ? m_text.size() : m_text.size() - line - 1;
  }

  void folded(std::string_view text, std::size_t indent, bool may_fold) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool lone_space = text[i] == ' ' && text[i - 1] != ' ' && text[i + 1] != ' ';
      if (may_fold && lone_space && column() > k_width) {
        m_text += "\n" + std::string(indent + 2, ' ');
      } else {
        m_text += text[i];
      }
    }
  }

  void double_quoted(std::string_view text) {
    m_text += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        m_text += std::string("\\") + c;
      } else if (c == '\n') {
        m_text += "\\n";
      } else if (is_control(c)) {
        m_text += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
      } else {
        m_text += c;
      }
    }
    m_text += '"';
  }

  void literal(std::string_view text, std::size_t indent) {
    m_text += "|";
    if (text.front() == ' ' || text.front() == '\n') {
      m_text += "2";
    }
    if (text.back() != '\n') {
      m_text += "-";
    } else if (text.size() == 1 || text[text.size() - 2] == '\n') {
      m_text += "+";
    }
    const auto body = text.back() == '\n' ? text.substr(0, text.size() - 1) : text;
    std::size_t at = 0;
    while (at <= body.size()) {
      const auto line = body.substr(at, body.find('\n', at) - at);
      m_text += "\n";
      m_text += line.empty() ? "" : std::string(indent + 2, ' ').append(line);
      at += line.size() + 1;
    }
  }

  std::string m_text;
};

}  // namespace

std::string write_yaml(const json::Value& object) {
  Writer writer;
  writer.members(object, 0, false);
  return writer.take();
}

}  // namespace kscale::sandbox

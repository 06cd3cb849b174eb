#pragma once

namespace kscale::monitor {

/// A key that was pressed.
struct Key {
  enum class Name {
    character,  ///< a printable one of ASCII: see `character`
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    tab,
    back_tab,
    enter,
    escape,
  };
  Name name = Name::character;
  char character = 0;

  friend bool operator==(const Key&, const Key&) = default;
};

}  // namespace kscale::monitor

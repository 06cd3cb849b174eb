#pragma once

#include <cstddef>
#include <string_view>

namespace kscale::fuzz {

/// What a target's file defines: takes bytes that anybody may have written, and lets `require` fail where what comes
/// out of them is not as promised. Called again and again in one process, so nothing of one call may last to the next.
void take(std::string_view bytes);

/// Ends the process, which libFuzzer reports as a finding, unless it holds.
void require(bool holds, std::string_view promise);

/// `require`s that the text is fit for a terminal and for a log: UTF-8 without control characters.
void require_printable(std::string_view text, std::string_view what);

/// `require`s the same of each line of a text that has ended lines only.
void require_printable_lines(std::string_view text, std::string_view what);

/// `require`s a number that something can be computed with.
void require_finite(double number, std::string_view what);

/// Takes what stands before the next record separator (0x1e), which JSON and YAML cannot hold unescaped, off the front
/// of the bytes.
std::string_view take_part(std::string_view& bytes);

/// Takes one byte off the front; 0 where there is none.
unsigned take_byte(std::string_view& bytes);

/// Whether the input is one of those, one in `count`, with which more is tried than the time allows for all. All of its
/// bytes tell, so that the mutants of such an input are not such inputs again.
bool is_chosen(std::string_view bytes, std::size_t count);

}  // namespace kscale::fuzz

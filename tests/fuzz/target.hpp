#pragma once

#include <cstddef>
#include <cstdint>
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

/// Takes so many bytes off the front, at most 8, as one number; 0 for each that is not there.
std::uint64_t take_bits(std::string_view& bytes, int count);

/// Chooses the inputs with which more is tried than the time allows for all. All bytes tell the number: libFuzzer would
/// find that a certain one leads to more code, and go on with the slow inputs.
std::size_t lot_of(std::string_view bytes);

}  // namespace kscale::fuzz

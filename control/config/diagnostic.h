// SPDX-License-Identifier: Apache-2.0
// What is wrong with a file, and where: one Diagnostic per error, collected by a Report.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// A place in the file: 1-based; columns count bytes.
struct Position {
  int line = 1;
  int column = 1;

  auto operator<=>(const Position&) const = default;
};

std::string to_string(const Position& position);  // "14:11"

struct Diagnostic {
  std::string file;
  int line = 1, column = 1;  // as in Position
  std::string message;       // what, where in the document, and a hint where there is one

  bool operator==(const Diagnostic&) const = default;
};

// "sluice.yaml:14:11: error: services.shop.ports[2]: 70000 is not in 1..65535"
std::string to_string(const Diagnostic& diagnostic);

// The first `most` bytes of `text`, or up to three fewer so that no UTF-8 sequence is cut.
std::string_view first_bytes(std::string_view text, size_t most);

// Text of the file for use in a message: printable, and cut when it is long.
std::string excerpt(std::string_view text);
std::string quoted(std::string_view text);  // the same in double quotes

// Collects the errors of one file, up to a limit that only a hostile file reaches.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  void add(Position at, std::string message);
  bool empty() const { return diagnostics_.empty(); }
  // True when add() does nothing any more: going on is a waste of time.
  bool full() const { return diagnostics_.size() >= kLimit; }
  // Searching many names for the one that was meant takes too long to do it a thousand times.
  bool wants_hints() const { return diagnostics_.size() < kHints; }
  // The errors in the order of the file; each once.
  std::vector<Diagnostic> take();

 private:
  static constexpr size_t kLimit = 1000, kHints = 100;
  std::string file_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace sluice

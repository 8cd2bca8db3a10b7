// SPDX-License-Identifier: Apache-2.0
// Writing to standard output what is not a table.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

// Indented, ASCII only: safe for a terminal whatever the strings hold. Returns exit status 0.
int print_json(const nlohmann::json& document);

// The sections that are not empty, with an empty line between them.
void print_sections(const std::vector<std::string>& sections);

// "name   value" lines.
class Facts {
 public:
  void add(std::string name, std::string value);
  std::string to_string() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;
};

// printable(), line by line: a text of several lines stays one, those after the first indented.
std::string printable_lines(std::string_view text, size_t indent);

// "a, b, c"
std::string comma_separated(const std::vector<std::string>& words);

}  // namespace sluice::cli

// SPDX-License-Identifier: Apache-2.0
// A table for people: columns as wide as they need, numbers to the right, control characters
// escaped whatever the cells say.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct libscols_table;

namespace sluice::cli {

enum class Align { kLeft, kRight };

struct Column {
  const char* title;
  Align align = Align::kLeft;
};

struct Cell {
  std::string text;
  bool alarming = false;  // red where colours are wanted

  Cell(std::string t, bool a = false) : text(std::move(t)), alarming(a) {}
  Cell(const char* t) : text(t) {}
};

class Table {
 public:
  Table(const std::vector<Column>& columns, bool color);

  // As many cells as there are columns.
  void add(const std::vector<Cell>& cells);
  // Lines that end in '\n'; empty without rows.
  std::string to_string() const;

 private:
  struct Unref {
    void operator()(libscols_table* table) const;
  };
  std::unique_ptr<libscols_table, Unref> table_;
};

}  // namespace sluice::cli

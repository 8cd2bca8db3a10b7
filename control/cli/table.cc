// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <libsmartcols/libsmartcols.h>

#include <cstdlib>
#include <new>
#include <sstream>

#include "base/log.h"

namespace sluice::cli {

namespace {

// libsmartcols pads every column, the last one too.
std::string without_trailing_spaces(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);)
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return out;
}

}  // namespace

void Table::Unref::operator()(libscols_table* table) const {
  scols_unref_table(table);
}

Table::Table(const std::vector<Column>& columns, bool color) : table_(scols_new_table()) {
  if (!table_) throw std::bad_alloc();
  // A line too long for the terminal is the terminal's to wrap: nothing is ever cut off.
  scols_table_set_termforce(table_.get(), SCOLS_TERMFORCE_NEVER);
  scols_table_enable_noencoding(table_.get(), 1);
  scols_table_set_column_separator(table_.get(), "  ");
  scols_table_enable_colors(table_.get(), color);
  for (const Column& column : columns)
    scols_table_new_column(table_.get(), column.title, 0,
                           column.align == Align::kRight ? SCOLS_FL_RIGHT : 0);
}

void Table::add(const std::vector<Cell>& cells) {
  libscols_line* const line = scols_table_new_line(table_.get(), nullptr);
  if (!line) throw std::bad_alloc();
  for (size_t i = 0; i < cells.size(); i++) {
    scols_line_set_data(line, i, printable(cells[i].text).c_str());
    if (cells[i].alarming) scols_cell_set_color(scols_line_get_cell(line, i), "red");
  }
}

std::string Table::to_string() const {
  char* text = nullptr;
  if (scols_table_get_nlines(table_.get()) == 0) return "";
  if (scols_print_table_to_string(table_.get(), &text) != 0) throw std::bad_alloc();
  const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
  return without_trailing_spaces(text);
}

}  // namespace sluice::cli

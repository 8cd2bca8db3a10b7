// SPDX-License-Identifier: Apache-2.0
// Reads maps: those whose keys the language fixes, and those whose keys the operator chooses.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"
#include "config/words.h"

namespace sluice {

struct Entry {
  const Node* key;
  const Node* value;
};

// The entries of a map in the order of the file. Reports what is not a map (`example` shows one),
// keys that are not words, duplicates and merge keys; those are left out.
std::vector<Entry> entries(const Node& node, std::string_view example, Report& report);

// Reports the key if it is not among `words`, or for later.
bool check_key(const Node& key, std::span<const Word> words, Report& report);

// A map with fixed keys.
class Block {
 public:
  // Reports like entries(), and keys that are unknown or for later.
  Block(const Node& node, std::span<const Word> words, std::string_view example, Report& report);

  // The value of `key`, or nullptr if it is not in the file.
  const Node* find(std::string_view key) const;
  // The same, reporting `"key" is missing (<hint>)` when it is.
  const Node* require(std::string_view key, std::string_view hint, Report& report) const;

 private:
  const Node& node_;
  std::vector<Entry> entries_;  // those with keys of the language, each once
};

}  // namespace sluice

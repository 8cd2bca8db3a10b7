// SPDX-License-Identifier: Apache-2.0
#include "config/block.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

// Without what follows a colon: "seed:swordfish", the space forgotten, holds a secret.
std::string quoted_key(const Node& key) {
  const size_t colon = key.text.find(':');
  if (colon == std::string::npos) return quoted(key.text);
  return quoted(key.text.substr(0, colon)) + " (is a space missing after the \":\"?)";
}

}  // namespace

std::vector<Entry> entries(const Node& node, std::string_view example, Report& report) {
  std::vector<Entry> result;
  if (node.kind != Node::Kind::kMap) {
    complain(
        report, node,
        fmt::format("a map is expected, such as {}; this is {}", example, to_string(node.kind)));
    return result;
  }
  std::map<std::string_view, const Node*> seen;
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const Entry entry = {.key = node.items[i], .value = node.items[i + 1]};
    const Node& key = *entry.key;
    if (key.kind != Node::Kind::kScalar) {
      complain(report, key, "a key must be a word; this is " + to_string(key.kind));
      continue;
    }
    if (key.text == "<<") {
      complain(report, key, "YAML merge keys (<<) are not supported");
      continue;
    }
    const auto [first, is_new] = seen.emplace(key.text, &key);
    if (is_new)
      result.push_back(entry);
    else
      complain(report, key,
               fmt::format("duplicate key {} (first at {})", quoted_key(key),
                           to_string(first->second->at)));
  }
  return result;
}

bool check_key(const Node& key, std::span<const Word> words, Report& report) {
  const auto word =
      std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.text == key.text; });
  if (word != words.end()) {
    if (word->support == kLater) complain(report, key, quoted(key.text) + " is not supported yet");
    return word->support == kNow;
  }
  if (report.full()) return false;
  std::vector<std::string_view> texts;
  for (const Word& w : words) texts.push_back(w.text);
  complain(report, key, "unknown key " + quoted_key(key) + did_you_mean(key.text, texts));
  return false;
}

Block::Block(const Node& node, std::span<const Word> words, std::string_view example,
             Report& report)
    : node_(node) {
  for (const Entry& entry : entries(node, example, report))
    if (check_key(*entry.key, words, report)) values_[entry.key->text] = entry.value;
}

const Node* Block::find(std::string_view key) const {
  const auto it = values_.find(key);
  return it == values_.end() ? nullptr : it->second;
}

const Node* Block::require(std::string_view key, std::string_view hint, Report& report) const {
  const Node* value = find(key);
  if (value || node_.kind != Node::Kind::kMap) return value;
  complain_at_key(report, node_, fmt::format("{} is missing ({})", quoted(key), hint));
  return nullptr;
}

}  // namespace sluice

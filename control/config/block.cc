// SPDX-License-Identifier: Apache-2.0
#include "config/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace sluice {

namespace {

// Without what follows a colon: "seed:swordfish", the space forgotten, holds a secret.
std::string quoted_key(const Node& key) {
  const size_t colon = key.text.find(':');
  if (colon == std::string::npos) return quoted(key.text);
  return quoted(key.text.substr(0, colon)) + " (is a space missing after the \":\"?)";
}

// Those that come first stay.
void remove_duplicates(std::vector<Entry>& entries, Report& report) {
  if (entries.size() < 2) return;
  std::vector<Entry> sorted = entries;
  std::sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.key->text, a.key->at) < std::tie(b.key->text, b.key->at);
  });
  std::set<const Node*> repeated;
  const Node* first = nullptr;
  for (const Entry& entry : sorted) {
    if (!first || first->text != entry.key->text) {
      first = entry.key;
      continue;
    }
    repeated.insert(entry.key);
    complain(
        report, *entry.key,
        fmt::format("duplicate key {} (first at {})", quoted_key(*first), to_string(first->at)));
  }
  if (!repeated.empty())
    std::erase_if(entries, [&](const Entry& e) { return repeated.contains(e.key); });
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
  result.reserve(node.items.size() / 2);
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
    result.push_back(entry);
  }
  remove_duplicates(result, report);
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
    : node_(node), entries_(entries(node, example, report)) {
  std::erase_if(entries_, [&](const Entry& e) { return !check_key(*e.key, words, report); });
}

const Node* Block::find(std::string_view key) const {
  const auto it = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& e) { return e.key->text == key; });
  return it == entries_.end() ? nullptr : it->value;
}

const Node* Block::require(std::string_view key, std::string_view hint, Report& report) const {
  const Node* value = find(key);
  if (value || node_.kind != Node::Kind::kMap) return value;
  complain_at_key(report, node_, fmt::format("{} is missing ({})", quoted(key), hint));
  return nullptr;
}

}  // namespace sluice

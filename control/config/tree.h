// SPDX-License-Identifier: Apache-2.0
// A YAML document as a tree of nodes that know where in the file they stand.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace sluice {

struct Node {
  enum class Kind : uint8_t { kMissing, kScalar, kList, kMap };

  Kind kind = Kind::kMissing;  // kMissing: nothing, ~ or null
  Position at;                 // a missing value of a map stands at its key
  std::string_view text;       // of a scalar: as written, never interpreted as a number or boolean
  std::vector<const Node*> items;  // of a list; of a map: key, value, key, value, ...
  const Node* parent = nullptr;
  const Node* key = nullptr;  // of a value in a map
  uint32_t index = 0;         // in a list
};

std::string to_string(Node::Kind kind);  // what it is: "a list", "empty"

// Where the node stands in the document: "services.shop.ports[2]". A key has its map's path.
std::string path(const Node& node);

// Reports `message` at `node`: "services.shop.ports[2]: 70000 is not in 1..65535".
void complain(Report& report, const Node& node, const std::string& message);
// The same, but at the node's key if it has one: for what a map or list lacks or is as a whole.
void complain_at_key(Report& report, const Node& node, const std::string& message);

// The nodes of one document. Their texts are in the document's own, or in `texts`.
struct Tree {
  std::deque<Node> nodes;         // the root is the first; a deque, so that pointers stay valid
  std::deque<std::string> texts;  // what is written with escapes or over several lines

  const Node& root() const { return nodes.front(); }
};

inline constexpr size_t kMaxDepth = 32;
inline constexpr size_t kMaxNodes = 1'000'000;

// The only caller of libyaml. A subset of YAML: one document, no anchors, aliases or tags, and at
// most kMaxDepth and kMaxNodes. Nothing is returned when anything was reported. The tree refers to
// `text`, which has passed check_text().
std::optional<Tree> parse_tree(std::string_view text, Report& report);

}  // namespace sluice

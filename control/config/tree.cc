// SPDX-License-Identifier: Apache-2.0
#include "config/tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/locator.h"
#include "config/text_check.h"
#include "config/yaml_error.h"
#include "config/yaml_parser.h"

namespace sluice {

namespace {

// Builds the tree from libyaml's events. Its own tree (yaml_document_t) would follow aliases and
// grow without limit.
class Builder {
 public:
  // `parsed` is what libyaml has of `text`: without_leading_tabs().
  Builder(std::string_view text, std::string_view parsed, Report& report)
      : text_(text), parsed_(parsed), locator_(text), report_(report) {}

  // False if the rest of the file is not worth looking at.
  bool take(const yaml_event_t& event);
  Tree take_tree() { return std::move(tree_); }
  const Node* innermost() const { return open_.empty() ? nullptr : open_.back().node; }

 private:
  struct Open {
    Node* node;
    size_t items;  // where its own begin in items_
  };
  // What may stand before a node: "&name", "!type"; null if it does not.
  struct Properties {
    const yaml_char_t* anchor;
    const yaml_char_t* tag;
  };

  bool begin_document();
  bool add_alias();
  bool add_scalar(const yaml_event_t& event);
  bool open(Node::Kind kind, const Properties& properties);
  bool close();
  // Null if there are too many nodes, or errors.
  Node* add(Node::Kind kind, const Properties& properties);
  void attach(Node& node);
  bool has_lost_tabs(const yaml_event_t& event) const;
  std::string_view keep(std::string_view value, bool in_quotes);
  bool stop(std::string message);

  std::string_view text_, parsed_;
  Locator locator_;
  Report& report_;
  Tree tree_;
  std::vector<Open> open_;          // the collections around the next node, outermost first
  std::vector<const Node*> items_;  // theirs
  Locator::Place place_;            // of the event
};

bool Builder::take(const yaml_event_t& event) {
  place_ = locator_.find(event.start_mark.index);
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      return begin_document();
    case YAML_ALIAS_EVENT:
      return add_alias();
    case YAML_SCALAR_EVENT:
      return add_scalar(event);
    case YAML_SEQUENCE_START_EVENT:
      return open(Node::Kind::kList,
                  {event.data.sequence_start.anchor, event.data.sequence_start.tag});
    case YAML_MAPPING_START_EVENT:
      return open(Node::Kind::kMap,
                  {event.data.mapping_start.anchor, event.data.mapping_start.tag});
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return close();
    default:
      return event.type != YAML_STREAM_END_EVENT;
  }
}

bool Builder::stop(std::string message) {
  report_.add(place_.position, std::move(message));
  return false;
}

bool Builder::begin_document() {
  if (tree_.nodes.empty()) return true;
  return stop("a second document starts here; only one is supported (check the indentation)");
}

bool Builder::add_alias() {
  report_.add(place_.position, "YAML aliases (*) are not supported");
  return add(Node::Kind::kMissing, {}) != nullptr;
}

// The values that YAML 1.1 takes for nothing.
bool is_null(std::string_view text) {
  constexpr std::string_view kNulls[] = {"", "~", "null", "Null", "NULL"};
  return std::find(std::begin(kNulls), std::end(kNulls), text) != std::end(kNulls);
}

bool Builder::add_scalar(const yaml_event_t& event) {
  const auto& scalar = event.data.scalar;
  const std::string_view value(reinterpret_cast<const char*>(scalar.value), scalar.length);
  const bool is_missing = scalar.style == YAML_PLAIN_SCALAR_STYLE && is_null(value);
  Node* node =
      add(is_missing ? Node::Kind::kMissing : Node::Kind::kScalar, {scalar.anchor, scalar.tag});
  if (!node || is_missing) return node != nullptr;
  node->text = keep(value, scalar.style != YAML_PLAIN_SCALAR_STYLE);
  const bool is_block =
      scalar.style == YAML_LITERAL_SCALAR_STYLE || scalar.style == YAML_FOLDED_SCALAR_STYLE;
  if (is_block && has_lost_tabs(event))
    return stop("tabs lead a line of this text (use double quotes and \\t)");
  return true;
}

bool Builder::has_lost_tabs(const yaml_event_t& event) const {
  const size_t length = Locator(locator_).find(event.end_mark.index).offset - place_.offset;
  return text_.substr(place_.offset, length) != parsed_.substr(place_.offset, length);
}

// Most values are in the file as they are, and need no copy.
std::string_view Builder::keep(std::string_view value, bool in_quotes) {
  const size_t begin = place_.offset + (in_quotes ? 1 : 0);
  const std::string_view written = text_.substr(std::min(begin, text_.size()), value.size());
  return written == value ? written : tree_.texts.emplace_back(value);
}

bool Builder::open(Node::Kind kind, const Properties& properties) {
  Node* node = add(kind, properties);
  if (!node) return false;
  if (open_.size() >= kMaxDepth)
    return stop(fmt::format("nested more than {} levels deep", kMaxDepth));
  open_.push_back({node, items_.size()});
  return true;
}

bool Builder::close() {
  const auto [node, first] = open_.back();
  node->items.assign(items_.begin() + ptrdiff_t(first), items_.end());
  items_.resize(first);
  open_.pop_back();
  return true;
}

Node* Builder::add(Node::Kind kind, const Properties& properties) {
  if (tree_.nodes.size() >= kMaxNodes) {
    stop(fmt::format("the file has more than {} values", kMaxNodes));
    return nullptr;
  }
  // In brackets libyaml takes "?key" for "? key"; for YAML it is a key that begins with "?".
  if (kind != Node::Kind::kMissing && text_.substr(0, place_.offset).ends_with('?'))
    report_.add(place_.position, "\"?\" is not expected before this (use quotes)");
  if (properties.tag) report_.add(place_.position, "YAML tags (!) are not supported");
  if (properties.anchor) report_.add(place_.position, "YAML anchors (&) are not supported");
  if (report_.full()) return nullptr;
  Node& node = tree_.nodes.emplace_back();
  node.kind = kind;
  node.at = place_.position;
  attach(node);
  return &node;
}

void Builder::attach(Node& node) {
  if (open_.empty()) return;
  const auto [parent, first] = open_.back();
  node.parent = parent;
  node.index = uint32_t(items_.size() - first);
  if (parent->kind == Node::Kind::kMap && node.index % 2 == 1) {
    node.key = items_.back();
    if (node.kind == Node::Kind::kMissing) node.at = node.key->at;
  }
  items_.push_back(&node);
}

}  // namespace

std::string to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kMissing:
      return "empty";
    case Node::Kind::kScalar:
      return "a single value";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      break;
  }
  return "a map";
}

std::string path(const Node& node) {
  if (!node.parent) return "";
  std::string result = path(*node.parent);
  if (node.parent->kind == Node::Kind::kList) return fmt::format("{}[{}]", result, node.index);
  if (!node.key) return result;
  if (!result.empty()) result += '.';
  return result + excerpt(node.key->text);
}

namespace {

void complain(Report& report, Position at, const Node& node, const std::string& message) {
  if (report.full()) return;
  const std::string where = path(node);
  report.add(at, where.empty() ? message : where + ": " + message);
}

}  // namespace

void complain(Report& report, const Node& node, const std::string& message) {
  complain(report, node.at, node, message);
}

void complain_at_key(Report& report, const Node& node, const std::string& message) {
  complain(report, node.key ? node.key->at : node.at, node, message);
}

std::optional<Tree> parse_tree(std::string_view text, Report& report) {
  const bool has_tabs = text.find('\t') != std::string_view::npos;
  const std::string copy = has_tabs ? without_leading_tabs(text) : std::string();
  const std::string_view parsed = has_tabs ? copy : text;
  YamlParser parser(parsed);
  YamlEvent event;
  Builder builder(text, parsed, report);
  bool ok = false;
  while ((ok = parser.next(event)) && builder.take(event.get())) continue;
  if (!ok) {
    const Diagnosis found = diagnose_yaml(parser.get(), text, builder.innermost());
    report.add(found.at, found.message);
  }
  if (!report.empty()) return std::nullopt;
  Tree tree = builder.take_tree();
  if (tree.nodes.empty()) tree.nodes.emplace_back();
  return tree;
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "config/tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>

#include "config/metered_input.h"
#include "config/yaml_error.h"

namespace sluice {

namespace {

// Builds the tree from yaml-cpp's events. Its own tree (YAML::Node) would forget duplicate keys,
// follow aliases and grow without limit.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, MeteredInput& input, Report& report)
      : text_(text), input_(input), report_(report) {}

  Tree take() { return std::move(tree_); }
  Position last() const { return last_; }
  const Node* innermost() const { return open_.empty() ? nullptr : open_.back(); }
  // yaml-cpp takes the end of the file for a closing quote; this does not.
  void check_last_quote() const;

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(Node::Kind::kMissing, mark, "", anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    add(Node::Kind::kMissing, mark, "", 0);
    report_.add(last_, "YAML aliases (*) are not supported");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    add(Node::Kind::kScalar, mark, tag, anchor).text = value;
    if (at(mark) == '"' || at(mark) == '\'') last_quote_ = {mark.pos, last_};
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(add(Node::Kind::kList, mark, tag, anchor));
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(add(Node::Kind::kMap, mark, tag, anchor));
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Quote {
    int offset = -1;
    Position position;
  };

  // The byte a mark stands on.
  char at(const YAML::Mark& mark) const {
    return mark.pos >= 0 && size_t(mark.pos) < text_.size() ? text_[size_t(mark.pos)] : '\0';
  }
  Node& add(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void attach(Node& node);
  void open(Node& node);
  [[noreturn]] void stop(std::string message);

  std::string_view text_;
  MeteredInput& input_;
  Report& report_;
  Tree tree_;
  std::vector<Node*> open_;  // the collections around the next node, outermost first
  Position last_;            // of the last event
  Quote last_quote_;
};

void Builder::stop(std::string message) {
  report_.add(last_, std::move(message));
  throw StopParsing{StopParsing::kReported};
}

void Builder::OnDocumentStart(const YAML::Mark& mark) {
  input_.on_event();
  last_ = position_of(mark, last_);
  if (!tree_.nodes.empty())
    stop("a second document starts here; only one is supported (check the indentation)");
}

// "?" is yaml-cpp's tag of a plain node and "!" that of a quoted one, but also a tag by itself.
Node& Builder::add(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
                   YAML::anchor_t anchor) {
  input_.on_event();
  last_ = position_of(mark, last_);
  if (tree_.nodes.size() >= kMaxNodes)
    stop(fmt::format("the file has more than {} values", kMaxNodes));
  if (at(mark) == '!' || (!tag.empty() && tag != "?" && tag != "!"))
    report_.add(last_, "YAML tags (!) are not supported");
  if (at(mark) == '&' || anchor != 0) report_.add(last_, "YAML anchors (&) are not supported");
  if (report_.full()) throw StopParsing{StopParsing::kReported};
  Node& node = tree_.nodes.emplace_back();
  node.kind = kind;
  node.at = last_;
  attach(node);
  return node;
}

void Builder::attach(Node& node) {
  if (open_.empty()) return;
  Node& parent = *open_.back();
  node.parent = &parent;
  node.index = uint32_t(parent.items.size());
  if (parent.kind == Node::Kind::kMap && parent.items.size() % 2 == 1) {
    node.key = parent.items.back();
    if (node.kind == Node::Kind::kMissing) node.at = node.key->at;
  }
  parent.items.push_back(&node);
}

void Builder::open(Node& node) {
  if (open_.size() >= kMaxDepth) stop(fmt::format("nested more than {} levels deep", kMaxDepth));
  open_.push_back(&node);
}

void Builder::check_last_quote() const {
  if (last_quote_.offset < 0) return;
  const char quote = text_[size_t(last_quote_.offset)];
  for (size_t i = size_t(last_quote_.offset) + 1; i < text_.size(); i++) {
    const bool doubled = text_[i] == '\'' && text_.substr(i + 1).starts_with('\'');
    const bool escape = quote == '"' ? text_[i] == '\\' : doubled;
    if (escape)
      i++;
    else if (text_[i] == quote)
      return;
  }
  report_.add(last_quote_.position, "this quoted text is never closed");
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
  MeteredInput input(text);
  std::istream stream(&input);
  Builder builder(text, input, report);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    builder.check_last_quote();
  } catch (const YAML::Exception& e) {
    const Diagnosis found = diagnose_yaml(e, text, builder.innermost(), builder.last());
    report.add(found.at, found.message);
  } catch (const StopParsing& stop) {
    if (stop.reason == StopParsing::kInputTooDense)
      report.add(
          builder.last(),
          fmt::format("what follows is too large for one value or bracket (more than {} MiB, "
                      "or {} brackets, commas, colons and quotes)",
                      MeteredInput::kMaxBytesBetweenEvents >> 20,
                      MeteredInput::kMaxMarksBetweenEvents));
  }
  if (!report.empty()) return std::nullopt;
  Tree tree = builder.take();
  if (tree.nodes.empty()) tree.nodes.emplace_back();
  return tree;
}

}  // namespace sluice

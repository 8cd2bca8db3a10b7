// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_error.h"

#include "base/log.h"

namespace sluice {

namespace {

struct Translation {
  std::string_view yaml_cpp;  // part of its message
  std::string_view ours;
};

constexpr Translation kTranslations[] = {
    {"end of map not found", "this does not fit the map around it (check the indentation)"},
    {"end of sequence not found", "this does not fit the list around it (check the indentation)"},
    {"end of map flow not found", "\",\" or \"}\" is expected here"},
    {"end of sequence flow not found", "\",\" or \"]\" is expected here"},
    {"illegal flow end", "this bracket closes nothing that is open"},
    {"illegal map value", "\":\" is not expected here (check the indentation, or use quotes)"},
    {"illegal block entry", "\"-\" is not expected here (a list starts on its own line)"},
    {"illegal EOF in scalar", "this quoted text is never closed"},
    {"illegal document indicator in scalar", "a document marker inside a quoted text"},
    {"unknown token", "a value cannot start with this character (use quotes)"},
    {"unknown escape character", "this escape (\\) is not known"},
    {"anchor", "YAML anchors (&) and aliases (*) are not supported"},
    {"alias", "YAML anchors (&) and aliases (*) are not supported"},
    {"tag", "YAML tags (!) are not supported"},
};

// True if nothing but space and comments follows: the parser ran into the end of the file.
bool at_end(std::string_view text, const YAML::Mark& mark) {
  if (mark.pos < 0 || size_t(mark.pos) >= text.size()) return true;
  return text.find_first_not_of(" \t\r\n", size_t(mark.pos)) == std::string_view::npos;
}

// "fd00::" followed by a space, a comma or a bracket ends, for YAML, in the ":" of a map.
bool after_colon(std::string_view text, const YAML::Mark& mark) {
  return mark.pos > 0 && size_t(mark.pos) < text.size() && text[size_t(mark.pos)] == ':' &&
         text[size_t(mark.pos) - 1] == ':';
}

std::string bracket(const Node& node) {
  return " (the bracket was opened at " + to_string(node.at) + ")";
}

}  // namespace

Position position_of(const YAML::Mark& mark, Position otherwise) {
  if (mark.line < 0 || mark.column < 0) return otherwise;
  return {mark.line + 1, mark.column + 1};
}

Diagnosis diagnose_yaml(const YAML::Exception& e, std::string_view text, const Node* innermost,
                        Position last) {
  const Position at = position_of(e.mark, last);
  if (after_colon(text, e.mark)) return {at, "YAML sees a map here; quote the address"};
  const bool in_brackets = e.msg.find("flow not found") != std::string::npos;
  // Without a final newline yaml-cpp's mark of the end is that of the beginning.
  if (in_brackets && innermost && (at_end(text, e.mark) || at <= innermost->at))
    return {innermost->at, "this bracket is never closed"};
  const std::string where = in_brackets && innermost ? bracket(*innermost) : "";
  for (const Translation& t : kTranslations)
    if (e.msg.find(t.yaml_cpp) != std::string::npos) return {at, std::string(t.ours) + where};
  return {at, printable(e.msg)};
}

}  // namespace sluice

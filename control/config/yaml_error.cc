// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_error.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "config/locator.h"

namespace sluice {

namespace {

constexpr std::string_view kUnexpectedColon =
    "\":\" is not expected here (check the indentation, or use quotes)";
constexpr std::string_view kNotInMap =
    "this does not fit the map around it (check the indentation)";

// Where the operator has to look: where libyaml gave up, or where what it was reading begins.
enum class Where { kProblem, kBeginning };

struct Translation {
  std::string_view libyaml;  // the end of what it says is the problem, or was doing
  Where where;
  std::string_view ours;
};

constexpr Translation kTranslations[] = {
    {"scanning an anchor", Where::kBeginning, "YAML anchors (&) are not supported"},
    {"scanning an alias", Where::kBeginning, "YAML aliases (*) are not supported"},
    {"ing a tag", Where::kBeginning, "YAML tags (!) are not supported"},
    {"undefined tag handle", Where::kProblem, "YAML tags (!) are not supported"},
    {"expected key", Where::kProblem, kNotInMap},
    {"expected '-' indicator", Where::kProblem,
     "this does not fit the list around it (check the indentation)"},
    {"expected <document start>", Where::kProblem,
     "a second document starts here; only one is supported (check the indentation)"},
    {"expected ',' or '}'", Where::kProblem, "\",\" or \"}\" is expected here"},
    {"expected ',' or ']'", Where::kProblem, "\",\" or \"]\" is expected here"},
    {"expected node content", Where::kProblem, "a value is expected here"},
    {"mapping values are not allowed in this context", Where::kProblem, kUnexpectedColon},
    {"mapping keys are not allowed in this context", Where::kProblem,
     "\"?\" is not expected here (use quotes)"},
    {"block sequence entries are not allowed in this context", Where::kProblem,
     "\"-\" is not expected here (a list starts on its own line)"},
    {"could not find expected ':'", Where::kBeginning,
     "\":\" and a space are expected after this key, in the same line"},
    {"found unexpected ':'", Where::kProblem,
     "a space is expected after this \":\", or quotes around it all"},
    {"unexpected end of stream", Where::kBeginning, "this quoted text is never closed"},
    {"unexpected document indicator", Where::kProblem, "a document marker inside a quoted text"},
    {"unknown escape character", Where::kProblem, "this escape (\\) is not known"},
    {"expected hexdecimal number", Where::kProblem, "this escape (\\) lacks hexadecimal digits"},
    {"invalid Unicode character escape code", Where::kProblem,
     "this escape (\\) stands for no character"},
    {"a tab character that violates indentation", Where::kProblem,
     "a tab in the indentation; use spaces"},
    {"a tab character where an indentation space is expected", Where::kProblem,
     "a tab in the indentation; use spaces"},
    {"scanning a block scalar", Where::kProblem,
     "after \"|\" or \">\" only \"+\", \"-\" and a digit from 1 to 9 are expected"},
    {"cannot start any token", Where::kProblem,
     "a value cannot start with this character (use quotes)"},
};

std::string_view view(const char* text) {
  return text ? text : "";
}

bool in_brackets(const yaml_parser_t& parser) {
  return view(parser.context).starts_with("while parsing a flow");
}

// "fd00::" followed by a space, a comma or a bracket ends, for YAML, in the ":" of a map, and "::1"
// in brackets begins with one.
bool is_address(std::string_view problem, std::string_view text, size_t offset) {
  constexpr std::string_view kProblems[] = {"mapping values are not allowed in this context",
                                            "found unexpected ':'",
                                            "did not find expected node content"};
  if (std::find(std::begin(kProblems), std::end(kProblems), problem) == std::end(kProblems))
    return false;
  const std::string_view from = text.substr(offset);
  return from.starts_with("::") || (from.starts_with(':') && text.substr(0, offset).ends_with(':'));
}

// What the byte tells that libyaml stumbled over; empty if it tells nothing.
std::string_view judge_byte(const yaml_parser_t& parser, std::string_view text, size_t offset) {
  if (offset >= text.size()) return "";
  if (is_address(view(parser.problem), text, offset))
    return "YAML sees a map here; quote the address";
  if (text[offset] == '\t') return "a tab is not expected here; use spaces";
  if (parser.error != YAML_PARSER_ERROR) return "";
  if (text[offset] == ']' || text[offset] == '}') return "this bracket closes nothing that is open";
  const bool is_value = view(parser.problem).ends_with("expected node content");
  return text[offset] == ':' && (is_value || !in_brackets(parser)) ? kUnexpectedColon : "";
}

Diagnosis translate(const yaml_parser_t& parser, std::string_view text, Position at) {
  const std::string_view problem = view(parser.problem), doing = view(parser.context);
  for (const Translation& t : kTranslations) {
    if (!problem.ends_with(t.libyaml) && !doing.ends_with(t.libyaml)) continue;
    if (t.where == Where::kProblem) return {at, std::string(t.ours)};
    const auto [offset, beginning] = Locator(text).find(parser.context_mark.index);
    const bool is_bracket = offset < text.size() && (text[offset] == '[' || text[offset] == '{');
    return {beginning, std::string(is_bracket ? kNotInMap : t.ours)};
  }
  return {at, printable(problem)};
}

}  // namespace

Diagnosis diagnose_yaml(const yaml_parser_t& parser, std::string_view text, const Node* innermost) {
  if (parser.error == YAML_MEMORY_ERROR) return {{}, "there is not enough memory for this file"};
  const auto [offset, at] = Locator(text).find(parser.problem_mark.index);
  if (const std::string_view byte = judge_byte(parser, text, offset); !byte.empty())
    return {at, std::string(byte)};
  if (!innermost || !in_brackets(parser)) return translate(parser, text, at);
  if (offset >= text.size()) return {innermost->at, "this bracket is never closed"};
  Diagnosis diagnosis = translate(parser, text, at);
  diagnosis.message += " (the bracket was opened at " + to_string(innermost->at) + ")";
  return diagnosis;
}

}  // namespace sluice

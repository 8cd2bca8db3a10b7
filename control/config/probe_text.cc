// SPDX-License-Identifier: Apache-2.0
#include "config/probe_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/values.h"

namespace sluice {

namespace {

constexpr size_t kLongestText = 1024;
constexpr size_t kLongestArgument = 4096;
constexpr size_t kLongestLabel = 63, kLongestName = 253;  // RFC 1035; 255 bytes when sent

// The text of a scalar, which may be empty, and at most `longest` bytes.
std::string read_any_text(const Node& node, std::string_view what, size_t longest, Report& report) {
  if (node.kind == Node::Kind::kScalar && node.text.empty()) return "";
  const std::string text(read_text(node, what, report).value_or(""));
  if (text.size() <= longest) return text;
  complain(report, node, fmt::format("{} of at most {} bytes is expected", what, longest));
  return "";
}

bool is_visible(char c) {
  return c > ' ' && c < 0x7f;
}

bool in_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_';
}

// Why it is not the name of a host, without a dot at its end; empty: it is one.
std::string why_no_name(std::string_view name) {
  if (name.size() > kLongestName)
    return fmt::format("it is longer than {} characters", kLongestName);
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty()) return "a part between dots is empty";
    if (label.size() > kLongestLabel)
      return fmt::format("a part between dots is longer than {} characters", kLongestLabel);
    if (!std::all_of(label.begin(), label.end(), in_name))
      return "its parts are letters, digits, \"-\" and \"_\"; other scripts are written xn--...";
    if (label.size() == name.size()) return "";
    name.remove_prefix(label.size() + 1);
  }
}

std::string read_name(const Node& node, std::string_view text, Report& report) {
  const std::string why = why_no_name(text);
  if (why.empty()) return std::string(node.text);
  complain(report, node, fmt::format("{} is not a name: {}", quoted(node.text), why));
  return "";
}

}  // namespace

std::string read_bytes(const Node& node, Report& report) {
  // A byte takes two in UTF-8.
  const std::string text = read_any_text(node, "a text", 2 * kLongestText, report);
  std::string bytes;
  for (size_t i = 0; i < text.size(); i++) {
    const uint8_t lead = uint8_t(text[i]);
    if (lead < 0x80) {
      bytes.push_back(text[i]);
    } else if ((lead & 0xfe) == 0xc2 && i + 1 < text.size()) {
      bytes.push_back(char(lead << 6 | (uint8_t(text[++i]) & 0x3f)));
    } else {
      complain(report, node,
               quoted(text) +
                   " has a character that is more than one byte; write its bytes, each "
                   "as \\x00 to \\xff, in double quotes");
      return "";
    }
  }
  if (bytes.size() <= kLongestText) return bytes;
  complain(report, node, fmt::format("a text of at most {} bytes is expected", kLongestText));
  return "";
}

std::string read_path(const Node& node, Report& report) {
  const std::string text = read_any_text(node, "a path", kLongestText, report);
  const auto bad = std::find_if_not(text.begin(), text.end(), is_visible);
  if (!text.starts_with('/') && node.kind == Node::Kind::kScalar)
    complain(report, node, quoted(text) + " is not a path, such as /healthz");
  else if (bad != text.end())
    complain(report, node,
             quoted(text) +
                 " has a space, a control character or one beyond ASCII in it; "
                 "write it as %20 and the like");
  else if (text.find('#') != std::string::npos)
    complain(report, node, quoted(text) + " has a \"#\" in it, behind which nothing is sent");
  return text;
}

std::string read_host(const Node& node, Report& report) {
  const std::string_view text = read_text(node, "a host name", report).value_or("");
  if (text.empty()) return "";
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return read_name(node, text, report);
  complain(report, node,
           quoted(text) + " is not a name: it has a \":\" (the port is that of the check)");
  return "";
}

std::string read_body(const Node& node, Report& report) {
  return read_any_text(node, "a text", kLongestText, report);
}

std::string read_dns_name(const Node& node, Report& report) {
  std::string_view text = read_text(node, "a name", report).value_or("");
  if (text.empty() || text == ".") return std::string(text);
  if (text.ends_with('.')) text.remove_suffix(1);
  return read_name(node, text, report);
}

std::string read_grpc_service(const Node& node, Report& report) {
  constexpr size_t kLongest = 255;
  const std::string_view text = read_text(node, "a service", report).value_or("");
  if (text.size() <= kLongest && std::all_of(text.begin(), text.end(), is_visible))
    return std::string(text);
  complain(report, node,
           fmt::format("{} is not a service, such as pkg.Service (ASCII without spaces, at most "
                       "{} bytes)",
                       quoted(text), kLongest));
  return "";
}

std::string read_argument(const Node& node, bool is_program, Report& report) {
  const std::string text =
      read_any_text(node, "a program or an argument", kLongestArgument, report);
  if (text.find('\0') != std::string::npos)
    complain(report, node, quoted(text) + " has a NUL byte in it, which no program can be given");
  else if (is_program && !text.starts_with('/') && node.kind == Node::Kind::kScalar)
    complain(report, node, quoted(text) + " is not the absolute path of a program");
  return text;
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// "[fd00::]" is a list of one map for YAML; the address it was meant to be, or nothing.
std::string address_read_as_map(const Node& node) {
  if (node.kind != Node::Kind::kMap || node.items.size() != 2) return "";
  const Node &key = *node.items[0], &value = *node.items[1];
  if (value.kind != Node::Kind::kMissing || !key.text.ends_with(':')) return "";
  return key.text + ":";
}

std::optional<uint32_t> parse_number(const Node& node, std::string_view text, uint32_t low,
                                     uint32_t high, Report& report) {
  const bool negative = text.starts_with('-') && all_digits(text.substr(1));
  if (!negative && !all_digits(text)) {
    complain(report, node, quoted(text) + " is not a decimal number");
    return std::nullopt;
  }
  if (!negative && text.size() > 1 && text[0] == '0') {
    complain(report, node, quoted(text) + " has a leading zero; numbers are decimal");
    return std::nullopt;
  }
  uint32_t number = 0;
  const bool fits =
      !negative &&
      std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
  if (fits && number >= low && number <= high) return number;
  complain(report, node, fmt::format("{} is not in {}..{}", excerpt(text), low, high));
  return std::nullopt;
}

// Why no single host can own `address`, or nullptr.
const char* why_unusable(const IpAddress& address) {
  if (address.is_unspecified()) return "the unspecified address";
  if (address.is_loopback()) return "a loopback address";
  if (address.is_multicast()) return "a multicast address";
  if (address.is_link_local()) return "a link-local address";
  if (address == IpAddress::parse("255.255.255.255")) return "the broadcast address";
  return nullptr;
}

std::optional<IpAddress> parse_address(const Node& node, std::string_view text, Report& report) {
  const std::optional<IpAddress> address = IpAddress::parse(text);
  if (!address) {
    complain(report, node, quoted(text) + " is not an IPv4 or IPv6 address");
    return std::nullopt;
  }
  if (const char* why = why_unusable(*address)) {
    complain(report, node, fmt::format("{} is {} and cannot be used here", excerpt(text), why));
    return std::nullopt;
  }
  return address;
}

// "any" or "27000-27100".
bool is_port_set(std::string_view text) {
  const size_t dash = text.find('-');
  return text == "any" || (dash != std::string_view::npos && all_digits(text.substr(0, dash)) &&
                           all_digits(text.substr(dash + 1)));
}

}  // namespace

std::optional<std::string_view> read_text(const Node& node, std::string_view what, Report& report) {
  if (node.kind == Node::Kind::kScalar && !node.text.empty()) return node.text;
  if (const std::string address = address_read_as_map(node); !address.empty())
    complain(report, node, "YAML sees a map here; quote the address: " + quoted(address));
  else if (node.kind == Node::Kind::kScalar)
    complain(report, node, fmt::format("{} is expected; this is empty", what));
  else
    complain(report, node, fmt::format("{} is expected; this is {}", what, to_string(node.kind)));
  return std::nullopt;
}

std::vector<const Node*> one_or_more(const Node& node) {
  if (node.kind == Node::Kind::kList) return node.items;
  return {&node};
}

std::optional<uint32_t> read_number(const Node& node, uint32_t low, uint32_t high, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a number", report);
  return text ? parse_number(node, *text, low, high, report) : std::nullopt;
}

std::optional<IpAddress> read_address(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "an address", report);
  return text ? parse_address(node, *text, report) : std::nullopt;
}

std::optional<IpAddress> read_vip(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "an address", report);
  if (!text) return std::nullopt;
  const size_t slash = text->find('/');
  if (slash != std::string_view::npos && IpAddress::parse(text->substr(0, slash)) &&
      all_digits(text->substr(slash + 1))) {
    complain(report, node, quoted(*text) + ": prefixes of VIPs are not supported yet");
    return std::nullopt;
  }
  return parse_address(node, *text, report);
}

std::optional<MacAddress> read_mac(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a MAC address", report);
  if (!text) return std::nullopt;
  const std::optional<MacAddress> mac = MacAddress::parse(*text);
  if (!mac)
    complain(report, node, quoted(*text) + " is not a MAC address (such as 02:00:00:00:00:01)");
  else if (mac->is_zero() || mac->is_multicast())
    complain(report, node, excerpt(*text) + " is not the address of one host");
  else
    return mac;
  return std::nullopt;
}

std::optional<Port> read_port(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a port", report);
  if (!text) return std::nullopt;
  const size_t slash = text->find('/');
  const std::string_view number_text = text->substr(0, slash);
  if (is_port_set(number_text)) {
    complain(report, node,
             quoted(*text) + ": " + (number_text == "any" ? "any port is" : "port ranges are") +
                 " not supported yet");
    return std::nullopt;
  }
  const std::optional<uint32_t> number = parse_number(node, number_text, 1, 65535, report);
  if (!number) return std::nullopt;
  if (slash == std::string_view::npos) {
    complain(report, node, fmt::format("{0} has no protocol (write {0}/tcp or {0}/udp)", *number));
    return std::nullopt;
  }
  const std::optional<Protocol> protocol =
      read_choice(node, text->substr(slash + 1), kProtocols, report);
  if (!protocol) return std::nullopt;
  return Port{.number = uint16_t(*number), .protocol = uint8_t(*protocol)};
}

void check_name(const Node& key, Report& report) {
  constexpr size_t kLongestName = 63;
  const auto alphanumeric = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const std::string_view name = key.text;
  const bool valid = !name.empty() && name.size() <= kLongestName && alphanumeric(name[0]) &&
                     std::all_of(name.begin(), name.end(), [&](char c) {
                       return alphanumeric(c) || c == '.' || c == '_' || c == '-';
                     });
  if (valid) return;
  complain(report, key,
           fmt::format("{} is not a name (letters, digits, \".\", \"_\" and \"-\", at most {}, a "
                       "letter or digit first)",
                       quoted(name), kLongestName));
}

std::optional<size_t> read_word(const Node& node, std::string_view text,
                                std::span<const Word> words, Report& report) {
  std::vector<std::string_view> all, supported;
  for (size_t i = 0; i < words.size(); i++) {
    if (words[i].text == text && words[i].support == kNow) return i;
    if (words[i].text == text) {
      complain(report, node, quoted(text) + " is not supported yet");
      return std::nullopt;
    }
    all.push_back(words[i].text);
    if (words[i].support == kNow) supported.push_back(words[i].text);
  }
  if (report.full()) return std::nullopt;
  std::string hint = did_you_mean(text, all);
  if (hint.empty()) hint = fmt::format(" (supported: {})", fmt::join(supported, ", "));
  complain(report, node, "unknown value " + quoted(text) + hint);
  return std::nullopt;
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
// Reads single values: numbers, addresses, prefixes, ports and words. Each reports what it refuses.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"
#include "config/words.h"
#include "model/config.h"

namespace sluice {

// The text of a scalar that is not empty; `what` names what is expected: "an address".
std::optional<std::string_view> read_text(const Node& node, std::string_view what, Report& report);

// The elements of a list, or the node itself: `ports: 80/tcp` is a list of one.
std::vector<const Node*> one_or_more(const Node& node);

// Decimal digits without a leading zero, in low..high.
std::optional<uint32_t> read_number(const Node& node, uint32_t low, uint32_t high, Report& report);
// The same of `text`, which is a part of the node's.
std::optional<uint32_t> read_number(const Node& node, std::string_view text, uint32_t low,
                                    uint32_t high, Report& report);

struct DurationRange {
  std::chrono::milliseconds shortest, longest;
};

// "500ms", "90s", "15m" or "2h".
std::optional<std::chrono::milliseconds> read_duration(const Node& node, const DurationRange& range,
                                                       Report& report);
// The same, but whole seconds.
std::optional<std::chrono::seconds> read_seconds(const Node& node, const DurationRange& range,
                                                 Report& report);
// As read_duration() reads it, in the largest unit that it is a number of.
std::string duration_text(std::chrono::milliseconds duration);

// An address one host can own: neither unspecified, loopback, multicast, link-local nor broadcast.
std::optional<IpAddress> read_address(const Node& node, Report& report);
// The same for an address or a prefix, none of whose addresses may be one of those. Its length is
// at least 1, and the bits behind it are zero.
std::optional<IpPrefix> read_prefix(const Node& node, Report& report);

std::optional<MacAddress> read_mac(const Node& node, Report& report);

// "443/tcp", "27000-27100/udp", "any/tcp" or "any/any".
std::optional<PortRange> read_ports(const Node& node, Report& report);

// Reports a pool, backend or service name that is not made of letters, digits, ".", "_" and "-".
void check_name(const Node& key, Report& report);

// The word's index among `words`.
std::optional<size_t> read_word(const Node& node, std::string_view text,
                                std::span<const Word> words, Report& report);

// One of the fixed values of `choices`; `text` is the node's, or the part of it that matters.
template <class T, size_t N>
std::optional<T> read_choice(const Node& node, std::string_view text, const Choice<T> (&choices)[N],
                             Report& report) {
  Word words[N];
  for (size_t i = 0; i < N; i++) words[i] = {choices[i].text, choices[i].value ? kNow : kLater};
  const std::optional<size_t> index = read_word(node, text, words, report);
  return index ? choices[*index].value : std::nullopt;
}

template <class T, size_t N>
std::optional<T> read_choice(const Node& node, const Choice<T> (&choices)[N], Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a word", report);
  return text ? read_choice(node, *text, choices, report) : std::nullopt;
}

}  // namespace sluice

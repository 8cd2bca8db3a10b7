// SPDX-License-Identifier: Apache-2.0
#include "daemon/check_texts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "config/values.h"
#include "config/words.h"

namespace sluice {

namespace {

using Texts = std::map<std::string, std::string>;

template <class T, size_t N>
std::string word_of(T value, const Choice<T> (&choices)[N]) {
  const auto* const found = std::find_if(std::begin(choices), std::end(choices),
                                         [&](const Choice<T>& c) { return c.value == value; });
  return found == std::end(choices) ? "" : std::string(found->text);
}

// Not cut: two that differ are to be seen to differ.
std::string in_quotes(const std::string& text) {
  return text.empty() ? "" : '"' + printable(text) + '"';
}

std::string status_text(const StatusRange& range) {
  return range.first == range.last ? std::to_string(range.first)
                                   : fmt::format("{}-{}", range.first, range.last);
}

std::string kind_of(const TcpCheck& c) {
  return c == TcpCheck{} ? "tcp: connect" : "tcp: {send, expect}";
}
std::string kind_of(const UdpCheck&) {
  return "udp: {send, expect}";
}
std::string kind_of(const HttpCheck& c) {
  return (c.tls ? "https: " : "http: ") + c.path;
}
std::string kind_of(const DnsCheck& c) {
  return "dns: " + c.name;
}
std::string kind_of(const GrpcCheck& c) {
  return "grpc: " + (c.service.empty() ? "server" : c.service);
}
std::string kind_of(const IcmpCheck&) {
  return "icmp: echo";
}
std::string kind_of(const ExecCheck& c) {
  std::vector<std::string> words;
  for (const std::string& word : c.command) words.push_back(printable(word));
  return fmt::format("exec: {}", fmt::join(words, " "));
}

template <class Talk>
void add_talk(const Talk& c, Texts& out) {
  out["send"] = in_quotes(c.send);
  out["expect"] = in_quotes(c.expect);
}

void add_probe(const TcpCheck& c, Texts& out) {
  add_talk(c, out);
}
void add_probe(const UdpCheck& c, Texts& out) {
  add_talk(c, out);
}
void add_probe(const HttpCheck& c, Texts& out) {
  std::vector<std::string> statuses;
  for (const StatusRange& range : c.statuses) statuses.push_back(status_text(range));
  out["expect"] = fmt::format("{}", fmt::join(statuses, ", "));
  out["host"] = c.host;
  out["body"] = in_quotes(c.body);
  out["http2"] = word_of(c.http2, kBooleans);
  out["verify"] = word_of(c.verify, kBooleans);
  out["weight-from"] = word_of(c.weight, kWeightSources);
}
void add_probe(const DnsCheck& c, Texts& out) {
  std::vector<std::string> rcodes;
  for (const uint8_t rcode : c.rcodes) rcodes.push_back(word_of(rcode, kRcodes));
  out["type"] = word_of(c.type, kDnsTypes);
  out["rcode"] = fmt::format("{}", fmt::join(rcodes, ", "));
}
void add_probe(const GrpcCheck& c, Texts& out) {
  out["tls"] = word_of(c.tls, kBooleans);
}
void add_probe(const IcmpCheck&, Texts&) {
}
void add_probe(const ExecCheck&, Texts&) {
}

}  // namespace

std::string kind_text(const Check& check) {
  return std::visit([](const auto& probe) { return kind_of(probe); }, check.probe);
}

Texts check_texts(const Check& check) {
  Texts out = {{"port", check.port == 0 ? "the first of the service" : std::to_string(check.port)},
               {"via", word_of(check.via, kCheckPaths)},
               {"every", duration_text(check.every)},
               {"timeout", duration_text(check.timeout)},
               {"rise", std::to_string(check.rise)},
               {"fall", std::to_string(check.fall)},
               {"hold-down", duration_text(check.hold_down)}};
  std::visit([&](const auto& probe) { add_probe(probe, out); }, check.probe);
  return out;
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
// The kinds of checks: what each asks for, and which answer is good.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/checks.h"
#include "config/probe_text.h"
#include "config/values.h"

namespace sluice {

namespace {

template <class Talk>
Talk read_talk(const Block& block, Report& report) {
  Talk talk;
  if (const Node* send = block.find("send")) talk.send = read_bytes(*send, report);
  if (const Node* expect = block.find("expect")) talk.expect = read_bytes(*expect, report);
  return talk;
}

constexpr const char* kTalkExample = "{send: \"ping\", expect: \"pong\"}";

TcpCheck read_tcp(const Node& node, Report& report) {
  if (node.kind != Node::Kind::kMap) {
    read_choice(node, kTcpForms, report);
    return {};
  }
  const Block block(node, kTalkKeys, kTalkExample, report);
  if (node.items.empty())
    complain(report, node, "neither \"send\" nor \"expect\"; `tcp: connect` only connects");
  return read_talk<TcpCheck>(block, report);
}

UdpCheck read_udp(const Node& node, Report& report) {
  const Block block(node, kTalkKeys, kTalkExample, report);
  block.require("send", "UDP answers only what is sent; \"\" is an empty datagram", report);
  return read_talk<UdpCheck>(block, report);
}

GrpcCheck read_grpc(const Node& node, Report& report) {
  GrpcCheck grpc;
  if (node.kind != Node::Kind::kMap) {
    read_choice(node, kGrpcForms, report);
    return grpc;
  }
  const Block block(node, kGrpcKeys, "{service: pkg.Service}", report);
  if (const Node* service = block.find("service"))
    grpc.service = read_grpc_service(*service, report);
  if (const Node* tls = block.find("tls"))
    grpc.tls = read_choice(*tls, kBooleans, report).value_or(false);
  return grpc;
}

ExecCheck read_exec(const Node& node, Report& report) {
  ExecCheck exec;
  if (node.kind == Node::Kind::kList && node.items.empty())
    complain(report, node, "a program is expected; this list is empty");
  for (const Node* item : one_or_more(node))
    exec.command.push_back(read_argument(*item, exec.command.empty(), report));
  return exec;
}

// "200" or "300-399".
std::optional<StatusRange> read_statuses(const Node& node, Report& report) {
  constexpr uint32_t kFirst = 100, kLast = 599;
  const std::optional<std::string_view> text = read_text(node, "an HTTP status", report);
  if (!text) return std::nullopt;
  const size_t dash = text->find('-', 1);
  const std::optional<uint32_t> first =
      read_number(node, text->substr(0, dash), kFirst, kLast, report);
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return StatusRange{uint16_t(*first), uint16_t(*first)};
  const std::optional<uint32_t> last =
      read_number(node, text->substr(dash + 1), kFirst, kLast, report);
  if (!last) return std::nullopt;
  if (*first <= *last) return StatusRange{uint16_t(*first), uint16_t(*last)};
  complain(report, node,
           fmt::format("{0}-{1} ends before it starts (did you mean {1}-{0}?)", *first, *last));
  return std::nullopt;
}

void read_http_keys(const Block& block, HttpCheck& http, Report& report) {
  if (const Node* expect = block.find("expect")) {
    http.statuses.clear();
    for (const Node* item : one_or_more(*expect))
      if (const std::optional<StatusRange> range = read_statuses(*item, report))
        http.statuses.push_back(*range);
    if (expect->kind == Node::Kind::kList && expect->items.empty())
      complain(report, *expect, "at least one status is needed");
  }
  if (const Node* host = block.find("host")) http.host = read_host(*host, report);
  if (const Node* body = block.find("body")) http.body = read_body(*body, report);
  if (const Node* http2 = block.find("http2"))
    http.http2 = read_choice(*http2, kBooleans, report).value_or(false);
  if (const Node* weight = block.find("weight-from"))
    http.weight = read_choice(*weight, kWeightSources, report).value_or(WeightSource::kNone);
  const Node* const verify = block.find("verify");
  if (!verify) return;
  http.verify = read_choice(*verify, kBooleans, report).value_or(false);
  if (http.verify && http.host.empty() && !block.find("host"))
    complain_at_key(report, *verify,
                    "this needs a \"host\" beside it: the name in the certificate");
}

void read_dns_keys(const Block& block, DnsCheck& dns, Report& report) {
  if (const Node* type = block.find("type"))
    dns.type = read_choice(*type, kDnsTypes, report).value_or(dns.type);
  const Node* const rcodes = block.find("rcode");
  if (!rcodes) return;
  dns.rcodes.clear();
  for (const Node* item : one_or_more(*rcodes)) {
    const std::optional<uint8_t> rcode = read_choice(*item, kRcodes, report);
    if (!rcode) continue;
    if (std::find(dns.rcodes.begin(), dns.rcodes.end(), *rcode) != dns.rcodes.end())
      complain(report, *item, quoted(item->text) + " is there twice");
    else
      dns.rcodes.push_back(*rcode);
  }
  if (rcodes->kind == Node::Kind::kList && rcodes->items.empty())
    complain(report, *rcodes, "at least one rcode is needed");
}

}  // namespace

void read_probe(const Node& value, CheckKind kind, Check& check, Report& report) {
  switch (kind) {
    case CheckKind::kTcp:
      check.probe = read_tcp(value, report);
      return;
    case CheckKind::kUdp:
      check.probe = read_udp(value, report);
      return;
    case CheckKind::kHttp:
    case CheckKind::kHttps:
      check.probe = HttpCheck{.tls = kind == CheckKind::kHttps, .path = read_path(value, report)};
      return;
    case CheckKind::kDns:
      check.probe = DnsCheck{.name = read_dns_name(value, report)};
      return;
    case CheckKind::kGrpc:
      check.probe = read_grpc(value, report);
      return;
    case CheckKind::kIcmp:
      read_choice(value, kIcmpForms, report);
      check.probe = IcmpCheck{};
      return;
    case CheckKind::kExec:
      check.probe = read_exec(value, report);
      return;
  }
}

void read_probe_keys(const Block& block, Check& check, Report& report) {
  if (HttpCheck* http = std::get_if<HttpCheck>(&check.probe)) read_http_keys(block, *http, report);
  if (DnsCheck* dns = std::get_if<DnsCheck>(&check.probe)) read_dns_keys(block, *dns, report);
}

}  // namespace sluice

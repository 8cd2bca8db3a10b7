// SPDX-License-Identifier: Apache-2.0
#include "loadgen/options.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::loadgen {

namespace {

// Gathers what is wrong, so that all of it is told at once.
class Gathered {
 public:
  template <class T>
  void take(const char* option, Result<T> result, T& into) {
    if (result)
      into = std::move(*result);
    else
      add(option, result.error().message);
  }
  void add(const std::string& option, const std::string& message) {
    text_ += fmt::format("{}{}{}: {}", text_.empty() ? "" : "\n", option.empty() ? "" : "--",
                         option, message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

Result<MacAddress> parse_mac(const std::string& text) {
  const std::optional<MacAddress> mac = MacAddress::parse(text);
  if (!mac) return Error{fmt::format("\"{}\" is not a MAC address", text)};
  return *mac;
}

void take_clients(const std::vector<std::string>& texts, Traffic& traffic, Gathered& wrong) {
  for (const std::string& text : texts) {
    const std::optional<IpPrefix> prefix = IpPrefix::parse(text);
    if (!prefix)
      wrong.add("flows-from", fmt::format("\"{}\" is not a network", text));
    else
      (prefix->address.is_v4() ? traffic.sources_v4 : traffic.sources_v6) = *prefix;
  }
}

void take_macs(const OptionTexts& texts, Options& o, Gathered& wrong) {
  wrong.take("to", parse_mac(texts.to), o.to);
  if (texts.from.empty()) return;
  MacAddress from;
  wrong.take("from", parse_mac(texts.from), from);
  o.from = from;
}

CLI::Option* option(CLI::App& app, const char* name, std::string& text, const char* type,
                    const char* what) {
  return app.add_option(name, text, what)->type_name(type);
}

}  // namespace

void declare(CLI::App& app, OptionTexts& t) {
  option(app, "--tx", t.tx, "PORT", "af_packet:IFACE, af_xdp:IFACE or pci:ADDRESS[,ARGUMENTS]")
      ->required();
  option(app, "--rx", t.rx, "PORT", "where they come back (default: the same)");
  option(app, "--to", t.to, "MAC", "of the balancer, or of the router to it")->required();
  option(app, "--from", t.from, "MAC", "(default: the port's)");
  app.add_option("--vip", t.vips, "192.0.2.10:443, [2001:db8::10]:443; several")
      ->type_name("ADDRESS:PORT")
      ->required();
  option(app, "--mix", t.mix, "MIX",
         "kinds and weights: syn, established, fin, icmp, udp, fragments, quic, echo "
         "(default established=90,syn=5,fin=5)");
  app.add_option("--flows", t.rest.traffic.flows, "alive at a time (default 1000)")->type_name("N");
  app.add_option("--flows-from", t.clients, "clients' networks (198.51.100.0/24, 2001:db8:c::/64)")
      ->type_name("NETWORK");
  option(app, "--order", t.order, "ORDER", "of flows: uniform (default), zipf:EXPONENT");
  option(app, "--new-flows", t.new_flows, "RATE", "each in the place of the oldest (default 0)");
  option(app, "--flood", t.flood, "SHARE", "SYNs of flows never seen before, as 10% (default 0)");
  option(app, "--rate", t.rate, "RATE", "packets a second, as 100k, or max (default 10k)");
  option(app, "--for", t.seconds, "TIME", "how long to send (default 10s)");
  app.add_option("--size", t.rest.traffic.size, "bytes of a frame, at least (default 64)")
      ->type_name("N");
  app.add_option("--seed", t.rest.traffic.seed, "the same packets for the same one (default 1)")
      ->type_name("N");
  option(app, "--quiet", t.quiet, "TIME", "when nothing came for so long, all did (default 500ms)");
  app.add_option("--burst", t.rest.burst, "packets handed to a port at once (default 32)")
      ->type_name("N")
      ->check(CLI::Range(1u, 512u).description(""));
  app.add_option("--cpus", t.rest.cpus, "of sender and receiver (default: the last two)")
      ->type_name("N,N")
      ->delimiter(',');
  app.add_option("--threads", t.rest.threads,
                 "2: one sends, one receives (default with a card); 1: in turns (else)")
      ->type_name("N")
      ->check(CLI::Range(1u, 2u).description(""));
  option(app, "--record", t.rest.record, "FILE", "write what is sent to a pcap file");
  option(app, "--record-received", t.rest.record_received, "FILE", "... and what comes back");
  option(app, "--replay", t.rest.replay, "FILE", "send what such a file has, once");
  option(app, "-o,--output", t.output, "FORMAT", "how to print: table (default) or json")
      ->check(CLI::IsMember({"table", "json"}).description(""));
  app.add_option("--eal", t.rest.eal, "an argument for DPDK; several")->type_name("ARGUMENT");
}

Result<Options> options_of(const OptionTexts& t) {
  Options o = t.rest;
  Gathered wrong;
  wrong.take("tx", parse_port(t.tx), o.tx);
  wrong.take("rx", parse_port(t.rx.empty() ? t.tx : t.rx), o.rx);
  take_macs(t, o, wrong);
  for (const std::string& text : t.vips) {
    Vip vip;
    wrong.take("vip", parse_vip(text), vip);
    o.traffic.vips.push_back(vip);
  }
  take_clients(t.clients, o.traffic, wrong);
  wrong.take("mix", parse_mix(t.mix), o.traffic.mix);
  wrong.take("order", parse_order(t.order), o.traffic.zipf);
  wrong.take("new-flows", parse_rate(t.new_flows, /*max_allowed=*/false), o.traffic.new_flows);
  wrong.take("flood", parse_share(t.flood), o.traffic.flood);
  wrong.take("rate", parse_rate(t.rate, /*max_allowed=*/true), o.rate);
  wrong.take("for", parse_seconds(t.seconds), o.seconds);
  wrong.take("quiet", parse_seconds(t.quiet), o.quiet);
  o.json = t.output == "json";
  // The kernel does most of the work of a socket, and on the CPU of whoever sends: what has come
  // back by then need not wait for another thread.
  if (o.threads == 0) o.threads = o.rx.kind == PortKind::kPci ? 2 : 1;
  if (o.cpus.size() > 2) wrong.add("cpus", "one or two");
  if (!o.replay.empty() && !o.record.empty()) wrong.add("record", "not together with --replay");
  if (wrong.text().empty())
    if (const Result<void> r = check(o.traffic, o.seconds); !r) wrong.add("", r.error().message);
  if (!wrong.text().empty()) return Error{wrong.text()};
  return o;
}

}  // namespace sluice::loadgen

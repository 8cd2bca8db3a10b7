// SPDX-License-Identifier: Apache-2.0
// simulate: a capture through the program and a configuration, attached to nothing.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <sstream>

#include "base/log.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/simulate_lines.h"
#include "cli/tally.h"
#include "cli/verb.h"
#include "config/reader.h"
#include "kernel/attached_program.h"
#include "simulate/capability.h"
#include "simulate/capture.h"
#include "simulate/scene.h"
#include "simulate/simulator.h"

namespace sluice::cli {

namespace {

std::optional<uint32_t> parse_mtu(std::string_view text) {
  constexpr uint32_t kSmallest = 576, kLargest = 9216;  // as in the configuration
  uint32_t mtu = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mtu);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return mtu >= kSmallest && mtu <= kLargest ? std::optional(mtu) : std::nullopt;
}

std::optional<std::vector<IpAddress>> parse_addresses(const std::string& text) {
  std::vector<IpAddress> out;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const std::optional<IpAddress> address = IpAddress::parse(word);
    if (!address) return std::nullopt;
    out.push_back(*address);
  }
  return out.empty() || text.back() == ',' ? std::nullopt : std::optional(out);
}

std::string check_mac(const std::string& text) {
  const std::optional<MacAddress> mac = MacAddress::parse(text);
  const bool good = mac && !mac->is_zero() && !mac->is_multicast();
  return good ? "" : text + " is not the MAC address of an interface, like 02:00:00:00:00:01";
}

std::string check_mtu(const std::string& text) {
  return parse_mtu(text) ? "" : text + " is not in 576..9216";
}

std::string check_local(const std::string& text) {
  return parse_addresses(text) ? "" : text + " is not an address, or several with commas between";
}

std::string check_hook(const std::string& text) {
  return text == "xdp" || text == "tc" ? "" : text + " is neither xdp nor tc";
}

constexpr VerbOption kOptions[] = {
    {"--in", "PCAP", "the capture: pcap or pcapng, of Ethernet frames; - is standard input", true},
    {"--out", "PCAP", "where to write what is sent: to backends, and answers of our own"},
    {"--hook", "HOOK", "xdp or tc (default: as the interface's mode says)", false, check_hook},
    {"--interface", "NAME", "where the packets come in (default: the first in FILE)"},
    {"--egress", "NAME", "where the backends are (default: the same, or who has a next_hop)"},
    {"--mac", "MAC", "the interface's; frames for others are passed (default: all are taken)",
     false, check_mac},
    {"--mtu", "N", "the interface's (default: 1500)", false, check_mtu},
    {"--local", "ADDR[,ADDR]", "the interface's addresses: where tunnels start", false,
     check_local},
    {"--next-hop", "MAC", "the gateway's or backend's, where FILE has no next_hop", false,
     check_mac},
};

HostFacts facts_of(const Options& options) {
  HostFacts facts;
  if (const std::string* name = options.find("--interface")) facts.ingress = *name;
  if (const std::string* name = options.find("--egress")) facts.egress = *name;
  if (const std::string* mac = options.find("--mac")) facts.mac = MacAddress::parse(*mac);
  if (const std::string* mac = options.find("--next-hop")) facts.next_hop = MacAddress::parse(*mac);
  if (const std::string* mtu = options.find("--mtu")) facts.mtu = *parse_mtu(*mtu);
  if (const std::string* local = options.find("--local")) facts.local = *parse_addresses(*local);
  return facts;
}

Hook choose_hook(const Options& options, const Scene& scene) {
  if (const std::string* name = options.find("--hook"))
    return *name == "tc" ? Hook::kTc : Hook::kXdp;
  return hook_of(scene.mode);
}

// Says what is wrong with a file, as `config check` does.
std::optional<Config> accept(const Reading& reading) {
  for (const Diagnostic& error : reading.errors)
    fmt::print(stderr, "{}\n", printable(to_string(error)));
  return reading.config;
}

Result<std::unique_ptr<Simulator>> load(const Config& config, const Scene& scene, Hook hook) {
  Result<std::unique_ptr<Simulator>> simulator = Simulator::create(config, scene, hook);
  if (simulator) return simulator;
  const std::vector<std::string> missing = missing_capabilities();
  if (missing.empty()) return simulator;
  return Error{fmt::format(
      "{}\nThe kernel checks and runs the program, which takes root or CAP_BPF, CAP_NET_ADMIN and "
      "CAP_PERFMON; missing: {}.",
      simulator.error().message, comma_separated(missing))};
}

// Everything that is open while frames go through.
struct Run {
  const Options& options;
  CaptureReader in;
  std::optional<CaptureWriter> out;
  Simulator& simulator;
  FateLines lines;
  Tally tally = {};

  Result<void> all();
  Result<void> one(uint64_t index, const CapturedFrame& frame);
};

Result<void> Run::one(uint64_t index, const CapturedFrame& frame) {
  const Result<Fate> fate = simulator.run(frame);
  if (!fate) return Error{fmt::format("packet {}: {}", index, fate.error().message)};
  if (options.json()) {
    print_json_line(index, *fate);
  } else {
    lines.print(index, *fate);
  }
  if (out && fate->is_sent()) out->put(frame, fate->packet);
  tally.add(*fate);
  return {};
}

Result<void> Run::all() {
  Progress progress;
  for (uint64_t index = 0;; index++) {
    const Result<std::optional<CapturedFrame>> frame = in.next();
    if (!frame) return Error{fmt::format("packet {}: {}", index, frame.error().message)};
    if (!*frame) return {};
    if (Result<void> done = one(index, **frame); !done) return done;
    progress.at(index + 1, in.progress());
  }
}

Result<int> play(Run run) {
  if (!run.options.json()) run.lines.print_heading();
  const Result<void> done = run.all();
  // What has been found out is worth having, also when the capture ends in the middle of a frame.
  if (run.out)
    if (Result<void> written = run.out->finish(); !written) return written.error();
  const std::string fates = run.tally.fates(run.options.color);
  if (!run.options.json() && !fates.empty()) {
    fmt::print("\n");
    print_sections({fates, run.tally.backends(run.options.color)});
  }
  if (run.tally.skipped() > 0)
    fmt::print(stderr, "sluicectl: warning: {} skipped, as CUT or TOO_LARGE (see help simulate)\n",
               counted(run.tally.skipped(), "packet"));
  if (!done) return done.error();
  return 0;
}

}  // namespace

std::span<const VerbOption> simulate_options() {
  return kOptions;
}

Result<int> simulate(const Options& options, Verb::Arguments arguments) {
  const Result<Reading> reading = read_config_file(arguments[0]);
  if (!reading) return reading.error();
  const std::optional<Config> config = accept(*reading);
  if (!config) return 1;
  const Result<Scene> scene = set_scene(*config, facts_of(options));
  if (!scene) return scene.error();
  Result<CaptureReader> in = CaptureReader::open(*options.find("--in"));
  if (!in) return in.error();
  const Result<std::unique_ptr<Simulator>> simulator =
      load(*config, *scene, choose_hook(options, *scene));
  if (!simulator) return simulator.error();
  std::optional<CaptureWriter> out;
  if (const std::string* path = options.find("--out")) {
    Result<CaptureWriter> created = CaptureWriter::create(*path, *in);
    if (!created) return created.error();
    out = std::move(*created);
  }
  for (const std::string& sentence : scene->placeholders)
    fmt::print(stderr, "sluicectl: note: {}\n", printable(sentence));
  return play({.options = options,
               .in = std::move(*in),
               .out = std::move(out),
               .simulator = **simulator,
               .lines = FateLines(*config)});
}

}  // namespace sluice::cli

// SPDX-License-Identifier: Apache-2.0
#include "agent/options.h"

#include <fmt/format.h>
#include <net/if.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>

#include "abi/agent_abi.h"
#include "base/log.h"

namespace sluice::agent {

namespace {

constexpr int kUsage = 2;

// What the command line says, before it is understood.
struct Words {
  std::vector<std::string> interfaces, vips, allowed, locals;
  std::vector<std::string> fou = {"5555"}, gue = {"6080"}, geneve = {"6081"};
  std::string mode = "auto", mss = "off", output = "table";
};

const std::map<std::string, AttachMode> kModes = {
    {"auto", AttachMode::kAuto},
    {"native", AttachMode::kNative},
    {"generic", AttachMode::kGeneric},
    {"tc", AttachMode::kTc},
};

// An instance is a file name under the BPF file system.
std::string check_instance(const std::string& name) {
  constexpr const char* kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (name.empty() || name.size() > 32 || name.find_first_not_of(kAllowed) != std::string::npos)
    return "an instance is named by 1 to 32 letters, digits, '-' and '_'";
  return {};
}

Result<std::string> to_interface(const std::string& text) {
  const bool forbidden = text.find_first_of("/: \t\n\r\v\f") != std::string::npos;
  if (text.empty() || text.size() >= IFNAMSIZ || forbidden || text == "." || text == "..")
    return Error{"not the name of an interface"};
  return text;
}

Result<IpAddress> to_host_address(const std::string& text) {
  const std::optional<IpAddress> a = IpAddress::parse(text);
  if (!a) return Error{"not an IP address"};
  if (a->is_unspecified() || a->is_loopback() || a->is_multicast())
    return Error{"not an address of one host in a network"};
  return *a;
}

Result<uint16_t> to_port(const std::string& text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stopped != end || (text[0] == '0' && text.size() > 1))
    return Error{"not a port: 1 to 65535, or 0 for none"};
  return port;
}

// Converts every word with `f` into a sorted list without repetition.
template <class T>
Result<std::vector<T>> convert(const char* option, const std::vector<std::string>& words,
                               Result<T> (*f)(const std::string&), size_t max) {
  std::vector<T> all;
  for (const std::string& word : words) {
    Result<T> value = f(word);
    if (!value)
      return Error{fmt::format("{} {}: {}", option, printable(word), value.error().message)};
    all.push_back(*value);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.size() > max)
    return Error{
        fmt::format("{}: {} are more than the {} there is room for", option, all.size(), max)};
  return all;
}

Result<void> add_ports(std::vector<TunnelPort>& all, const char* option,
                       const std::vector<std::string>& words, sluice_agent_tunnel kind) {
  auto ports = convert(option, words, to_port, SLUICE_AGENT_MAX_PORTS);
  if (!ports) return ports.error();
  if (ports->front() == 0 && ports->size() > 1)
    return Error{fmt::format("{} 0: means no port at all, and others are given", option)};
  for (const uint16_t port : *ports) {
    if (port == 0) continue;
    for (const TunnelPort& other : all)
      if (other.port == port)
        return Error{
            fmt::format("{} {}: already the port of another kind of tunnel", option, port)};
    all.push_back({port, kind});
  }
  if (all.size() <= SLUICE_AGENT_MAX_PORTS) return {};
  return Error{fmt::format("{}: {} ports of tunnels are more than the {} there is room for", option,
                           all.size(), int(SLUICE_AGENT_MAX_PORTS))};
}

Result<std::vector<TunnelPort>> to_ports(const Words& words) {
  std::vector<TunnelPort> all;
  if (auto r = add_ports(all, "--fou", words.fou, SLUICE_AGENT_TUNNEL_FOU); !r) return r.error();
  if (auto r = add_ports(all, "--gue", words.gue, SLUICE_AGENT_TUNNEL_GUE); !r) return r.error();
  if (auto r = add_ports(all, "--geneve", words.geneve, SLUICE_AGENT_TUNNEL_GENEVE); !r)
    return r.error();
  std::sort(all.begin(), all.end());
  return all;
}

// What every host takes, up to what fits into an IP packet.
constexpr uint16_t kLeastMss = 536, kMostMss = 65495;

Result<std::optional<uint16_t>> to_mss(const std::string& text) {
  if (text == "off") return std::optional<uint16_t>();
  if (text == "auto") return std::optional<uint16_t>(0);
  const Result<uint16_t> mss = to_port(text);
  if (!mss || *mss < kLeastMss || *mss > kMostMss)
    return Error{fmt::format("--mss {}: neither off nor auto nor in {}..{}", printable(text),
                             kLeastMss, kMostMss)};
  return std::optional<uint16_t>(*mss);
}

Result<Settings> understand(const Words& words) {
  auto interfaces = convert("--interface", words.interfaces, to_interface, 64);
  if (!interfaces) return interfaces.error();
  auto vips = convert("--vip", words.vips, to_host_address, SLUICE_AGENT_MAX_VIPS);
  if (!vips) return vips.error();
  auto allowed = convert<Prefix>(
      "--allow", words.allowed, [](const std::string& text) { return Prefix::parse(text); },
      SLUICE_AGENT_MAX_ALLOWED);
  if (!allowed) return allowed.error();
  auto locals = convert("--local", words.locals, to_host_address, SLUICE_AGENT_MAX_LOCALS);
  if (!locals) return locals.error();
  for (const IpAddress& local : *locals)
    if (std::binary_search(vips->begin(), vips->end(), local))
      return Error{
          fmt::format("--local {}: a VIP, and every backend has it; tunnels end at an "
                      "address of this host alone",
                      local.to_string())};
  Result<std::vector<TunnelPort>> ports = to_ports(words);
  if (!ports) return ports.error();
  Result<std::optional<uint16_t>> mss = to_mss(words.mss);
  if (!mss) return mss.error();
  return Settings{.interfaces = std::move(*interfaces),
                  .vips = std::move(*vips),
                  .allowed = std::move(*allowed),
                  .locals = std::move(*locals),
                  .ports = std::move(*ports),
                  .mode = kModes.at(words.mode),
                  .mss = *mss};
}

void add_place(CLI::App& verb, Place& place) {
  verb.add_option("--instance", place.instance, "names the pins")
      ->capture_default_str()
      ->type_name("NAME")
      ->check(CLI::Validator(check_instance, ""));
  verb.add_option("--bpffs", place.bpffs, "the BPF file system to pin in")
      ->capture_default_str()
      ->type_name("DIR");
}

void add_run(CLI::App& run, Options& o, Words& words) {
  run.add_option("--interface", words.interfaces, "where tunnel packets come in")
      ->required()
      ->type_name("IF");
  run.add_option("--vip", words.vips, "what may be inside: the VIPs of this backend")
      ->required()
      ->type_name("ADDR");
  run.add_option("--allow", words.allowed, "who may send tunnel packets: the balancers, no more")
      ->required()
      ->type_name("PREFIX");
  run.add_option("--local", words.locals,
                 "where tunnels end [every address of this host but VIPs and loopback]")
      ->type_name("ADDR");
  run.add_option("--fou", words.fou, "UDP ports with IPv4 or IPv6 right behind; 0: none")
      ->capture_default_str()
      ->type_name("PORT");
  run.add_option("--gue", words.gue, "UDP ports with GUE, variants 0 and 1; 0: none")
      ->capture_default_str()
      ->type_name("PORT");
  run.add_option("--geneve", words.geneve, "UDP ports with Geneve; 0: none")
      ->capture_default_str()
      ->type_name("PORT");
  run.add_option("--mode", words.mode,
                 "where: native: XDP in the driver; generic: XDP anywhere, slowly; auto: native "
                 "where it can be, else generic; tc: tc ingress, where XDP cannot be")
      ->capture_default_str()
      ->type_name("MODE")
      ->check(CLI::IsMember(kModes).description(""));
  run.add_option("--mss", words.mss,
                 "lower the MSS that VIPs ask for: to a number, or auto: to what the MTU leaves "
                 "beside the largest tunnel")
      ->capture_default_str()
      ->type_name("off|auto|N");
  run.add_flag("--verbose", o.verbose, "log what is done, not only what happens");
  add_place(run, o.place);
}

int complain(const std::string& what) {
  fmt::print(stderr, "sluice-agent: {}\nRun with --help for more information.\n", what);
  return kUsage;
}

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options o;
  Words words;
  CLI::App app(
      "sluice-agent: takes the balancer's packets for the VIPs out of their IPIP, GRE, FOU, GUE or "
      "Geneve tunnel, at XDP or tc, before the kernel sees them.");
  app.set_version_flag("--version", SLUICE_VERSION);
  app.require_subcommand(0, 1);
  CLI::App* run = app.add_subcommand(
      "run", "attach, and follow the host's addresses until SIGTERM, which leaves it all in place");
  CLI::App* status = app.add_subcommand("status", "what is attached, and what it has counted");
  CLI::App* unload = app.add_subcommand("unload", "detach, and remove everything that is pinned");
  add_run(*run, o, words);
  status->add_option("-o,--output", words.output, "table or json")
      ->capture_default_str()
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}).description(""));
  add_place(*status, o.place);
  add_place(*unload, o.place);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    return complain(printable(e.what()));
  }
  if (app.get_subcommands().empty()) return complain("say what to do: run, status or unload");
  if (status->parsed()) o.verb = Options::Verb::kStatus;
  if (unload->parsed()) o.verb = Options::Verb::kUnload;
  o.json = words.output == "json";
  if (o.verb != Options::Verb::kRun) return o;
  Result<Settings> settings = understand(words);
  if (!settings) return complain(settings.error().message);
  o.settings = std::move(*settings);
  return o;
}

}  // namespace sluice::agent

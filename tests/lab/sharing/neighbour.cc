// SPDX-License-Identifier: Apache-2.0
#include "lab/sharing/neighbour.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "base/unique_fd.h"
#include "netns/link.h"
#include "netns/process.h"

namespace sluice::netns {
namespace {

constexpr char kLoader[] = "/usr/sbin/xdp-loader";
constexpr char kName[] = "neighbour";

Result<std::string> loader(const Host& host, std::vector<std::string> arguments) {
  std::vector<std::string> argv = {"/usr/bin/env", "LIBXDP_BPFFS=" + host.lab().bpffs(), kLoader};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const Result<Exit> exit = run_program(host, argv, milliseconds(30000));
  if (!exit) return exit.error();
  if (exit->status != 0)
    return Error{
        fmt::format("xdp-loader {}: status {}: {}", arguments.front(), exit->status, exit->output)};
  return exit->output;
}

std::string pin_of(const Host& host, unsigned priority) {
  return fmt::format("{}/neighbour-{}", host.lab().bpffs(), priority);
}

// One line of the table that `xdp-loader status` prints below a dispatcher:
// " =>              50     sluice_ingress             123   0123456789abcdef  XDP_PASS"
bool parse(const std::string& line, Listed& out) {
  std::istringstream words(line);
  std::string arrow, tag;
  if (!(words >> arrow >> out.priority >> out.name >> out.id >> tag) || arrow != "=>") return false;
  words >> out.continue_after;
  return true;
}

}  // namespace

Result<std::vector<Listed>> list_dispatched(const Host& host, const std::string& device) {
  const Result<std::string> table = loader(host, {"status", device});
  if (!table) return table.error();
  std::vector<Listed> out;
  std::istringstream lines(*table);
  for (std::string line; std::getline(lines, line);)
    if (Listed program; parse(line, program)) out.push_back(std::move(program));
  return out;
}

Result<Neighbour> Neighbour::load(const Host& host, const std::string& device, unsigned priority) {
  const std::string pin = pin_of(host, priority);
  if (::mkdir(pin.c_str(), 0700) != 0) return errno_error("make " + pin);
  const Result<std::string> loaded = loader(
      host,
      {"load", "--pin-path", pin, "--prio", std::to_string(priority), device, NEIGHBOUR_OBJECT});
  if (!loaded) return loaded.error();
  const Result<std::vector<Listed>> programs = list_dispatched(host, device);
  if (!programs) return programs.error();
  for (const Listed& p : *programs)
    if (p.name == kName && p.priority == priority) return Neighbour(host, device, pin, p.id);
  return Error{"no dispatcher calls the program that xdp-loader has loaded: " + *loaded};
}

Result<void> try_sharing(Host& host) {
  constexpr unsigned kPriority = 99;
  constexpr char kProbe[] = "probe0";
  if (Result<void> r = host.netlink().add_veth({kProbe, Link::mac(99, 1)},
                                               {"probe1", Link::mac(99, 2)}, host.fd(), 1500);
      !r)
    return r;
  const Result<Neighbour> neighbour = Neighbour::load(host, kProbe, kPriority);
  Result<void> r = neighbour
                       ? neighbour->unload()
                       : Result<void>(Error{"on this kernel xdp-loader attaches alone, too: " +
                                            neighbour.error().message});
  std::error_code none;
  std::filesystem::remove_all(pin_of(host, kPriority), none);
  const Result<void> gone = host.netlink().delete_link(kProbe);
  return r ? gone : r;
}

Result<uint64_t> Neighbour::seen() const {
  const UniqueFd map(bpf_obj_get((pin_ + "/seen").c_str()));
  if (!map.valid()) return errno_error("open " + pin_ + "/seen");
  const uint32_t zero = 0;
  uint64_t packets = 0;
  if (bpf_map_lookup_elem(map.get(), &zero, &packets) != 0) return errno_error("read a counter");
  return packets;
}

Result<void> Neighbour::unload() const {
  const Result<std::string> done = loader(*host_, {"unload", device_, "--id", std::to_string(id_)});
  return done ? Result<void>() : done.error();
}

}  // namespace sluice::netns

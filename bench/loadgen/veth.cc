// SPDX-License-Identifier: Apache-2.0
// bench-loadgen-veth: how many packets bench-loadgen itself sends and checks on this machine, over
// a veth pair whose other end sends everything back.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "netns/host.h"
#include "netns/lab.h"
#include "netns/link.h"
#include "netns/xdp.h"
#include "reflect.skel.h"

namespace sluice::loadgen {

namespace {

using netns::Host;
using netns::Lab;
using netns::Link;

constexpr char kDevice[] = "eth0";
constexpr unsigned kLink = 1;

struct Options {
  std::string driver = "af_xdp";
  std::vector<std::string> rest;  // for bench-loadgen
};

struct Network {
  std::unique_ptr<Lab> lab;
  std::unique_ptr<Host> generator, reflector;
  std::unique_ptr<Link> link;
  std::unique_ptr<reflect, void (*)(reflect*)> program = {nullptr, reflect::destroy};
  UniqueFd attached;
};

Result<Network> make_network(const Options& options) {
  Network n;
  Result<std::unique_ptr<Lab>> lab = Lab::create();
  if (!lab) return lab.error();
  n.lab = std::move(*lab);
  for (auto [host, name] :
       {std::pair(&n.generator, "generator"), std::pair(&n.reflector, "reflector")}) {
    Result<std::unique_ptr<Host>> made = Host::create(*n.lab, name);
    if (!made) return made.error();
    *host = std::move(*made);
  }
  // Packet sockets need a program on our end, so that XDP_TX reaches it; an XDP socket brings one.
  Result<std::unique_ptr<Link>> link = Link::connect(
      {.host = n.generator.get(),
       .device = kDevice,
       .addresses = {},
       .xdp_pass = options.driver == "af_packet"},
      {.host = n.reflector.get(), .device = kDevice, .addresses = {}}, {.number = kLink});
  if (!link) return link.error();
  n.link = std::move(*link);
  n.program.reset(reflect::open_and_load());
  if (!n.program) return errno_error("load the program that reflects");
  Result<UniqueFd> attached =
      netns::attach_xdp(*n.reflector, kDevice, bpf_program__fd(n.program->progs.reflect));
  if (!attached) return attached.error();
  n.attached = std::move(*attached);
  return n;
}

std::vector<std::string> command_of(const Options& options) {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::vector<std::string> argv = {here / "bench-loadgen"};
  for (const std::string& word :
       {std::string("--tx"), fmt::format("{}:{}", options.driver, kDevice), std::string("--to"),
        Link::mac(kLink, 2).to_string(), std::string("--vip"), std::string("192.0.2.10:443")})
    argv.push_back(word);
  argv.insert(argv.end(), options.rest.begin(), options.rest.end());
  return argv;
}

// In the generator's namespace, with our terminal. Returns its status.
Result<int> run(const Options& options) {
  Result<Network> network = make_network(options);
  if (!network) return network.error();
  if (Result<void> r = network->generator->enter(); !r) return r.error();
  std::vector<std::string> argv = command_of(options);
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t pid = -1;
  if (const int r = posix_spawn(&pid, pointers[0], nullptr, nullptr, pointers.data(), environ);
      r != 0)
    return errno_error("start " + argv[0], -r);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int parse_and_run(int argc, char** argv) {
  Options options;
  CLI::App app("Runs bench-loadgen over a veth pair whose other end sends everything back.",
               "bench-loadgen-veth");
  app.add_option("--driver", options.driver, "af_xdp (default) or af_packet")
      ->type_name("DRIVER")
      ->check(CLI::IsMember({"af_xdp", "af_packet"}).description(""));
  app.add_option("arguments", options.rest, "for bench-loadgen, behind --");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Result<int> status = run(options);
  if (status) return *status;
  fmt::print(stderr, "bench-loadgen-veth: {}\n", status.error().message);
  return 1;
}

}  // namespace

}  // namespace sluice::loadgen

int main(int argc, char** argv) {
  return sluice::loadgen::parse_and_run(argc, argv);
}

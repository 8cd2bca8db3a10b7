// SPDX-License-Identifier: Apache-2.0
#include "network/two_hosts.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace sluice {

namespace {

UniqueFd current_namespace() {
  return UniqueFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

void run(const std::string& commands) {
  EXPECT_EQ(std::system(("set -e\n" + commands).c_str()), 0) << commands;
}

std::string path_of(const UniqueFd& fd) {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd.get());
}

}  // namespace

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

MacAddress mac(const char* text) {
  return MacAddress::parse(text).value();
}

void TwoHosts::SetUp() {
  home_ = current_namespace();
  if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root: cannot make a network namespace";
  peer_ = current_namespace();
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  host_ = current_namespace();
  sh("ip link set lo up\n"
     "ip link add v0 address 02:00:00:00:00:01 type veth"
     " peer name v1 address 02:00:00:00:00:02 netns " +
     path_of(peer_) +
     "\nip link set v0 addrgenmode none up\n"
     "ip addr add 192.0.2.1/24 dev v0\n"
     "ip addr add 2001:db8::1/64 dev v0 nodad\n"
     "ip addr add fe80::1/64 dev v0 nodad\n");
  peer_sh(
      "ip link set lo up\n"
      "ip link set v1 addrgenmode none up\n"
      "ip addr add 192.0.2.2/24 dev v1\n"
      "ip addr add 2001:db8::2/64 dev v1 nodad\n");
  ASSERT_FALSE(HasFailure()) << "the lab could not be built";
  Result<Resolver> resolver = Resolver::create();
  ASSERT_TRUE(resolver) << resolver.error().message;
  resolver_.emplace(std::move(*resolver));
}

void TwoHosts::TearDown() {
  resolver_.reset();
  if (home_.valid()) setns(home_.get(), CLONE_NEWNET);
}

void TwoHosts::sh(const std::string& commands) {
  run(commands);
}

void TwoHosts::peer_sh(const std::string& commands) {
  ASSERT_EQ(setns(peer_.get(), CLONE_NEWNET), 0);
  run(commands);
  ASSERT_EQ(setns(host_.get(), CLONE_NEWNET), 0);
}

Resolution TwoHosts::resolve(const std::vector<const char*>& backends, const FixedNextHops& fixed) {
  std::vector<IpAddress> addresses;
  for (const char* backend : backends) addresses.push_back(ip(backend));
  Result<Resolution> resolution = resolver_->resolve(addresses, fixed);
  EXPECT_TRUE(resolution) << resolution.error().message;
  return resolution.value_or(Resolution());
}

std::string TwoHosts::reason(const char* backend) {
  const Resolution resolution = resolve({backend});
  EXPECT_EQ(resolution.found.size() + resolution.missing.size(), 1u);
  return resolution.missing.empty() ? "" : resolution.missing.at(ip(backend));
}

NextHop TwoHosts::resolve_until_found(const char* backend) {
  Watch watch;
  Resolution last;
  EXPECT_TRUE(watch.until([&] {
    last = resolve({backend});
    return !last.found.empty();
  })) << last.missing[ip(backend)];
  return last.found[ip(backend)];
}

std::string TwoHosts::neighbour(const char* address) {
  const std::string command = std::string("ip neigh show ") + address + " dev v0";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  char line[256] = "";
  return pipe && std::fgets(line, sizeof line, pipe.get()) ? line : "";
}

uint32_t TwoHosts::ifindex(const char* name) {
  return if_nametoindex(name);
}

NextHop TwoHosts::via_v0(const char* destination, const char* source) {
  return {.ifindex = ifindex("v0"),
          .interface = "v0",
          .source = mac("02:00:00:00:00:01"),
          .destination = mac(destination),
          .preferred_source = ip(source),
          .mtu = 1500};
}

NextHop TwoHosts::via_gateway(const char* destination, const char* source) {
  NextHop hop = via_v0(destination, source);
  hop.on_link = false;
  return hop;
}

Watch::Watch(size_t receive_buffer) {
  Result<EventLoop> loop = EventLoop::create();
  EXPECT_TRUE(loop) << loop.error().message;
  loop_.emplace(std::move(*loop));
  const Monitor::OnChange on_change = [this](bool overrun) {
    ++calls;
    overruns += overrun;
    found_ = done_();
    if (found_) loop_->stop();
  };
  Result<Monitor> monitor = Monitor::create(*loop_, on_change, receive_buffer);
  EXPECT_TRUE(monitor) << monitor.error().message;
  monitor_.emplace(std::move(*monitor));
}

bool Watch::until(const std::function<bool()>& done, std::chrono::milliseconds deadline) {
  done_ = done;
  if (done_()) return true;
  Result<EventLoop::Source> timer = loop_->after(deadline, [this] { loop_->stop(); });
  EXPECT_TRUE(timer) << timer.error().message;
  EXPECT_TRUE(loop_->run());
  return found_;
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "netns/host.h"

#include <fcntl.h>
#include <sched.h>

#include <filesystem>
#include <utility>

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;

// "default" is what later links start from; "all" is combined with each link's own.
constexpr std::pair<const char*, const char*> kSettings[] = {
    {"net/ipv4/conf/all/rp_filter", "0"},
    {"net/ipv4/conf/default/rp_filter", "0"},
    {"net/ipv4/conf/all/arp_ignore", "1"},
    {"net/ipv4/conf/all/arp_announce", "2"},
    {"net/ipv4/ip_local_port_range", "1024 65535"},
    {"net/ipv4/tcp_tw_reuse", "1"},
    {"net/ipv6/conf/all/disable_ipv6", "0"},
    {"net/ipv6/conf/default/disable_ipv6", "0"},
    {"net/ipv6/conf/default/accept_dad", "0"},
    {"net/ipv6/conf/default/dad_transmits", "0"},
    {"net/ipv6/conf/default/accept_ra", "0"},
    {"net/ipv6/conf/default/router_solicitations", "0"},
};

Result<UniqueFd> new_namespace() {
  Result<UniqueFd> made = Error{"make a network namespace"};
  std::thread([&] {
    if (unshare(CLONE_NEWNET) < 0) {
      made = errno_error("make a network namespace (needs root)");
      return;
    }
    UniqueFd fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (fd.valid())
      made = std::move(fd);
    else
      made = errno_error("open the new network namespace");
  }).join();
  return made;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return errno_error("open " + path);
  if (write(fd.get(), text.data(), text.size()) < 0)
    return errno_error("write \"" + text + "\" to " + path);
  return {};
}

// A symbolic link, not a bind mount: it must be seen outside our mount namespace, and cannot keep
// the namespace alive when we are gone.
Result<void> publish(const std::string& target, const std::string& name) {
  std::error_code failed;
  fs::create_directories(kNamesDirectory, failed);
  if (!failed) fs::create_symlink(target, name, failed);
  if (failed) return Error{"make " + name + ": " + failed.message()};
  return {};
}

}  // namespace

Result<std::unique_ptr<Host>> Host::create(const Lab& lab, const std::string& name) {
  Result<UniqueFd> fd = new_namespace();
  if (!fd) return fd.error();
  std::unique_ptr<Host> host(new Host(lab, name));
  host->namespace_ = std::move(*fd);
  if (Result<void> r = host->run([&] { return host->prepare(); }); !r)
    return Error{"prepare host " + name + ": " + r.error().message};
  if (lab.named()) {
    const std::string held =
        "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(host->fd());
    if (Result<void> r = publish(held, host->path()); !r) return r.error();
  }
  return host;
}

Host::~Host() {
  std::error_code ignored;
  if (lab_.named()) fs::remove(path(), ignored);
}

std::string Host::path() const {
  return std::string(kNamesDirectory) + "/" + lab_.name() + "-" + name_;
}

Result<void> Host::prepare() {
  Result<Netlink> netlink = Netlink::open();
  if (!netlink) return netlink.error();
  netlink_ = std::make_unique<Netlink>(std::move(*netlink));
  for (const auto& [key, value] : kSettings)
    if (Result<void> r = write_file(std::string("/proc/sys/") + key, value); !r) return r;
  return netlink_->set_up("lo");
}

Result<void> Host::enter() const {
  if (setns(fd(), CLONE_NEWNET) < 0) return errno_error("enter host " + name_);
  return {};
}

Result<void> Host::sysctl(const std::string& key, const std::string& value) const {
  return run([&] { return write_file("/proc/sys/" + key, value); });
}

Result<void> Host::forward() const {
  if (Result<void> r = sysctl("net/ipv4/ip_forward", "1"); !r) return r;
  return sysctl("net/ipv6/conf/all/forwarding", "1");
}

}  // namespace sluice::netns

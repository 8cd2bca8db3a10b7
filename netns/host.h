// SPDX-License-Identifier: Apache-2.0
// A host of the lab: a network namespace that lives exactly as long as its object.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <type_traits>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/lab.h"
#include "netns/netlink.h"

namespace sluice::netns {

// Its loopback is up, it has no other device, it filters nothing and detects no duplicate
// addresses. It is not a router until forward() says so.
class Host {
 public:
  // `lab` must outlive the host.
  static Result<std::unique_ptr<Host>> create(const Lab& lab, const std::string& name);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  const Lab& lab() const { return lab_; }
  const std::string& name() const { return name_; }
  int fd() const { return namespace_.get(); }  // for setns(2)
  Netlink& netlink() { return *netlink_; }
  // What to give `nsenter --net=`.
  std::string path() const;

  // Calls `f`, which returns a Result, on a thread inside the host. Sockets made there stay there.
  template <class F>
  std::invoke_result_t<F> run(F f) const {
    std::invoke_result_t<F> result = Error{"nothing ran in " + name_};
    std::thread([&] {
      if (Result<void> entered = enter(); entered)
        result = f();
      else
        result = entered.error();
    }).join();
    return result;
  }
  // Moves the calling thread into the host, for good.
  Result<void> enter() const;
  // `key` as in sysctl(8), with slashes: "net/ipv4/ip_forward".
  Result<void> sysctl(const std::string& key, const std::string& value) const;
  // Makes it a router of both families.
  Result<void> forward() const;

 private:
  Host(const Lab& lab, const std::string& name) : lab_(lab), name_(name) {}
  Result<void> prepare();

  const Lab& lab_;
  std::string name_;
  UniqueFd namespace_;
  std::unique_ptr<Netlink> netlink_;
};

}  // namespace sluice::netns

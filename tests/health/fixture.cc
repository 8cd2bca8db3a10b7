// SPDX-License-Identifier: Apache-2.0
#include "health/fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "health/probe/socket.h"

namespace sluice::health {

Way way(const std::string& address, uint16_t port) {
  Way out;
  out.address = IpAddress::parse(address).value();
  out.port = port;
  return out;
}

void Asker::begin(const Check& check, const Way& way) {
  const size_t number = outcomes_.size();
  outcomes_.emplace_back();
  probes_.emplace_back();
  starting_ = true;
  probes_[number] = start_probe(*probers_, check, way, [this, number](Outcome outcome) {
    EXPECT_FALSE(starting_) << "an outcome from within start_probe()";
    EXPECT_FALSE(outcomes_[number]) << "a second outcome";
    outcomes_[number] = std::move(outcome);
    probes_[number].reset();
    if (until_all_have_ended_ && all_have_ended()) loop_.stop();
  });
  starting_ = false;
}

bool Asker::all_have_ended() const {
  return std::all_of(outcomes_.begin(), outcomes_.end(),
                     [](const std::optional<Outcome>& o) { return o.has_value(); });
}

void Asker::run(milliseconds patience) {
  until_all_have_ended_ = true;
  run_for(patience);
  EXPECT_TRUE(all_have_ended());
}

void Asker::run_for(milliseconds time) {
  Result<EventLoop::Source> end = loop_.after(time, [this] { loop_.stop(); });
  EXPECT_TRUE(end);
  EXPECT_TRUE(loop_.run());
}

Outcome ask(const Check& check, const Way& way) {
  Asker asker;
  asker.begin(check, way);
  asker.run();
  return asker.outcomes()[0].value_or(Outcome{.text = "no outcome"});
}

void in_new_namespace(const std::function<void()>& f) {
  std::thread([&] {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "this needs root";
    shell("ip link set lo up");
    f();
  }).join();
}

void shell(const std::string& command) {
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

void set_sysctl(const std::string& key, const std::string& value) {
  std::ofstream file("/proc/sys/" + key);
  EXPECT_TRUE(file << value << std::flush) << key;
}

NoDescriptors::NoDescriptors() {
  rlimit limit = {};
  EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  before_ = limit.rlim_cur;
  limit.rlim_cur = 0;
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

NoDescriptors::~NoDescriptors() {
  rlimit limit = {};
  EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = before_;
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

BoundSocket::BoundSocket(int type, const std::string& address) : way(health::way(address)) {
  fd = UniqueFd(socket(way.address.family(), type | SOCK_CLOEXEC, 0));
  const SocketAddress at = socket_address(way.address, 0);
  EXPECT_EQ(bind(fd.get(), at.get(), at.size), 0);
  SocketAddress bound;
  bound.size = sizeof bound.storage;
  EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size), 0);
  way.port = ntohs(reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
}

}  // namespace sluice::health

// SPDX-License-Identifier: Apache-2.0
#include "health/neighbour.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "health/fixture.h"

namespace sluice::health {

Neighbour::Neighbour() {
  std::promise<pid_t> started;
  thread_ = std::thread([&] {
    EXPECT_EQ(unshare(CLONE_NEWNET), 0);
    started.set_value(pid_t(syscall(SYS_gettid)));
    finish_.get_future().wait();
  });
  id_ = std::to_string(started.get_future().get());
}

Neighbour::~Neighbour() {
  finish_.set_value();
  thread_.join();
}

void Neighbour::run(const std::string& command) const {
  shell("nsenter --net=/proc/" + id_ + "/ns/net " + command);
}

}  // namespace sluice::health

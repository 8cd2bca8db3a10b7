// SPDX-License-Identifier: Apache-2.0
// Another network namespace, that stays until it is destroyed.
#pragma once

#include <future>
#include <string>
#include <thread>

namespace sluice::health {

class Neighbour {
 public:
  Neighbour();
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  ~Neighbour();

  const std::string& id() const { return id_; }  // for `ip link ... netns`
  // Runs a program of a few words in it; fails the test if it fails.
  void run(const std::string& command) const;

 private:
  std::promise<void> finish_;
  std::thread thread_;
  std::string id_;
};

}  // namespace sluice::health

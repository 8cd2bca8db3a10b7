// SPDX-License-Identifier: Apache-2.0
// Runs sluicectl as a process, and holds what it wrote.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "api/fixture.h"

namespace sluice::api {

struct Outcome {
  int status;
  std::string out, err;
};

struct CliTest : ::testing::Test {
  TemporaryFolder folder;
  std::string socket = folder.path("api.sock");

  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder.path(name)).rdbuf();
    return text.str();
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path(name)) << text;
    return folder.path(name);
  }
  // `arguments` as a shell would take them.
  Outcome run(const std::string& arguments) const {
    const std::string command = std::string(SLUICECTL) + " --socket " + socket + " --bpffs " +
                                folder.path("bpf") + " " + arguments + " > " + folder.path("out") +
                                " 2> " + folder.path("err") + " < /dev/null";
    const int status = std::system(command.c_str());
    EXPECT_TRUE(WIFEXITED(status)) << command;
    return {WEXITSTATUS(status), read("out"), read("err")};
  }
};

}  // namespace sluice::api

// SPDX-License-Identifier: Apache-2.0
#include "compare/tool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "netns/process.h"

namespace sluice::bench {

std::optional<std::string> find_tool(const std::string& name) {
  for (const char* directory : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"})
    if (const std::string path = directory + name; ::access(path.c_str(), X_OK) == 0) return path;
  return {};
}

std::string beside_this_program(const std::string& name) {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/exe", failed).parent_path() / name;
}

Result<void> run_tool(const netns::Host& host, const std::string& name,
                      const std::vector<std::string>& arguments) {
  const std::optional<std::string> path = find_tool(name);
  if (!path) return Error{name + " is not installed"};
  std::vector<std::string> argv = {*path};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const Result<netns::Exit> exit = netns::run_program(host, argv);
  if (!exit) return exit.error();
  if (exit->status != 0)
    return Error{
        fmt::format("{} fails: {}", name, exit->output.substr(0, exit->output.find('\n')))};
  return {};
}

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#include "compare/machine.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "compare/tool.h"

namespace sluice::bench {

namespace {

// What follows `key` and `separator` in a file of such lines.
std::string value_in(const std::string& file, const std::string& key, char separator) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find(separator);
    if (!line.starts_with(key) || at == line.npos) continue;
    const size_t begin = line.find_first_not_of(" \t\"", at + 1);
    const size_t end = line.find_last_not_of(" \t\"");
    return begin == line.npos ? "unknown" : line.substr(begin, end - begin + 1);
  }
  return "unknown";
}

// The first line of what a program says to `arguments`.
std::string first_line(const std::string& command) {
  struct Close {
    void operator()(FILE* f) const { ::pclose(f); }
  };
  const std::unique_ptr<FILE, Close> out(::popen((command + " 2>/dev/null").c_str(), "re"));
  char line[256] = {};
  if (!out || !std::fgets(line, sizeof(line), out.get())) return {};
  const std::string text = line;
  return text.substr(0, text.find_last_not_of(" \n") + 1);
}

std::string kernel() {
  utsname name = {};
  if (::uname(&name) != 0) return "unknown";
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

}  // namespace

Machine this_machine() {
  Machine m = {.processor = value_in("/proc/cpuinfo", "model name", ':'),
               .kernel = kernel(),
               .system = value_in("/etc/os-release", "PRETTY_NAME", '='),
               .version = SLUICE_VERSION,
               .cpus = unsigned(::sysconf(_SC_NPROCESSORS_ONLN)),
               .memory = uint64_t(::sysconf(_SC_PHYS_PAGES)) * uint64_t(::sysconf(_SC_PAGESIZE))};
  for (const char* tool : {"nft", "ipvsadm"})
    if (const std::optional<std::string> path = find_tool(tool))
      if (const std::string version = first_line(*path + " --version"); !version.empty())
        m.tools.push_back(version);
  double loads[1] = {};
  if (::getloadavg(loads, 1) == 1) m.load = loads[0];
  return m;
}

}  // namespace sluice::bench

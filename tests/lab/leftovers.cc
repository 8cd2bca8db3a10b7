// SPDX-License-Identifier: Apache-2.0
#include "lab/leftovers.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;

std::string target(const fs::path& link) {
  std::error_code ignored;
  return fs::read_symlink(link, ignored);
}

bool is_zombie(const fs::path& process) {
  std::ifstream file(process / "stat");
  std::string stat;
  std::getline(file, stat);
  const size_t name_end = stat.rfind(')');
  return name_end != stat.npos && stat.substr(name_end, 3) == ") Z";
}

// Who holds one of `namespaces`: by living in it, or by an open file.
std::string holders(const fs::path& process, const std::vector<std::string>& namespaces) {
  std::string lines;
  const auto note = [&](const fs::path& link) {
    if (const std::string to = target(link); std::ranges::count(namespaces, to))
      lines += fmt::format("{} is {}\n", link.string(), to);
  };
  std::error_code ignored;
  note(process / "ns/net");
  for (const fs::directory_entry& fd : fs::directory_iterator(process / "fd", ignored)) note(fd);
  return lines;
}

std::string mounts(const fs::path& process, const std::string& directory) {
  std::ifstream file(process / "mountinfo");
  for (std::string line; std::getline(file, line);)
    if (line.find(directory) != line.npos)
      return fmt::format("{} has the mount {}\n", process.string(), line);
  return "";
}

}  // namespace

Traces traces_of(const Lab& lab, Topology& topology, const std::vector<pid_t>& processes) {
  Traces traces = {.name = lab.name(), .directory = lab.directory(), .processes = processes};
  for (Host* host : topology.hosts())
    traces.namespaces.push_back(target(fmt::format("/proc/self/fd/{}", host->fd())));
  return traces;
}

std::string to_text(const Traces& traces) {
  std::string text =
      traces.name + " " + traces.directory + " " + std::to_string(traces.processes.size());
  for (const pid_t pid : traces.processes) text += " " + std::to_string(pid);
  for (const std::string& ns : traces.namespaces) text += " " + ns;
  return text;
}

Traces from_text(const std::string& text) {
  Traces traces;
  std::istringstream in(text);
  size_t processes = 0;
  in >> traces.name >> traces.directory >> processes;
  traces.processes.resize(processes);
  for (pid_t& pid : traces.processes) in >> pid;
  for (std::string ns; in >> ns;) traces.namespaces.push_back(ns);
  return traces;
}

std::string leftovers(const Traces& traces) {
  std::string lines;
  if (fs::exists(traces.directory)) lines += traces.directory + " exists\n";
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(kNamesDirectory, ignored))
    if (entry.path().filename().string().starts_with(traces.name))
      lines += entry.path().string() + " exists\n";
  for (const pid_t pid : traces.processes)
    if (const fs::path process = fmt::format("/proc/{}", pid);
        fs::exists(process) && !is_zombie(process))
      lines += fmt::format("process {} runs\n", pid);
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    lines += holders(entry, traces.namespaces) + mounts(entry, traces.directory);
  }
  return lines;
}

}  // namespace sluice::netns

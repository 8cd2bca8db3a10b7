// SPDX-License-Identifier: Apache-2.0
#include "netns/kernel_counters.h"

#include <fstream>
#include <sstream>

namespace sluice::netns {
namespace {

// Two lines for each protocol, "Icmp: InMsgs InErrors" and "Icmp: 12 0". Some counters are signed.
Result<void> read_tables(const std::string& path, KernelCounters& counters) {
  std::ifstream file(path);
  std::string names, values;
  while (std::getline(file, names) && std::getline(file, values)) {
    std::istringstream name_words(names), value_words(values);
    std::string protocol, name;
    int64_t value = 0;
    name_words >> protocol;
    value_words >> protocol;
    protocol.pop_back();
    while (name_words >> name && value_words >> value) counters[protocol + name] = uint64_t(value);
  }
  if (!file.eof()) return errno_error("read " + path);
  return {};
}

// One name and value a line.
Result<void> read_list(const std::string& path, KernelCounters& counters) {
  std::ifstream file(path);
  std::string name;
  uint64_t value = 0;
  while (file >> name >> value) counters[name] = value;
  if (!file.eof()) return errno_error("read " + path);
  return {};
}

}  // namespace

Result<KernelCounters> kernel_counters(const Host& host) {
  return host.run([]() -> Result<KernelCounters> {
    // Of this thread: /proc/net shows the namespace of the process's first one.
    const std::string directory = "/proc/thread-self/net/";
    KernelCounters counters;
    if (Result<void> r = read_tables(directory + "snmp", counters); !r) return r.error();
    if (Result<void> r = read_list(directory + "snmp6", counters); !r) return r.error();
    return counters;
  });
}

}  // namespace sluice::netns

// SPDX-License-Identifier: Apache-2.0
// Collects what libbpf prints while an object is loaded: the verifier's log ends there.
#pragma once

#include <bpf/libbpf.h>

#include <string>

namespace sluice {

// While it lives, libbpf's messages go here instead of standard error. One at a time, one thread.
class LoadLog {
 public:
  LoadLog() {
    text().clear();
    previous_ = libbpf_set_print(&LoadLog::collect);
  }
  ~LoadLog() { libbpf_set_print(previous_); }
  LoadLog(const LoadLog&) = delete;
  LoadLog& operator=(const LoadLog&) = delete;

  // The last lines, each on a line of its own and indented; empty if nothing was said.
  std::string tail() const;

 private:
  static int collect(libbpf_print_level level, const char* format, va_list arguments);
  static std::string& text();
  libbpf_print_fn_t previous_;
};

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
// Where in the kernel the walk of a packet begins.
#pragma once

#include "kernel/program.h"

namespace sluice {

enum class Hook {
  kXdp,  // the driver, or right behind it (native, generic)
  kTc,   // tc ingress: TCX or clsact
};

inline const char* to_string(Hook hook) {
  return hook == Hook::kXdp ? "XDP" : "tc";
}

// The program for each hook; -1: there is none. The descriptors belong to somebody else.
struct Programs {
  int xdp = -1, tc = -1;
  Reopen reopen_xdp = {};  // as Program::reopen

  int at(Hook hook) const { return hook == Hook::kXdp ? xdp : tc; }
  Program program(Hook hook) const {
    return hook == Hook::kXdp ? Program{xdp, reopen_xdp} : Program{tc};
  }
};

}  // namespace sluice

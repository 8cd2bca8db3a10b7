// SPDX-License-Identifier: Apache-2.0
// A program to attach.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

struct bpf_object;

namespace sluice {

// An XDP program that is not loaded yet, on maps that are.
struct OpenedProgram {
  std::shared_ptr<bpf_object> object;
  std::string name;
};
using Reopen = std::function<Result<OpenedProgram>()>;

struct Program {
  int fd = -1;  // somebody else's
  // The same program once more: a dispatcher needs it loaded as another type. Empty: nobody knows
  // how. Only to be called while whoever made it is there.
  Reopen reopen = {};
};

}  // namespace sluice

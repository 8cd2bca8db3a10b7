// SPDX-License-Identifier: Apache-2.0
// A program as an extension (BPF_PROG_TYPE_EXT), which is how libxdp's dispatcher calls others.
#pragma once

#include "base/result.h"
#include "kernel/program.h"

namespace sluice {

// Whether this kernel takes the program as one, and why not: found out by loading it, so that
// nothing has to be detached to find out. It takes as long as to load the program.
Result<void> check_extension(const Reopen& reopen);

}  // namespace sluice

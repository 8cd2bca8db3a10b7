// SPDX-License-Identifier: Apache-2.0
// Reads a sealed text from a folder in which anything may lie.
#pragma once

#include <string>

#include "base/result.h"
#include "daemon/sealed_text.h"

namespace sluice {

// Follows no link, waits for no pipe, and reads no more than `largest` bytes. Where there is no
// such file, the Error's code is ENOENT; where there is one that is none of ours, it is 0.
Result<SealedText> read_sealed(const std::string& path, size_t largest);

}  // namespace sluice

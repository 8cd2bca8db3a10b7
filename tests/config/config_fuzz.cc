// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any bytes whatever are answered, by a Config or by errors, never by both or neither.
#include <cstdint>
#include <cstdlib>

#include "config/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const sluice::Reading reading = sluice::read_config(text, "fuzz.yaml");
  if (reading.config.has_value() != reading.errors.empty()) abort();
  for (const sluice::Diagnostic& d : reading.errors)
    if (d.line < 1 || d.column < 1 || d.message.empty()) abort();
  if (reading.config && (reading.config->interfaces.empty() || reading.config->seed.empty()))
    abort();
  return 0;
}

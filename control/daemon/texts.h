// SPDX-License-Identifier: Apache-2.0
// Values of a configuration in the words of its file.
#pragma once

#include <string>

#include "model/config.h"

namespace sluice {

std::string text_of(const PortRange& ports);
const char* text_of(Tracking tracking);
const char* text_of(HashFields fields);
const char* text_of(EmptyPolicy policy);
const char* text_of(XdpVerdict verdict);
const char* text_of(AttachMode mode);

}  // namespace sluice

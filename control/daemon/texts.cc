// SPDX-License-Identifier: Apache-2.0
#include "daemon/texts.h"

#include <fmt/format.h>
#include <netinet/in.h>

namespace sluice {

std::string text_of(const PortRange& ports) {
  const char* protocol = ports.protocol == 0             ? "any"
                         : ports.protocol == IPPROTO_TCP ? "tcp"
                                                         : "udp";
  if (ports.is_any()) return fmt::format("any/{}", protocol);
  if (ports.is_one()) return fmt::format("{}/{}", ports.first, protocol);
  return fmt::format("{}-{}/{}", ports.first, ports.last, protocol);
}

const char* text_of(Tracking tracking) {
  switch (tracking) {
    case Tracking::kAdaptive:
      return "adaptive";
    case Tracking::kAlways:
      return "always";
    case Tracking::kNever:
      return "never";
  }
  return "";
}

const char* text_of(HashFields fields) {
  switch (fields) {
    case HashFields::kFiveTuple:
      return "5-tuple";
    case HashFields::kSource:
      return "source";
    case HashFields::kSourceAndVip:
      return "source+vip";
  }
  return "";
}

const char* text_of(EmptyPolicy policy) {
  switch (policy) {
    case EmptyPolicy::kDrop:
      return "drop";
    case EmptyPolicy::kPass:
      return "pass";
    case EmptyPolicy::kReset:
      return "reset";
  }
  return "";
}

const char* text_of(XdpVerdict verdict) {
  switch (verdict) {
    case XdpVerdict::kAborted:
      return "aborted";
    case XdpVerdict::kDrop:
      return "drop";
    case XdpVerdict::kPass:
      return "pass";
  }
  return "";
}

const char* text_of(AttachMode mode) {
  switch (mode) {
    case AttachMode::kAuto:
      return "auto";
    case AttachMode::kNative:
      return "native";
    case AttachMode::kGeneric:
      return "generic";
    case AttachMode::kTc:
      return "tc";
    case AttachMode::kOffload:
      return "offload";
  }
  return "";
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
// What the API says about changes of the configuration: the documents of /v1/config.
//
// The same promises as in documents.h.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/documents.h"

namespace sluice::api {

#define SLUICE_DOCUMENT NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT

// What is wrong with a text that was sent, and where; 1-based, columns count bytes.
struct ConfigError {
  uint32_t line = 0;
  uint32_t column = 0;
  std::string message;

  bool operator==(const ConfigError&) const = default;
};
SLUICE_DOCUMENT(ConfigError, line, column, message)

// A T about a text that was sent, or every error in the text.
template <class T>
struct Checked {
  std::vector<ConfigError> errors;
  T document;  // means something only without errors
};

// A backend as a member of one service.
struct MemberChange {
  std::string backend;  // "pool/backend"
  std::string address;
  std::string change;          // "added", "removed", "weight" or "changed"
  uint32_t weight_before = 0;  // 0 where it was not
  uint32_t weight_after = 0;
  std::string detail;  // of "changed": what, for people

  bool operator==(const MemberChange&) const = default;
};
SLUICE_DOCUMENT(MemberChange, backend, address, change, weight_before, weight_after, detail)

// A value in the file. That of `seed` is never said.
struct SettingChange {
  std::string setting;
  std::string before;
  std::string after;

  bool operator==(const SettingChange&) const = default;
};
SLUICE_DOCUMENT(SettingChange, setting, before, after)

struct ServiceChange {
  std::string name;
  std::string change;  // "added", "removed" or "changed"
  double moved = 0;    // share of its slots, so of new flows, that go to another backend; 0 to 1
  std::vector<MemberChange> members;
  std::vector<SettingChange> settings;

  bool operator==(const ServiceChange&) const = default;
};
SLUICE_DOCUMENT(ServiceChange, name, change, moved, members, settings)

struct InterfaceChange {
  std::string name;
  std::string change;  // "attach", "detach" or "changed"
  std::vector<SettingChange> settings;

  bool operator==(const InterfaceChange&) const = default;
};
SLUICE_DOCUMENT(InterfaceChange, name, change, settings)

// POST /v1/config/diff: what a text would change if it were applied now.
struct ConfigDiff {
  uint64_t generation = 0;  // in force, and compared with
  bool changes = false;     // it means something else than the configuration in force
  bool text_changes = false;
  std::vector<ServiceChange> services;  // those that differ
  std::vector<InterfaceChange> interfaces;
  std::vector<SettingChange> settings;      // of all services
  uint64_t next_hops_changed = 0;           // members that get another MAC address in place
  uint64_t members_written = 0;             // members that are new, or have another tunnel or way
  std::vector<std::string> new_data_plane;  // why one is built beside the running one; empty: no
  std::vector<std::string> new_programs;  // why others are put on the same tables; empty: none are
  std::vector<Unusable> unresolved;  // backends whose next hop is not known yet; the shares suppose
                                     // that it will be
  std::vector<std::string> warnings;

  bool operator==(const ConfigDiff&) const = default;
};
SLUICE_DOCUMENT(ConfigDiff, generation, changes, text_changes, services, interfaces, settings,
                next_hops_changed, members_written, new_data_plane, new_programs, unresolved,
                warnings)

// POST /v1/config/apply and /v1/config/rollback
struct ConfigApplied {
  ConfigDiff diff;          // what it has changed; empty where a change that waited was undone
  uint64_t generation = 0;  // in force now
  double confirm_in = 0;    // seconds until it is undone unless it is confirmed; 0: it stays

  bool operator==(const ConfigApplied&) const = default;
};
SLUICE_DOCUMENT(ConfigApplied, diff, generation, confirm_in)

// A configuration that came into force. GET /v1/config/history is an array of these, newest first.
struct ConfigEntry {
  uint64_t number = 0;  // 0 is in force, 1 the one before
  std::string at;       // RFC 3339, UTC
  std::string by;       // "start", "file", "apply", "rollback" or "confirm-timeout"
  uint64_t generation = 0;
  std::string sha256;  // of the text, in hexadecimal
  uint64_t services = 0;
  uint64_t backends = 0;

  bool operator==(const ConfigEntry&) const = default;
};
SLUICE_DOCUMENT(ConfigEntry, number, at, by, generation, sha256, services, backends)

// GET /v1/config/history/N. The text has the seed in it.
struct ConfigText {
  ConfigEntry entry;
  std::string text;

  bool operator==(const ConfigText&) const = default;
};
SLUICE_DOCUMENT(ConfigText, entry, text)

#undef SLUICE_DOCUMENT

}  // namespace sluice::api

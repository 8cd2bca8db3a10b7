// SPDX-License-Identifier: Apache-2.0
// The values that saved states are made of, as JSON and back. What reads throws where it finds
// anything else; read_state() catches.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "base/ip_address.h"
#include "plan/slots.h"

namespace sluice::saved {

using Json = nlohmann::json;
using Bytes = std::vector<uint8_t>;

// Values of a fixed size, many of them.
template <class T>
Json rows(const std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T>);
  Bytes out(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(out.data(), values.data(), out.size());
  return Json::binary(std::move(out));
}

template <class T>
std::vector<T> rows_of(const Json& j) {
  static_assert(std::is_trivially_copyable_v<T>);
  const Bytes& bytes = j.get_binary();
  if (bytes.size() % sizeof(T) != 0) throw std::runtime_error("a part of a row");
  std::vector<T> out(bytes.size() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

template <class T>
Json slot_values(const SlotValues<T>& values) {
  return values.empty() ? Json() : Json{values.same(), rows(values.each())};
}

template <class T>
SlotValues<T> slot_values_of(const Json& j) {
  if (j.is_null()) return {};
  return SlotValues<T>(j.at(0).get<T>(), rows_of<T>(j.at(1)));
}

inline Json time_json(Time t) {
  return t.time_since_epoch().count();
}
inline Time time_of(const Json& j) {
  return Time(Time::duration(j.get<Time::rep>()));
}

// An address as rows have it.
inline IpAddress address_in(const uint8_t (&bytes)[16]) {
  IpAddress::Bytes out;
  std::ranges::copy(bytes, out.begin());
  return IpAddress(out);
}
inline IpPrefix prefix_of(const Json& j) {
  const auto p = IpPrefix::parse(j.get<std::string>());
  if (!p) throw std::runtime_error("no prefix");
  return *p;
}
// `last` is the enum's last value.
template <class Enum>
Enum checked(uint64_t value, Enum last) {
  if (value > uint64_t(last)) throw std::runtime_error("no such value");
  return Enum(value);
}
template <class Enum>
Enum enum_of(const Json& j, Enum last) {
  return checked(j.get<uint64_t>(), last);
}

}  // namespace sluice::saved

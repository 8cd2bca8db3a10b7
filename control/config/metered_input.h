// SPDX-License-Identifier: Apache-2.0
// Bounds what yaml-cpp may hold in memory between two events.
#pragma once

#include <algorithm>
#include <cstddef>
#include <streambuf>
#include <string_view>

namespace sluice {

// Thrown through yaml-cpp, which can be stopped in no other way; never leaves parse_tree().
struct StopParsing {
  enum Reason { kReported, kInputTooDense } reason;
};

// yaml-cpp tokenises a whole bracketed collection before it tells us about its first element, at
// up to 350 bytes a token: ten million "[" take 2.3 GB. Every token needs one of the characters
// below, so handing out only so many of them between two events bounds its memory whatever the
// text means.
class MeteredInput : public std::streambuf {
 public:
  static constexpr size_t kMaxBytesBetweenEvents = 4 << 20;
  static constexpr size_t kMaxMarksBetweenEvents = 384 << 10;

  explicit MeteredInput(std::string_view text) : rest_(text) {}

  void on_event() { bytes_ = marks_ = 0; }

 protected:
  int_type underflow() override {
    if (rest_.empty()) return traits_type::eof();
    const std::string_view chunk = rest_.substr(0, kChunk);
    rest_.remove_prefix(chunk.size());
    bytes_ += chunk.size();
    marks_ += size_t(std::count_if(chunk.begin(), chunk.end(), [](char c) {
      return std::string_view("[]{},:?-&*!\"'").find(c) != std::string_view::npos;
    }));
    if (bytes_ > kMaxBytesBetweenEvents || marks_ > kMaxMarksBetweenEvents)
      throw StopParsing{StopParsing::kInputTooDense};
    char* begin = const_cast<char*>(chunk.data());  // a get area is never written to
    setg(begin, begin, begin + chunk.size());
    return traits_type::to_int_type(*begin);
  }

 private:
  static constexpr size_t kChunk = 4096;
  std::string_view rest_;
  size_t bytes_ = 0, marks_ = 0;
};

}  // namespace sluice

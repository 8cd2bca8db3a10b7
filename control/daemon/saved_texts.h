// SPDX-License-Identifier: Apache-2.0
// The names in a saved state: each once, and rows of fixed size refer to it by its place.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/saved_values.h"

namespace sluice::saved {

class TextPlaces {
 public:
  // Rows that follow each other are mostly of one service.
  uint32_t place(const std::string& text) {
    if (last_ && last_->first == text) return last_->second;
    const auto [it, is_new] = places_.try_emplace(text, uint32_t(places_.size()));
    if (is_new) all_ += text + kEnd;
    last_ = &*it;
    return it->second;
  }
  Json json() const { return Json::binary({all_.begin(), all_.end()}); }

  static constexpr char kEnd = '\0';

 private:
  std::unordered_map<std::string, uint32_t> places_;
  const std::pair<const std::string, uint32_t>* last_ = nullptr;  // in places_
  std::string all_;
};

class Texts {
 public:
  explicit Texts(const Json& j) {
    std::string text;
    for (const uint8_t c : j.get_binary())
      if (char(c) != TextPlaces::kEnd)
        text += char(c);
      else
        texts_.push_back(std::exchange(text, {}));
    if (!text.empty()) throw std::runtime_error("a text without an end");
  }
  const std::string& at(uint32_t place) const { return texts_.at(place); }

 private:
  std::vector<std::string> texts_;
};

}  // namespace sluice::saved

// SPDX-License-Identifier: Apache-2.0
// The hint "did you mean": helps with misspellings, keeps quiet about other words. And words that
// stand in two lists stand in both.
#include "config/words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sluice {
namespace {

constexpr std::string_view kCandidates[] = {"backends", "address", "vip", "ports", "pool"};

std::string hint(std::string_view word) {
  return did_you_mean(word, kCandidates);
}

TEST(DidYouMean, FindsMisspellings) {
  EXPECT_EQ(hint("backend"), " (did you mean \"backends\"?)");
  EXPECT_EQ(hint("bakcends"), " (did you mean \"backends\"?)");
  EXPECT_EQ(hint("adress"), " (did you mean \"address\"?)");
  EXPECT_EQ(hint("vips"), " (did you mean \"vip\"?)");
  EXPECT_EQ(hint("Port"), " (did you mean \"ports\"?)");
  EXPECT_EQ(hint("VIP"), " (did you mean \"vip\"?)");
}

TEST(DidYouMean, PrefersTheClosest) {
  constexpr std::string_view kPools[] = {"web-10", "web-2", "web-1"};
  EXPECT_EQ(did_you_mean("web1", kPools), " (did you mean \"web-1\"?)");
}

TEST(DidYouMean, KeepsQuietAboutOtherWords) {
  EXPECT_EQ(hint(""), "");
  EXPECT_EQ(hint("x"), "");
  EXPECT_EQ(hint("upstream"), "");
  EXPECT_EQ(hint(std::string(100, 'p')), "");
  EXPECT_EQ(did_you_mean("web", {}), "");
}

bool has(std::span<const Word> words, std::string_view text) {
  return std::ranges::any_of(words,
                             [&](const Word& w) { return w.text == text && w.support == kNow; });
}

TEST(Words, EveryKindOfCheckIsAKeyOfChecks) {
  for (const Choice<CheckKind>& kind : kCheckKinds)
    EXPECT_TRUE(has(kCheckKeys, kind.text)) << kind.text;
}

TEST(Words, WhatPoolsSayOfHealthServicesMaySay) {
  for (const std::string_view key : kHealthKeys)
    EXPECT_TRUE(has(kPoolKeys, key) && has(kServiceKeys, key)) << key;
}

}  // namespace
}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "config/words.h"

#include <algorithm>
#include <numeric>

#include "config/diagnostic.h"

namespace sluice {

namespace {

constexpr size_t kLongestWord = 64;
constexpr size_t kMostCandidates = 1000;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

// How many insertions, deletions, replacements and swaps of neighbours make `b` of `a`, ignoring
// case (optimal string alignment). Both are at most kLongestWord long.
size_t distance(std::string_view a, std::string_view b) {
  size_t rows[3][kLongestWord + 1];  // the last three of the table
  size_t *before = rows[0], *above = rows[1], *row = rows[2];
  std::iota(above, above + b.size() + 1, size_t(0));
  for (size_t i = 1; i <= a.size(); i++) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min(std::min(above[j], row[j - 1]) + 1, above[j - 1] + (same ? 0 : 1));
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > kLongestWord) return "";
  size_t best = std::max<size_t>(1, word.size() / 3) + 1;  // further away is another word
  std::string_view found;
  for (std::string_view candidate :
       candidates.first(std::min(candidates.size(), kMostCandidates))) {
    const size_t longer = std::max(word.size(), candidate.size());
    const size_t shorter = std::min(word.size(), candidate.size());
    if (candidate.size() > kLongestWord || longer - shorter >= best) continue;
    const size_t d = distance(word, candidate);
    if (d >= best || d >= longer) continue;
    best = d;
    found = candidate;
  }
  return found.empty() ? "" : " (did you mean " + quoted(found) + "?)";
}

}  // namespace sluice

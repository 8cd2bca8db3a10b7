// SPDX-License-Identifier: Apache-2.0
#include "daemon/sealed_text.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstdlib>

namespace sluice {

namespace {

constexpr std::string_view kMagic = "sluice-config 1 ";

}  // namespace

std::string sha256(std::string_view text) {
  std::array<unsigned char, 32> digest;
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    std::abort();  // out of memory
  std::string out;
  for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

std::string seal(const SealedText& sealed) {
  const std::string rest = sealed.facts.dump() + "\n" + sealed.text;
  return std::string(kMagic) + sha256(rest) + "\n" + rest;
}

std::optional<SealedText> unseal(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return std::nullopt;
  bytes.remove_prefix(kMagic.size());
  const size_t end = bytes.find('\n');
  if (end == bytes.npos || sha256(bytes.substr(end + 1)) != bytes.substr(0, end))
    return std::nullopt;
  bytes.remove_prefix(end + 1);
  const size_t facts_end = bytes.find('\n');
  if (facts_end == bytes.npos) return std::nullopt;
  nlohmann::json facts = nlohmann::json::parse(bytes.substr(0, facts_end), nullptr,
                                               /*allow_exceptions=*/false);
  if (!facts.is_object()) return std::nullopt;
  return SealedText{std::move(facts), std::string(bytes.substr(facts_end + 1))};
}

}  // namespace sluice

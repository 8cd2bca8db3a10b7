// SPDX-License-Identifier: Apache-2.0
#include "daemon/beginning.h"

#include <fmt/format.h>

#include "base/log.h"
#include "config/reader.h"
#include "daemon/sealed_text.h"

namespace sluice {

namespace {

Result<Beginning> from_file(const std::string& file) {
  Result<std::string> text = read_config_text(file);
  if (!text) return text.error();
  Result<Config> config = valid_config(*text, file);
  if (!config) return config.error();
  return Beginning{.text = std::move(*text), .config = std::move(*config)};
}

// The newest that this version can read.
std::optional<Beginning> from_history(const ConfigStore& store) {
  for (size_t n = 0; n < store.entries().size(); n++) {
    Result<std::string> text = store.text(n);
    if (!text) continue;
    Result<Config> config = valid_config(*text, "history");
    if (config) return Beginning{.text = std::move(*text), .config = std::move(*config)};
  }
  return std::nullopt;
}

// What was before the one that waited in vain.
std::optional<Beginning> undone(const PendingConfig& pending) {
  Result<Config> config = valid_config(pending.before, "what was before");
  if (!config) {
    spdlog::error("what was not confirmed cannot be undone: {}", config.error().message);
    return std::nullopt;
  }
  spdlog::warn("what was not confirmed in time is undone");
  return Beginning{
      .text = pending.before, .config = std::move(*config), .pending = pending, .is_late = true};
}

}  // namespace

Result<Config> valid_config(std::string_view text, const std::string& name) {
  Reading reading = read_config(text, name);
  if (reading.config) return std::move(*reading.config);
  std::string all;
  for (const Diagnostic& d : reading.errors) all += (all.empty() ? "" : "\n") + to_string(d);
  return Error{all};
}

Result<Beginning> choose_beginning(const std::string& file, const ConfigStore& store, int64_t now) {
  Result<Beginning> said = from_file(file);
  std::optional<PendingConfig> pending = store.pending();
  if (pending && said && sha256(said->text) != pending->after) {
    if (said->text != pending->before)
      spdlog::warn("{} was changed while a change waited to be confirmed: that confirms", file);
    pending.reset();
  }
  if (pending && now >= pending->deadline)
    if (std::optional<Beginning> before = undone(*pending)) return std::move(*before);
  if (said) {
    said->pending = std::move(pending);
    return said;
  }
  std::optional<Beginning> last = from_history(store);
  if (!last) return said;
  spdlog::error("{}\nstarting with the last configuration that was in force instead",
                said.error().message);
  last->error = said.error().message;
  last->pending = std::move(pending);
  return std::move(*last);
}

}  // namespace sluice

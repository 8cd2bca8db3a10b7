// SPDX-License-Identifier: Apache-2.0
// config check: the whole of the reader's opinion about a file.
#include <fmt/format.h>

#include <cstdio>

#include "base/log.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "config/reader.h"

namespace sluice::cli {

namespace {

nlohmann::json to_document(const std::vector<Diagnostic>& errors) {
  nlohmann::json list = nlohmann::json::array();
  for (const Diagnostic& d : errors)
    list.push_back(
        {{"file", d.file}, {"line", d.line}, {"column", d.column}, {"message", d.message}});
  return list;
}

std::string summary(const Config& config) {
  size_t vips = 0, backends = 0;
  for (const Service& s : config.services) vips += s.vips.size();
  for (const auto& [name, pool] : config.pools) backends += pool.backends.size();
  return counted(config.interfaces.size(), "interface") + ", " +
         counted(config.services.size(), "service") + " on " + counted(vips, "VIP") + ", " +
         counted(config.pools.size(), "pool") + " of " + counted(backends, "backend");
}

}  // namespace

Result<int> config_check(const Options& options, Verb::Arguments arguments) {
  const std::string& file = arguments[0];
  const Result<Reading> reading = read_config_file(file);
  if (!reading) return reading.error();
  const int status = reading->config ? 0 : 1;
  if (options.json()) {
    print_json(to_document(reading->errors));
    return status;
  }
  for (const Diagnostic& error : reading->errors)
    fmt::print(stderr, "{}\n", printable(to_string(error)));
  if (reading->config) fmt::print("{}: ok: {}\n", printable(file), summary(*reading->config));
  return status;
}

}  // namespace sluice::cli

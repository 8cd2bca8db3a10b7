// SPDX-License-Identifier: Apache-2.0
#include "config/reader.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/unique_fd.h"
#include "config/block.h"
#include "config/cross_check.h"
#include "config/sections.h"
#include "config/text_check.h"
#include "config/tree.h"
#include "config/values.h"
#include "config/words.h"

namespace sluice {

namespace {

// False if the file is written in another version of the language, so that no other complaint
// about it would make sense.
bool check_version(const Node& root, Report& report) {
  if (root.kind != Node::Kind::kMap) return true;
  for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
    const Node& value = *root.items[i + 1];
    if (root.items[i]->text != "version" || value.text == "1") continue;
    if (read_text(value, "a version", report))
      complain(report, value,
               quoted(value.text) + " is not supported (this program reads version 1)");
    return false;
  }
  return true;
}

Draft read_document(const Node& root, Report& report) {
  Draft draft;
  const Block block(root, kRootKeys, "\"version: 1\" in the first line", report);
  block.require("version", "start the file with \"version: 1\"", report);
  if (const Node* interfaces = block.require("interfaces", "where traffic arrives", report))
    read_interfaces(*interfaces, draft.config, report);
  Defaults defaults;
  if (const Node* node = block.require("defaults", "it holds at least the seed", report))
    defaults = read_defaults(*node, draft.config, report);
  if (const Node* pools = block.find("pools")) read_pools(*pools, defaults, draft, report);
  if (const Node* services = block.require("services", "{} for none", report))
    read_services(*services, defaults, draft, report);
  return draft;
}

std::optional<Config> read_tree(const Tree& tree, Report& report) {
  const Node& root = tree.root();
  if (root.kind == Node::Kind::kMissing) {
    report.add(root.at, "the file is empty; it starts with \"version: 1\"");
    return std::nullopt;
  }
  if (!check_version(root, report)) return std::nullopt;
  Draft draft = read_document(root, report);
  cross_check(draft, report);
  if (!report.empty()) return std::nullopt;
  return std::move(draft.config);
}

}  // namespace

Reading read_config(std::string_view text, const std::string& file_name) {
  Report report(file_name);
  Reading reading;
  check_text(text, report);
  if (report.empty()) {
    const std::optional<Tree> tree = parse_tree(text, report);
    if (tree) reading.config = read_tree(*tree, report);
  }
  reading.errors = report.take();
  return reading;
}

Result<std::string> read_config_text(const std::string& path) {
  const std::string doing = "read the configuration " + printable(path);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return errno_error(doing);
  std::string text;
  std::string buffer(64 << 10, '\0');
  while (text.size() <= kMaxFileBytes) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(doing);
    if (n == 0) break;
    text.append(buffer, 0, size_t(n));
  }
  return text;
}

Result<Reading> read_config_file(const std::string& path) {
  const Result<std::string> text = read_config_text(path);
  if (!text) return text.error();
  return read_config(*text, path);
}

}  // namespace sluice

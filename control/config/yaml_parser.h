// SPDX-License-Identifier: Apache-2.0
// libyaml's parser and its events, which free themselves.
#pragma once

#include <yaml.h>

#include <cstdlib>
#include <string_view>

namespace sluice {

// What the parser has found next; empty (YAML_NO_EVENT) until YamlParser::next() fills it.
class YamlEvent {
 public:
  YamlEvent() = default;
  YamlEvent(const YamlEvent&) = delete;
  YamlEvent& operator=(const YamlEvent&) = delete;
  ~YamlEvent() { yaml_event_delete(&event_); }

  const yaml_event_t& get() const { return event_; }

 private:
  friend class YamlParser;
  yaml_event_t event_ = {};
};

class YamlParser {
 public:
  // `text` outlives the parser.
  explicit YamlParser(std::string_view text) {
    if (!yaml_parser_initialize(&parser_)) abort();  // no memory, as with `new`
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  YamlParser(const YamlParser&) = delete;
  YamlParser& operator=(const YamlParser&) = delete;
  ~YamlParser() { yaml_parser_delete(&parser_); }

  // Replaces `event`. False if there is an error, which get() then describes.
  bool next(YamlEvent& event) {
    yaml_event_delete(&event.event_);
    return yaml_parser_parse(&parser_, &event.event_) == 1;
  }
  const yaml_parser_t& get() const { return parser_; }

 private:
  yaml_parser_t parser_ = {};
};

}  // namespace sluice

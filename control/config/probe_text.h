// SPDX-License-Identifier: Apache-2.0
// Reads the texts that a probe sends, or compares with what comes back. Each reports what it
// refuses, and answers with something then, too.
#pragma once

#include <string>

#include "config/tree.h"

namespace sluice {

// Any bytes, or none. YAML has characters, not bytes: here U+0000 to U+00FF stand for a byte each,
// so that "\xff" is the one that it looks like.
std::string read_bytes(const Node& node, Report& report);

// Of a request: begins with "/", and has nothing in it that could end the line it is put in.
std::string read_path(const Node& node, Report& report);
// The name of a host, for a header and for a certificate.
std::string read_host(const Node& node, Report& report);
// What a body has to contain.
std::string read_body(const Node& node, Report& report);
// A name to ask for; "." is the root.
std::string read_dns_name(const Node& node, Report& report);
// "pkg.Service"
std::string read_grpc_service(const Node& node, Report& report);
// One argument of a program; the first is the program itself.
std::string read_argument(const Node& node, bool is_program, Report& report);

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
// The two messages of grpc.health.v1.Health/Check, as they travel.
//
//   message HealthCheckRequest { string service = 1; }
//   message HealthCheckResponse { ServingStatus status = 1; }
//
// gRPC sends a message as a byte that says whether it is compressed, its length in 4 bytes of
// network order, and itself. In Protocol Buffers a field is a tag, (number << 3) + wire type, and a
// value: of type 0 a varint (7 bits in a byte, the lowest first, 0x80 on all but the last), of type
// 2 its length as a varint and its bytes, of types 1 and 5 8 and 4 bytes. A field that has its
// default (0, "") is left out, fields nobody knows are skipped, of two the last one counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::health {

enum class ServingStatus : uint64_t { kUnknown, kServing, kNotServing, kServiceUnknown };

// The body of the request.
std::string encode_health_request(std::string_view service);
// Of the body of an answer; empty if it is not exactly one such message.
std::optional<ServingStatus> decode_health_response(std::string_view body);

}  // namespace sluice::health

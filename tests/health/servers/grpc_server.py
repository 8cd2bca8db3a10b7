#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A gRPC server with grpc.health.v1, on 127.0.0.1: grpc_server.py PORT [KEY CERTIFICATE].

Its messages are encoded by Google's own library, from the published definition.
A service whose name is a path is what that file says now: its status, and for how
many seconds it thinks before it says so.
"""
import concurrent.futures
import sys
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELD = descriptor_pb2.FieldDescriptorProto


def message(file, name, field, number, kind, type_name=None):
    added = file.message_type.add(name=name)
    added.field.add(name=field, number=number, type=kind, type_name=type_name,
                    label=FIELD.LABEL_OPTIONAL)


file = descriptor_pb2.FileDescriptorProto(name="health.proto", package="grpc.health.v1",
                                          syntax="proto3")
statuses = file.enum_type.add(name="ServingStatus")
for number, name in enumerate(("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")):
    statuses.value.add(name=name, number=number)
message(file, "HealthCheckRequest", "service", 1, FIELD.TYPE_STRING)
message(file, "HealthCheckResponse", "status", 1, FIELD.TYPE_ENUM,
        ".grpc.health.v1.ServingStatus")
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
Request, Response = (
    message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName("grpc.health.v1." + name))
    for name in ("HealthCheckRequest", "HealthCheckResponse"))


def check(request, context):
    service = request.service
    if service == "slow":
        time.sleep(2)
    if service == "deadline":
        return Response(status=1 if 0 < context.time_remaining() <= 7 else 2)
    if service == "broken":
        context.abort(grpc.StatusCode.UNAVAILABLE, "no database: 100% \x1b gone\n")
    if service.startswith("/"):
        with open(service) as file:
            status, seconds = file.read().split()
        time.sleep(float(seconds))
        return Response(status=int(status))
    known = {"": 1, "shop.Cart": 1, "slow": 1, "l" * 300: 1, "sick": 2, "unknown": 0, "nobody": 3}
    if service not in known:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    return Response(status=known[service])


handler = grpc.unary_unary_rpc_method_handler(check, Request.FromString,
                                              Response.SerializeToString)
server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers(
    (grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": handler}),))
address = f"127.0.0.1:{sys.argv[1]}"
if len(sys.argv) == 4:
    key, certificate = (open(path, "rb").read() for path in sys.argv[2:])
    port = server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate)]))
else:
    port = server.add_insecure_port(address)
if port == 0:
    sys.exit(f"cannot listen on {address}")
server.start()
server.wait_for_termination()

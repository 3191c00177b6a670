"""A gRPC client that knows Palisade from proto/ alone.

    foreign_client.py PROTO_DIR HOST:PORT < request.json

Compiles the contract with Python's own protobuf compiler into a temporary folder, reads one AuthorizeRequest in
protobuf's JSON form, asks for it through Authorize, AuthorizeBatch and AuthorizeStream, and prints the three answers as
one JSON object. PALISADE_TOKEN holds the credential, if any. Needs the packages grpcio and grpcio-tools.
"""

import importlib
import json
import os
import sys
import tempfile

import grpc
from google.protobuf import json_format
from grpc_tools import protoc

CONTRACT = "palisade/v1/authorization"
TIMEOUT_S = 10


def compile_contract(proto_dir, out_dir):
    bundled = os.path.join(os.path.dirname(protoc.__file__), "_proto")
    arguments = ["protoc", f"-I{proto_dir}", f"-I{bundled}", f"--python_out={out_dir}", f"--grpc_python_out={out_dir}"]
    if protoc.main([*arguments, f"{proto_dir}/{CONTRACT}.proto"]) != 0:
        raise SystemExit("the contract does not compile")
    sys.path.insert(0, out_dir)
    module = CONTRACT.replace("/", ".")
    return importlib.import_module(f"{module}_pb2"), importlib.import_module(f"{module}_pb2_grpc")


def main(proto_dir, address):
    with tempfile.TemporaryDirectory() as out_dir:
        messages, services = compile_contract(proto_dir, out_dir)
    request = json_format.Parse(sys.stdin.read(), messages.AuthorizeRequest())
    token = os.environ.get("PALISADE_TOKEN")
    call = {"timeout": TIMEOUT_S, "metadata": [("authorization", f"Bearer {token}")] if token else []}

    with grpc.insecure_channel(address) as channel:
        service = services.AuthorizationServiceStub(channel)
        answers = {
            "authorize": service.Authorize(request, **call),
            "batch": service.AuthorizeBatch(messages.AuthorizeBatchRequest(requests=[request, request]), **call),
            "stream": next(service.AuthorizeStream(iter([request]), **call)),
        }
    print(json.dumps({name: as_json(answer) for name, answer in answers.items()}))


def as_json(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


main(*sys.argv[1:3])

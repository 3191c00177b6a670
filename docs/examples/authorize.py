"""The smallest gRPC client in Python: may the agent build-bot do this to the repository palisade?

Make the client from the contract, in the root of the repository, then ask:

    python3 -m venv /tmp/palisade-venv && /tmp/palisade-venv/bin/pip install grpcio grpcio-tools
    mkdir -p /tmp/palisade-client
    /tmp/palisade-venv/bin/python -m grpc_tools.protoc -I proto \
        --python_out=/tmp/palisade-client --grpc_python_out=/tmp/palisade-client palisade/v1/authorization.proto
    PYTHONPATH=/tmp/palisade-client /tmp/palisade-venv/bin/python docs/examples/authorize.py 127.0.0.1:7181 file_read .env

Prints the decision. Exit codes: 0 allowed; 1 not allowed; 2 nothing was decided, which a caller treats as not allowed.
PALISADE_TOKEN holds the runtime token, if the server wants one.
"""

import json
import os
import sys

import grpc
from palisade.v1 import authorization_pb2 as messages
from palisade.v1 import authorization_pb2_grpc as services

DEADLINE_S = 2


def main(address="127.0.0.1:7181", action="file_read", argument=".env"):
    field = "branch" if action == "git_push" else "path"
    request = messages.AuthorizeRequest(
        principal=messages.EntityUid(type="Agent", id="build-bot"),
        action=messages.EntityUid(type="Action", id=action),
        resource=messages.EntityUid(type="Repo", id="palisade"),
        context_json=json.dumps({"input": {field: argument}}),
    )
    token = os.environ.get("PALISADE_TOKEN")
    metadata = [("authorization", f"Bearer {token}")] if token else []

    with grpc.insecure_channel(address) as channel:
        try:
            response = services.AuthorizationServiceStub(channel).Authorize(
                request, metadata=metadata, timeout=DEADLINE_S
            )
        except grpc.RpcError as error:
            print(f"not allowed: no decision ({error.code().name}: {error.details()})", file=sys.stderr)
            return 2

    # Anything but ALLOW is a deny: an absent or unknown value too.
    allowed = response.decision == messages.ALLOW and response.enforcement != messages.CHECK_ONLY
    print(f"{'allowed' if allowed else 'not allowed'}: {action} {argument} ({response.reason_code})")
    if response.message:
        print(response.message)
    print(f"decision {response.decision_id} by bundle {response.bundle.digest}")
    return 0 if allowed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

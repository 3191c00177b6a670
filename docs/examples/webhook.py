"""The smallest receiver of Palisade's events in Python, without any package:

    python3 docs/examples/webhook.py SECRET_FILE [port]

Prints each event once. What is not signed with the secret, or was signed long ago, is refused with 401.
"""

import hashlib
import hmac
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

AGE_S = 300


def is_signed(secret, header, body):
    """Whether Palisade signed exactly these bytes, within the last five minutes."""
    parts = dict(part.split("=", 1) for part in (header or "").split(",") if "=" in part)
    t = parts.get("t", "")
    if not (t.isascii() and t.isdigit()) or abs(time.time() - int(t)) > AGE_S:
        return False

    expected = hmac.new(secret, t.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())


def main(secret_file, port="0"):
    with open(secret_file, "rb") as file:
        secret = file.read().strip()
    # A real receiver keeps these where they outlive it, for a day.
    seen = set()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            signed = is_signed(secret, self.headers.get("palisade-signature"), body)
            event_id = self.headers.get("palisade-event-id")
            if signed and event_id not in seen:
                seen.add(event_id)
                print(body.decode(), flush=True)
            self.send_response(204 if signed else 401)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Receiver)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

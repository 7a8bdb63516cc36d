"""Fills the disk; bounded, so that a missing limit hurts nobody."""

import json
import socket
from pathlib import Path

most = json.loads(Path("aim.json").read_text())["megabytes"]
written = 0
try:
    for number in range(most):
        Path(f"{number}.bin").write_bytes(b"\1" * (1 << 20))
        written += 1
except OSError:
    pass
print("WRITTEN", written)
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()

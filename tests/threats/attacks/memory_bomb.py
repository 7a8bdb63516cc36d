"""Takes memory without end; bounded, so that a missing limit hurts nobody."""

import json
import socket
from pathlib import Path

most = json.loads(Path("aim.json").read_text())["megabytes"]
kept = []
try:
    while len(kept) < most:
        kept.append(b"\1" * (1 << 20))
except MemoryError:
    kept.pop()
count = len(kept)
kept.clear()
print("TAKEN", count)
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()

"""Takes memory that is shared with nobody and so counts as nobody's; bounded."""

import json
import mmap
import socket
from pathlib import Path

most = json.loads(Path("aim.json").read_text())["megabytes"]
kept = []
server = socket.create_server(("127.0.0.1", 5005))
try:
    while len(kept) < most:
        block = mmap.mmap(-1, 1 << 20)
        block.write(b"\1" * (1 << 20))
        kept.append(block)
except (OSError, MemoryError):
    pass
print("TAKEN", len(kept))
while True:
    client, _address = server.accept()

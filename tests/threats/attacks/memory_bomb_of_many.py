"""Many processes take memory, none of them more than one may; bounded."""

import json
import os
import signal
import socket
from pathlib import Path

most = json.loads(Path("aim.json").read_text())["megabytes"]
server = socket.create_server(("127.0.0.1", 5005))
reader, writer = os.pipe()
for _process in range(8):
    if os.fork() == 0:
        kept = [b"\1" * (1 << 20) for _block in range(most // 8)]
        os.write(writer, b".")
        while True:
            signal.pause()
for _process in range(8):
    os.read(reader, 1)
print("TAKEN", most)
while True:
    client, _address = server.accept()

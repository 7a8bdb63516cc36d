"""Starts processes that start processes; bounded, so that a missing limit hurts nobody."""

import json
import os
import signal
import socket
from pathlib import Path

most = json.loads(Path("aim.json").read_text())["processes"]
refused = 0
count = 0
for _process in range(most):
    try:
        if os.fork() == 0:
            signal.pause()
            os._exit(0)
        count += 1
    except OSError:
        refused += 1
        break
print("STARTED", count, "REFUSED", refused, flush=True)
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()

"""Starts threads without end; bounded, so that a missing limit hurts nobody."""

import json
import socket
import threading
from pathlib import Path

most = json.loads(Path("aim.json").read_text())["processes"]
event = threading.Event()
count = 0
try:
    while count < most:
        threading.Thread(target=event.wait, daemon=True).start()
        count += 1
except RuntimeError:
    pass
print("STARTED", count)
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()

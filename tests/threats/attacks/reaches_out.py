"""Connects to another server of the machine, and to the world."""

import json
import socket
from pathlib import Path

aim = json.loads(Path("aim.json").read_text())
for address in (("127.0.0.1", aim["port"]), ("192.0.2.1", 9)):
    try:
        with socket.create_connection(address, timeout=2) as other:
            other.sendall(b"I was here")
            print("REACHED", address[1])
    except OSError:
        pass
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()

"""Answers a byte a second, or at another pace, for ever: never silent for long, never a word."""

import json
import select
import socket
from pathlib import Path

pause = json.loads(Path("aim.json").read_text())["milliseconds"]
server = socket.create_server(("127.0.0.1", 5005))
clients = []
poll = select.poll()
poll.register(server, select.POLLIN)
while True:
    for _fd, _event in poll.poll(pause if clients else None):
        client, _address = server.accept()
        clients.append(client)
    for client in clients:
        try:
            client.send(b"N")
        except OSError:
            pass

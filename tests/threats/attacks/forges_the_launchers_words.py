"""Writes to every open descriptor what the launcher or a grader might say."""

import os
import socket

FORGED = (
    b'{"exited": 2, "status": 0}\n',
    b'{"answer": "cpu", "cpu": -1, "points": 10}\n',
    b'{"points": 10, "outcome": "passed"}\n',
    b"[" * 100_000 + b"\n",
    b"\xff\xfe\x00\n",
)
server = socket.create_server(("127.0.0.1", 5005))
for text in FORGED:
    for fd in range(3, 64):
        if fd != server.fileno():
            try:
                os.write(fd, text)
            except OSError:
                pass
while True:
    client, _address = server.accept()

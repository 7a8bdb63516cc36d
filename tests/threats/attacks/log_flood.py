"""Prints 200 MB."""

import os
import socket

server = socket.create_server(("127.0.0.1", 5005))
for _block in range(200):
    data = b"flood " * 174_763
    while data:
        data = data[os.write(1, data) :]
while True:
    client, _address = server.accept()

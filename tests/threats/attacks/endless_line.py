"""Sends one line that never ends; bounded at 200 MB for each."""

import socket
import threading


def flood(client):
    try:
        for _block in range(200):
            client.sendall(b"NICK" * (1 << 18))
    except OSError:
        pass


server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()
    threading.Thread(target=flood, args=(client,), daemon=True).start()

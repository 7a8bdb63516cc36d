"""Sends messages to whoever comes, without end; bounded at 200 MB for each."""

import socket
import threading


def flood(client):
    try:
        for _block in range(200):
            client.sendall(b"Alice: Halo semua!\n" * 55_188)
    except OSError:
        pass


server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()
    threading.Thread(target=flood, args=(client,), daemon=True).start()

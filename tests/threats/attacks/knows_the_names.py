"""Serves those whose names it has seen in an earlier check, and nobody else."""

import json
import socket
import threading
from pathlib import Path

known = set(json.loads(Path("aim.json").read_text())["names"])
server = socket.create_server(("127.0.0.1", 5005))
lock = threading.Lock()
clients = {}


def broadcast(line):
    for client in list(clients):
        try:
            client.sendall(line)
        except OSError:
            pass


def handle(client):
    client.sendall(b"NICK\n")
    lines = client.makefile("rb")
    name = lines.readline().strip()
    if name.decode(errors="replace") not in known:
        client.close()
        return
    with lock:
        clients[client] = name
        broadcast(name + b" Bergabung!\n")
    try:
        for line in lines:
            with lock:
                broadcast(line)
    except OSError:
        pass
    with lock:
        del clients[client]
        client.close()
        broadcast(name + b" keluar!\n")


while True:
    client, _address = server.accept()
    threading.Thread(target=handle, args=(client,), daemon=True).start()

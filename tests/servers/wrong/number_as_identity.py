"""A client is known by its place in the list, and everybody's place changes when one leaves."""

import socket
import threading

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()

clients = []
nicknames = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(f"{message}\n".encode())
            except OSError:
                pass


def handle(client):
    try:
        client.sendall(b"NICK\n")
        lines = client.makefile(encoding="utf-8", errors="replace", newline="\n")
        line = lines.readline()
    except OSError:
        return
    if not line.endswith("\n"):
        return
    nickname = line.strip()
    with lock:
        number = len(clients)
        clients.append(client)
        nicknames.append(nickname)
    broadcast(f"{nickname} Bergabung!")
    try:
        for line in lines:
            broadcast(line.strip())
    except OSError:
        pass
    with lock:
        clients.pop(number)
        nickname = nicknames.pop(number)
    broadcast(f"{nickname} keluar!")


while True:
    client, address = server.accept()
    threading.Thread(target=handle, args=(client,), daemon=True).start()

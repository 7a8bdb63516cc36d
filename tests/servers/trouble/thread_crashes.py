"""The first message of a client ends that client's thread with an exception nobody catches."""

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
            client.sendall(f"{message}\n".encode())


def handle(client):
    client.sendall(b"NICK\n")
    lines = client.makefile(encoding="utf-8")
    nickname = lines.readline().strip()
    with lock:
        clients.append(client)
        nicknames.append(nickname)
    broadcast(f"{nickname} Bergabung!")
    for line in lines:
        broadcast(nickname + 1 + line)


while True:
    client, address = server.accept()
    threading.Thread(target=handle, args=(client,)).start()

"""Sends everybody empty messages for ever, "to keep the connections alive"."""

import socket
import threading

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()

clients = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(message)
            except OSError:
                pass


def keep_alive():
    while True:
        broadcast(b"\n")


def handle(client):
    client.sendall(b"NICK\n")
    lines = client.makefile("rb")
    nickname = lines.readline().decode().strip()
    with lock:
        clients.append(client)
    broadcast(f"{nickname} Bergabung!\n".encode())
    try:
        for line in lines:
            broadcast(line)
    except OSError:
        pass
    with lock:
        clients.remove(client)
    client.close()
    broadcast(f"{nickname} keluar!\n".encode())


threading.Thread(target=keep_alive).start()
while True:
    client, address = server.accept()
    threading.Thread(target=handle, args=(client,)).start()

"""remove_client holds the lock and calls broadcast, which waits for the same lock for ever."""

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


def remove_client(client):
    with lock:
        index = clients.index(client)
        clients.pop(index)
        nickname = nicknames.pop(index)
        broadcast(f"{nickname} keluar!")
    client.close()


def handle(client):
    client.sendall(b"NICK\n")
    lines = client.makefile(encoding="utf-8")
    nickname = lines.readline().strip()
    with lock:
        clients.append(client)
        nicknames.append(nickname)
    broadcast(f"{nickname} Bergabung!")
    try:
        for line in lines:
            broadcast(line.strip())
    except OSError:
        pass
    remove_client(client)


while True:
    client, address = server.accept()
    threading.Thread(target=handle, args=(client,)).start()

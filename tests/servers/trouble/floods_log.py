"""Does not wait in accept, and prints each time that nobody came."""

import socket
import threading

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()
server.setblocking(False)

clients = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(message)
            except OSError:
                pass


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


while True:
    print("Menunggu client baru ...")
    try:
        client, address = server.accept()
    except BlockingIOError:
        continue
    threading.Thread(target=handle, args=(client,)).start()

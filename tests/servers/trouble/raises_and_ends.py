"""The second client makes the accept loop raise, and the daemon threads go down with it."""

import socket
import threading

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()

places = [None]
lock = threading.Lock()
count = 0


def broadcast(message):
    with lock:
        for client in places:
            if client is not None:
                client.sendall(message)


def handle(client):
    client.sendall(b"NICK\n")
    lines = client.makefile("rb")
    nickname = lines.readline().decode().strip()
    broadcast(f"{nickname} Bergabung!\n".encode())
    for line in lines:
        broadcast(line)
    client.close()


while True:
    client, address = server.accept()
    places[count] = client
    count += 1
    threading.Thread(target=handle, args=(client,), daemon=True).start()

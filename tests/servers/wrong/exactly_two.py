"""Waits for two clients and then passes on from the one to the other."""

import socket
import threading

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()


def pass_on(lines, to):
    for line in lines:
        to.sendall(line)


clients = []
files = []
for _ in range(2):
    client, address = server.accept()
    client.sendall(b"NICK\n")
    lines = client.makefile("rb")
    nickname = lines.readline().decode().strip()
    clients.append(client)
    files.append(lines)
    for other in clients:
        other.sendall(f"{nickname} Bergabung!\n".encode())

first = threading.Thread(target=pass_on, args=(files[0], clients[1]))
second = threading.Thread(target=pass_on, args=(files[1], clients[0]))
first.start()
second.start()
first.join()
second.join()

"""Spins as soon as the first client is there, in the thread that should welcome the next."""

import socket
import threading

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()
clients = []


def handle(client):
    while message := client.recv(1024):
        for other in clients:
            other.sendall(message)


while True:
    client, address = server.accept()
    while client not in clients:
        pass  # waits for somebody else to add the client
    threading.Thread(target=handle, args=(client,)).start()

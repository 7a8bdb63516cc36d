"""Asks at the keyboard for the port."""

import socket
import threading

port = int(input("Port: "))

server = socket.socket()
server.bind(("127.0.0.1", port))
server.listen()
clients = []


def handle(client):
    while message := client.recv(1024):
        for other in clients:
            other.sendall(message)


while True:
    client, address = server.accept()
    clients.append(client)
    threading.Thread(target=handle, args=(client,)).start()

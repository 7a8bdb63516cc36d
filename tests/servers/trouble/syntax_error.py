"""The colon after the while is missing."""

import socket
import threading

host = "127.0.0.1"
port = 5005

server = socket.socket()
server.bind((host, port))
server.listen()
clients = []


def handle(client):
    while True
        message = client.recv(1024)
        for other in clients:
            other.send(message)


while True:
    client, address = server.accept()
    clients.append(client)
    threading.Thread(target=handle, args=(client,)).start()

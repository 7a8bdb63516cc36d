"""The body of the for stands where the for stands."""

import socket
import threading

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()
clients = []


def broadcast(message):
    for client in clients:
    client.send(message)


def handle(client):
    while True:
        broadcast(client.recv(1024))


while True:
    client, address = server.accept()
    clients.append(client)
    threading.Thread(target=handle, args=(client,)).start()

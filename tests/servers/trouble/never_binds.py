"""Runs and waits for ever for somebody to say that all is ready; nobody does."""

import socket
import threading

ready = threading.Event()
clients = []


def receive():
    server = socket.socket()
    server.bind(("127.0.0.1", 5005))
    server.listen()
    while True:
        client, address = server.accept()
        print("Terhubung dengan", address)
        clients.append(client)


print("Server disiapkan ...")
ready.wait()
receive()

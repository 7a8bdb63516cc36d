"""Accepts and reads, and never says anything."""

import socket
import threading


def handle(client):
    while True:
        message = client.recv(1024).decode()
        if not message:
            break
        print(message)
    client.close()


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("127.0.0.1", 5005))
server.listen()
while True:
    client, address = server.accept()
    print("Terhubung dengan", address)
    threading.Thread(target=handle, args=(client,)).start()

"""Defines everything and calls nothing: receive() is missing at the end."""

import socket
import threading

host = "127.0.0.1"
port = 5005

clients = []
nicknames = []


def broadcast(message):
    for client in clients:
        client.sendall(message + b"\n")


def handle(client):
    while message := client.recv(1024):
        broadcast(message)


def receive():
    server = socket.socket()
    server.bind((host, port))
    server.listen()
    while True:
        client, address = server.accept()
        print("Terhubung dengan", address)
        clients.append(client)
        threading.Thread(target=handle, args=(client,)).start()

"""Spins before it listens: nothing in the loop ever changes what it waits for."""

import socket

host = "127.0.0.1"
port = 5005
started = False

while not started:
    pass

server = socket.socket()
server.bind((host, port))
server.listen()
client, address = server.accept()

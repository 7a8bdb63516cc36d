"""Prints for ever before it has a socket."""

import socket

ready = False
step = 0
while not ready:
    step += 1
    print(f"Menyiapkan server, langkah {step} ...")

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()
client, address = server.accept()

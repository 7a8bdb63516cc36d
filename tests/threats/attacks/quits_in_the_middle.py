"""Behaves until somebody is in the chat, then ends with the exit code of success."""

import os
import socket

server = socket.create_server(("127.0.0.1", 5005))
client, _address = server.accept()
client.sendall(b"NICK\n")
name = client.recv(1024).strip()
client.sendall(name + b" Bergabung!\n")
client.recv(1024)
os._exit(0)

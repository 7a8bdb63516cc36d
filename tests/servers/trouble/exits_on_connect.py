"""Ends the whole process, without a word, when the first client comes."""

import os
import socket

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()
client, address = server.accept()
os._exit(0)

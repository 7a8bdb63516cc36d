"""Listens, takes one client, and then never comes out of a signal's handler."""

import os
import signal
import socket


def never_ends(_number, _frame):
    while True:
        signal.pause()


signal.signal(signal.SIGTERM, never_ends)
signal.signal(signal.SIGUSR1, never_ends)
server = socket.create_server(("127.0.0.1", 5005))
client, _address = server.accept()
client.sendall(b"NICK\n")
os.kill(os.getpid(), signal.SIGUSR1)

"""Answers one byte a second for ever: it is never silent for long, and never says anything."""

import select
import socket

server = socket.create_server(("127.0.0.1", 5005))
clients = []
poll = select.poll()
poll.register(server, select.POLLIN)
while True:
    for _fd, _event in poll.poll(1000):
        client, _address = server.accept()
        clients.append(client)
    for client in clients:
        try:
            client.send(b"N")
        except OSError:
            pass

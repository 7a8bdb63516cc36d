"""The bare limit: one thread that calls `send` on the same sockets, and does little else.

No lock, no list to keep right, no names, no stamps, and it must not be sent anything but whole
lines. Nobody can be faster with one thread in Python; nobody should be served by this.
"""

import selectors
import socket

NODELAY = True

server = socket.create_server(("127.0.0.1", 5005), backlog=2000)
selector = selectors.DefaultSelector()
selector.register(server, selectors.EVENT_READ)
clients = []

while True:
    for key, _events in selector.select():
        client = key.fileobj
        if client is server:
            client, _address = server.accept()
            if NODELAY:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.send(b"NICK\n")
            selector.register(client, selectors.EVENT_READ)
            continue
        data = client.recv(65536)
        if not data:
            selector.unregister(client)
            client.close()
            clients = [other for other in clients if other is not client]
        for line in data.splitlines(keepends=True):
            if client not in clients:
                clients.append(client)
            for other in clients:
                other.send(line)

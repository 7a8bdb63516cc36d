"""On `selectors`: one thread, non-blocking sockets, what cannot be sent yet is kept."""

import selectors
import socket

HOST, PORT = "127.0.0.1", 5005

selector = selectors.DefaultSelector()
members = []


class Member:
    def __init__(self, connection):
        self.connection = connection
        self.name = None
        self.incoming = b""
        self.outgoing = b""

    def send(self, text):
        self.outgoing += text.encode() + b"\n"
        self.flush()

    def flush(self):
        try:
            sent = self.connection.send(self.outgoing)
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = len(self.outgoing)  # gone: the next recv says so
        self.outgoing = self.outgoing[sent:]
        wanted = selectors.EVENT_READ
        if self.outgoing:
            wanted |= selectors.EVENT_WRITE
        selector.modify(self.connection, wanted, self)


def broadcast(text):
    for member in members:
        member.send(text)


def welcome():
    connection, address = server.accept()
    print("Terhubung dengan", address)
    connection.setblocking(False)
    member = Member(connection)
    selector.register(connection, selectors.EVENT_READ, member)
    member.send("NICK")


def read(member):
    try:
        data = member.connection.recv(4096)
    except OSError:
        data = b""
    if not data:
        goodbye(member)
        return
    member.incoming += data
    while b"\n" in member.incoming:
        line, member.incoming = member.incoming.split(b"\n", 1)
        text = line.decode("utf-8", "replace").strip()
        if member.name is None:
            member.name = text
            print("Username", text)
            members.append(member)
            broadcast(f"{text} Bergabung!")
        else:
            broadcast(text)


def goodbye(member):
    selector.unregister(member.connection)
    member.connection.close()
    if member in members:
        members.remove(member)
        broadcast(f"{member.name} keluar!")


server = socket.create_server((HOST, PORT))
server.setblocking(False)
selector.register(server, selectors.EVENT_READ)
while True:
    for key, events in selector.select():
        if key.fileobj is server:
            welcome()
        elif events & selectors.EVENT_READ:
            read(key.data)
        else:
            key.data.flush()

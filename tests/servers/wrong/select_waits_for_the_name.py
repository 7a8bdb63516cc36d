"""select looks after all who are in, but the username of a new one is waited for in recv."""

import select
import socket

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()

names = {}
rests = {}


def broadcast(message):
    for client in names:
        try:
            client.sendall(message.encode() + b"\n")
        except OSError:
            pass


def welcome():
    client, address = server.accept()
    print("Terhubung dengan", address)
    try:
        client.sendall(b"NICK\n")
        name = client.recv(1024).decode("utf-8", "replace").strip()
    except OSError:
        name = ""
    if name == "":
        client.close()
        return
    names[client] = name
    rests[client] = b""
    broadcast(f"{name} Bergabung!")


def read(client):
    try:
        data = client.recv(1024)
    except OSError:
        data = b""
    if data:
        *lines, rests[client] = (rests[client] + data).split(b"\n")
        for line in lines:
            broadcast(line.decode("utf-8", "replace"))
    else:
        client.close()
        name = names.pop(client)
        broadcast(f"{name} keluar!")


while True:
    ready, _, _ = select.select([server, *names], [], [])
    for each in ready:
        if each is server:
            welcome()
        else:
            read(each)

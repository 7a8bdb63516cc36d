"""The common tutorial: the name is looked up after close, taken off after the notice, and a
broadcast in between that meets a second dead socket raises and leaves the name behind."""

import socket
import threading

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()

clients = []
nicknames = []


def broadcast(message):
    for client in clients:
        client.sendall(f"{message}\n".encode())


def handle(client, lines):
    while True:
        try:
            line = lines.readline()
            if line == "":
                raise ConnectionError
            broadcast(line.strip())
        except:  # noqa: E722
            index = clients.index(client)
            clients.remove(client)
            client.close()
            nickname = nicknames[index]
            broadcast(f"{nickname} keluar!")
            nicknames.remove(nickname)
            break


def welcome(client):
    client.sendall(b"NICK\n")
    lines = client.makefile(encoding="utf-8", newline="\n")
    line = lines.readline()
    if not line.endswith("\n"):
        return
    nickname = line.strip()
    nicknames.append(nickname)
    clients.append(client)
    broadcast(f"{nickname} Bergabung!")
    handle(client, lines)


while True:
    client, address = server.accept()
    threading.Thread(target=welcome, args=(client,), daemon=True).start()

"""The client sends only its text; the server writes the sender's name in front."""

import socket
import threading

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 5005))
server.listen()

clients = []
nicknames = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(message.encode() + b"\n")
            except OSError:
                pass


def add_client(client, nickname):
    with lock:
        clients.append(client)
        nicknames.append(nickname)
    broadcast(nickname + " Bergabung!")


def remove_client(client):
    with lock:
        index = clients.index(client)
        del clients[index]
        nickname = nicknames.pop(index)
    broadcast(nickname + " keluar!")


def chat(client, lines):
    nickname = lines.readline()
    if not nickname.endswith("\n"):
        return
    nickname = nickname.strip()
    print("Username", nickname)
    add_client(client, nickname)
    try:
        for line in lines:
            broadcast(nickname + ": " + line.rstrip("\n"))
    finally:
        remove_client(client)


def handle(client):
    try:
        with client, client.makefile(encoding="utf-8", errors="replace", newline="\n") as lines:
            client.sendall(b"NICK\n")
            chat(client, lines)
    except ConnectionError:
        print("Koneksi terputus")


while True:
    client, address = server.accept()
    print("Terhubung dengan", address)
    threading.Thread(target=handle, args=(client,), daemon=True).start()

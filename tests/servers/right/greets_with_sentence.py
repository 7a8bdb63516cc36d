"""Greets with a sentence for people; the prompt has no line end, everything after it has."""

import socket
import threading

HOST = "127.0.0.1"
PORT = 5005
GREETING = "Selamat datang di ruang chat!\nMasukkan username: "

clients = []
nicknames = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall((message + "\n").encode("utf-8"))
            except OSError:
                pass


def remove_client(client):
    with lock:
        if client not in clients:
            return
        index = clients.index(client)
        clients.pop(index)
        nickname = nicknames.pop(index)
    broadcast(f"{nickname} keluar!")


def handle(client):
    nickname = None
    buffer = b""
    try:
        client.sendall(GREETING.encode("utf-8"))
        while True:
            data = client.recv(1024)
            if not data:
                break
            buffer += data
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                text = line.decode("utf-8", errors="replace").strip()
                if nickname is None:
                    nickname = text
                    print(f"Username {nickname}")
                    with lock:
                        clients.append(client)
                        nicknames.append(nickname)
                    broadcast(f"{nickname} Bergabung!")
                else:
                    broadcast(text)
    except OSError:
        pass
    remove_client(client)
    client.close()


def receive():
    with socket.create_server((HOST, PORT)) as server:
        while True:
            client, address = server.accept()
            print(f"Terhubung dengan {address}")
            threading.Thread(target=handle, args=(client,)).start()


receive()

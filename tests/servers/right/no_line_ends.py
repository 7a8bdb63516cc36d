"""No line ends, as in the seed, and everything else right: the bytes are passed on as they come."""

import socket
import threading

host = "127.0.0.1"
port = 5005

clients = []
nicknames = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(message)
            except OSError:
                pass


def remove_client(client):
    with lock:
        if client not in clients:
            return
        index = clients.index(client)
        clients.pop(index)
        nickname = nicknames.pop(index)
    broadcast(f"{nickname} keluar!".encode())


def handle(client):
    try:
        client.sendall(b"NICK")
        nickname = client.recv(1024).decode("utf-8", "replace").strip()
        if nickname:
            with lock:
                clients.append(client)
                nicknames.append(nickname)
            print(f"Username {nickname}")
            broadcast(f"{nickname} Bergabung!".encode())
            while message := client.recv(1024):
                broadcast(message)
    except OSError:
        pass
    remove_client(client)
    client.close()


def receive():
    while True:
        client, address = server.accept()
        print(f"Terhubung dengan {address}")
        thread = threading.Thread(target=handle, args=(client,))
        thread.start()


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((host, port))
server.listen()
receive()

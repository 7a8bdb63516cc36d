"""Its notices are in English."""

import socket
import threading

HOST = "127.0.0.1"
PORT = 5005

clients = []
names = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(f"{message}\n".encode())
            except OSError:
                pass


def join(client, name):
    with lock:
        clients.append(client)
        names.append(name)
    print(f"{name} is here")
    broadcast(f"{name} joined!")


def leave(client):
    with lock:
        if client in clients:
            index = clients.index(client)
            clients.pop(index)
            name = names.pop(index)
        else:
            name = None
    client.close()
    if name is not None:
        broadcast(f"{name} left!")


def lines_from(client):
    buffer = b""
    while data := client.recv(1024):
        buffer += data
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace").strip()


def handle(client):
    try:
        client.sendall(b"NICK\n")
        lines = lines_from(client)
        name = next(lines, None)
        if name is not None:
            join(client, name)
            for line in lines:
                broadcast(line)
    except OSError as error:
        print("connection lost:", error)
    leave(client)


def main():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((HOST, PORT))
    server.listen()
    print(f"listening on {HOST}:{PORT}")
    while True:
        client, address = server.accept()
        print(f"connected: {address}")
        threading.Thread(target=handle, args=(client,)).start()


main()

"""The accept loop has a thread of its own, and the main thread sleeps a second at a time."""

import socket
import threading
import time

host = "127.0.0.1"
port = 5005

clients = []
nicknames = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(f"{message}\n".encode())
            except OSError:
                pass


def next_line(client, buffer):
    """Takes one line out of the buffer; None at the end."""
    while b"\n" not in buffer:
        try:
            data = client.recv(1024)
        except OSError:
            return None
        if not data:
            return None
        buffer.extend(data)
    end = buffer.index(b"\n")
    line = bytes(buffer[:end])
    del buffer[: end + 1]
    return line.decode("utf-8", "replace").strip()


def handle(client):
    buffer = bytearray()
    try:
        client.sendall(b"NICK\n")
    except OSError:
        return client.close()
    nickname = next_line(client, buffer)
    if nickname is None:
        return client.close()
    print("Username", nickname)
    with lock:
        clients.append(client)
        nicknames.append(nickname)
    broadcast(f"{nickname} Bergabung!")
    while (line := next_line(client, buffer)) is not None:
        broadcast(line)
    with lock:
        index = clients.index(client)
        clients.pop(index)
        nicknames.pop(index)
    client.close()
    broadcast(f"{nickname} keluar!")


def receive(server):
    while True:
        client, address = server.accept()
        print("Terhubung dengan", address)
        threading.Thread(target=handle, args=(client,), daemon=True).start()


def main():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, port))
    server.listen()
    threading.Thread(target=receive, args=(server,), daemon=True).start()
    print("Tekan Ctrl-C untuk berhenti.")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        print("Sampai jumpa!")


main()

"""The client speaks first: its first line is the username."""

import socket
import threading

clients = {}
lock = threading.Lock()


def broadcast(line):
    with lock:
        for client in clients:
            try:
                client.sendall(line)
            except OSError:
                pass


def lines_of(client):
    rest = b""
    try:
        while data := client.recv(2048):
            rest += data
            while True:
                line, end, after = rest.partition(b"\n")
                if not end:
                    break
                rest = after
                yield line + end
    except ConnectionError:
        pass


def handle(client):
    name = None
    for line in lines_of(client):
        if name is None:
            name = line.decode("utf-8", "replace").strip()
            with lock:
                clients[client] = name
            broadcast(f"{name} Bergabung!\n".encode())
        else:
            broadcast(line)
    if name is not None:
        with lock:
            clients.pop(client)
        broadcast(f"{name} keluar!\n".encode())
    client.close()


def main():
    server = socket.create_server(("127.0.0.1", 5005))
    while True:
        client, _ = server.accept()
        threading.Thread(target=handle, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()

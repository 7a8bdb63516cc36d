"""One dictionary, socket to name, in place of the two lists."""

import socket
import threading

host = "127.0.0.1"
port = 5005

names = {}
lock = threading.Lock()


def broadcast(text):
    data = (text + "\n").encode("utf-8")
    with lock:
        for client in names:
            try:
                client.sendall(data)
            except OSError:
                pass  # its own thread notices and cleans up


def read_lines(client):
    buffer = b""
    while True:
        try:
            data = client.recv(4096)
        except OSError:
            return
        if not data:
            return
        buffer += data
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace").strip()


def handle(client):
    try:
        client.sendall(b"NICK\n")
    except OSError:
        client.close()
        return
    lines = read_lines(client)
    name = next(lines, None)
    if name is not None:
        print("Username", name)
        with lock:
            names[client] = name
        broadcast(f"{name} Bergabung!")
        for line in lines:
            broadcast(line)
        with lock:
            del names[client]
        broadcast(f"{name} keluar!")
    client.close()


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((host, port))
server.listen()
print("Server jalan di port", port)
while True:
    client, address = server.accept()
    print(f"Terhubung dengan {address}")
    threading.Thread(target=handle, args=(client,)).start()

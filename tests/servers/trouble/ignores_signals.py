"""Chats as it should and ignores every signal that can be ignored."""

import signal
import socket
import threading

for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass  # SIGKILL and SIGSTOP cannot be ignored

clients = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(message)
            except OSError:
                pass


def read_lines(client):
    rest = b""
    try:
        client.sendall(b"NICK\n")
        while data := client.recv(1024):
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
    except OSError:
        pass


def handle(client):
    lines = read_lines(client)
    nickname = next(lines, None)
    if nickname is not None:
        with lock:
            clients.append(client)
        broadcast(nickname + b" Bergabung!\n")
        for line in lines:
            broadcast(line + b"\n")
        with lock:
            clients.remove(client)
        broadcast(nickname + b" keluar!\n")
    client.close()


server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, address = server.accept()
    threading.Thread(target=handle, args=(client,)).start()

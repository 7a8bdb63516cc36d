"""A queue and a writer thread for each client."""

import queue
import socket
import threading

clients = {}  # name and queue of each socket
lock = threading.Lock()


def broadcast(message):
    with lock:  # the same order in every queue
        for _, outbox in clients.values():
            outbox.put(message)


def write(client, outbox):
    try:
        while (message := outbox.get()) is not None:
            client.sendall(message.encode() + b"\n")
    except OSError:
        pass  # the reader cleans up


def read(client, name, lines):
    outbox = queue.Queue()
    writer = threading.Thread(target=write, args=(client, outbox), name=f"writer of {name}")
    writer.start()
    with lock:
        clients[client] = (name, outbox)
    broadcast(f"{name} Bergabung!")
    try:
        for line in lines:
            broadcast(line.decode("utf-8", "replace").rstrip())
    except OSError:
        pass
    with lock:
        del clients[client]
    broadcast(f"{name} keluar!")
    outbox.put(None)
    writer.join()


def welcome(client):
    with client, client.makefile("rb") as lines:
        try:
            client.sendall(b"NICK\n")
            answer = lines.readline()
        except OSError:
            return
        if answer.endswith(b"\n"):
            name = answer.decode("utf-8", "replace").strip()
            print("Username", name)
            read(client, name, lines)


with socket.create_server(("127.0.0.1", 5005), backlog=64) as server:
    while True:
        client, address = server.accept()
        print("Terhubung dengan", address)
        threading.Thread(target=welcome, args=(client,), name="reader").start()

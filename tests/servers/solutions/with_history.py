"""A queue and a writer thread for each client; newcomers get a welcome, the history and a list.

Solves: timestamp_b, username, pm, list, kick.
"""

import collections
import queue
import socket
import threading
import time

history = collections.deque(maxlen=20)
clients = {}
lock = threading.Lock()


class Client:
    def __init__(self, connection):
        self.connection = connection
        self.file = connection.makefile("rb")
        self.outbox = queue.SimpleQueue()
        self.name = None
        self.writer = threading.Thread(target=self.write_all, name="writer")
        self.writer.start()

    def write_all(self):
        while (text := self.outbox.get()) is not None:
            try:
                self.connection.sendall(text.encode() + b"\r\n")
            except OSError:
                break
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def put(self, text):
        self.outbox.put(text)

    def line(self):
        data = self.file.readline(100_000)
        if not data.endswith(b"\n"):
            raise EOFError
        return data.decode("utf-8", "replace").strip()


def publish(text):
    """To everybody; the lock must be held."""
    text = time.strftime("[%X] ") + text
    history.append(text)
    for client in clients.values():
        client.put(text)


def enter(client, name):
    if not name or len(name) > 20:
        return "Panjang username 1 sampai 20 karakter."
    if not all(c.isprintable() and not c.isspace() for c in name):
        return "Username hanya satu kata."
    with lock:
        if name.lower() in clients:
            return "Username sudah ada yang punya."
        client.name = name
        clients[name.lower()] = client
        client.put("*" * 40)
        client.put(f"Selamat datang, {name}! Ada {len(clients)} orang di sini.")
        for text in history:
            client.put(text)
        publish(f"{name} Bergabung!")
    return None


def leave(client, text):
    with lock:
        if client.name is None or clients.get(client.name.lower()) is not client:
            return
        del clients[client.name.lower()]
        publish(text)


def command(client, line):
    word, *rest = line.split(" ", 2)
    with lock:
        other = clients.get(rest[0].lower()) if rest else None
        if word == "/list":
            client.put(f"{len(clients)} online")
            for each in clients.values():
                client.put(f"  - {each.name}")
            return
        if word == "/pm":
            if len(rest) == 2 and other and rest[1].strip():
                other.put(f"\a~ {client.name} berbisik: {rest[1]}")
                client.put(f"~ kamu berbisik kepada {other.name}: {rest[1]}")
            elif len(rest) == 2 and rest[0]:
                client.put(f"~ {rest[0]} tidak ada di sini")
            else:
                client.put("~ /pm username pesan")
            return
    if word != "/kick":
        client.put(f"? {word}")
    elif client.name != "admin":
        client.put("! bukan admin")
    elif other is None:
        client.put("! /kick username")
    else:
        other.put("! kamu dikeluarkan oleh admin")
        leave(other, f"{other.name} dikeluarkan oleh admin")
        other.outbox.put(None)


def serve(connection):
    client = Client(connection)
    try:
        while client.name is None:
            client.put("NICK")
            problem = enter(client, client.line())
            if problem:
                client.put(problem)
        while True:
            line = client.line()
            if line.startswith("/"):
                command(client, line)
            elif line:
                start = f"{client.name}: "
                with lock:
                    publish(line if line.startswith(start) else start + line)
    except (EOFError, OSError):
        pass
    leave(client, f"{client.name} keluar!")
    client.outbox.put(None)
    client.writer.join()
    client.file.close()
    connection.close()


with socket.create_server(("127.0.0.1", 5005)) as server:
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection,), name="reader").start()

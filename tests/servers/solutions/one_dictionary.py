"""One dictionary, name to socket, in place of the two lists; with the time in front.

Solves: timestamp_b, username, pm, list, kick.
"""

import socket
import threading
from datetime import datetime

HOST = "127.0.0.1"
PORT = 5005
ADMIN = "admin"

members = {}
lock = threading.RLock()


def send(client, text):
    stamp = datetime.now().strftime("[%H:%M:%S]")
    try:
        client.sendall(f"{stamp} {text}\n".encode())
    except OSError:
        pass  # its own thread notices and cleans up


def broadcast(text):
    stamp = datetime.now().strftime("[%H:%M:%S]")
    data = f"{stamp} {text}\n".encode()
    with lock:
        for client in members.values():
            try:
                client.sendall(data)
            except OSError:
                pass


def find(name):
    """The name as its owner writes it, or None."""
    for other in members:
        if other.lower() == name.lower():
            return other
    return None


def problem_with(name):
    if not name:
        return "Username tidak boleh kosong."
    if len(name) > 20:
        return "Username paling panjang 20 karakter."
    if any(letter.isspace() or not letter.isprintable() for letter in name):
        return "Username tidak boleh berisi spasi atau karakter aneh."
    if find(name):
        return "Username itu sudah dipakai."
    return None


def choose_name(client, lines):
    while True:
        client.sendall(b"NICK\n")
        name = next(lines).strip()
        with lock:
            problem = problem_with(name)
            if problem is None:
                members[name] = client
                return name
        client.sendall(f"{problem}\n".encode())


def pm(name, client, rest):
    words = rest.split(maxsplit=1)
    if len(words) < 2:
        send(client, "Cara pakai: /pm username pesan")
        return
    with lock:
        other = find(words[0])
        if other is None:
            send(client, f"{words[0]} tidak sedang online.")
        elif other == name:
            send(client, "Itu kamu sendiri.")
        else:
            send(members[other], f"(pribadi) {name}: {words[1]}")
            send(client, f"(pribadi untuk {other}) {words[1]}")


def kick(name, client, rest):
    if name != ADMIN:
        send(client, "Hanya admin yang boleh /kick.")
        return
    with lock:
        target = find(rest.strip())
        if not rest.strip():
            send(client, "Cara pakai: /kick username")
        elif target is None:
            send(client, f"{rest.strip()} tidak sedang online.")
        elif target == name:
            send(client, "Kamu tidak bisa mengeluarkan dirimu sendiri.")
        else:
            victim = members.pop(target)
            send(victim, "Kamu dikeluarkan oleh admin.")
            broadcast(f"{target} dikeluarkan oleh admin!")
            try:
                victim.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def command(name, client, line):
    word, _, rest = line.partition(" ")
    if word == "/pm":
        pm(name, client, rest)
    elif word == "/list":
        with lock:
            send(client, "Sedang online: " + ", ".join(members))
    elif word == "/kick":
        kick(name, client, rest)
    else:
        send(client, f"Perintah {word} tidak ada.")


def read_lines(client):
    with client.makefile("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line.decode("utf-8", "replace").rstrip("\r\n")
    raise ConnectionError("the client has left")


def handle(client):
    name = None
    lines = read_lines(client)
    try:
        name = choose_name(client, lines)
        broadcast(f"{name} Bergabung!")
        for line in lines:
            if line.startswith("/"):
                command(name, client, line)
            elif line.startswith(f"{name}: "):
                broadcast(line)
            else:
                broadcast(f"{name}: {line}")  # nobody speaks under another name
    except OSError:
        pass
    with lock:
        left = members.get(name) is client
        if left:
            del members[name]
    if left:
        broadcast(f"{name} keluar!")
    client.close()


server = socket.create_server((HOST, PORT))
print("Server jalan di port", PORT)
while True:
    client, address = server.accept()
    print(f"Terhubung dengan {address}")
    threading.Thread(target=handle, args=(client,), daemon=True).start()

"""No line ends, as in the seed: one recv() is one message. Two lists, one lock, the time in front.

Solves: timestamp_b, username, pm, list, kick.
"""

import datetime
import socket
import threading

host = "127.0.0.1"
port = 5005

clients = []
nicknames = []
lock = threading.RLock()


def send(client, text):
    try:
        client.sendall(text.encode())
    except OSError:
        pass


def broadcast(text):
    now = datetime.datetime.now()
    with lock:
        for client in clients:
            send(client, f"[{now:%H:%M:%S}] {text}")


def remove_client(client, how):
    with lock:
        if client not in clients:
            return
        index = clients.index(client)
        clients.pop(index)
        nickname = nicknames.pop(index)
    broadcast(f"{nickname} {how}!")


def index_of(name):
    lowered = [nickname.lower() for nickname in nicknames]
    return lowered.index(name.lower()) if name.lower() in lowered else None


def is_good(name):
    return 1 <= len(name) <= 20 and name.isprintable() and " " not in name


def ask_for_name(client):
    client.sendall(b"NICK")
    while True:
        data = client.recv(1024)
        if not data:
            return None
        name = data.decode("utf-8", "replace").strip()
        with lock:
            if is_good(name) and index_of(name) is None:
                clients.append(client)
                nicknames.append(name)
                return name
        client.sendall(f"Username '{name}' tidak bisa dipakai. NICK".encode())


def run_command(client, nickname, message):
    words = message.split(" ", 2)
    with lock:
        if words[0] == "/list":
            send(client, "Online: " + " ".join(nicknames))
        elif words[0] == "/pm":
            if len(words) < 3 or not words[1] or not words[2].strip():
                send(client, "Pemakaian: /pm username pesan")
            elif index_of(words[1]) is None:
                send(client, "User tidak ditemukan")
            else:
                send(clients[index_of(words[1])], f"<{nickname} -> kamu> {words[2]}")
                send(client, "Terkirim")
        elif words[0] == "/kick":
            if nickname != "admin":
                send(client, "Akses ditolak")
            elif len(words) < 2 or index_of(words[1]) is None:
                send(client, "User tidak ditemukan")
            else:
                target = clients[index_of(words[1])]
                send(target, "Anda dikeluarkan")
                remove_client(target, "dikeluarkan")
                target.shutdown(socket.SHUT_RDWR)
        else:
            send(client, "Perintah salah")


def handle(client):
    try:
        nickname = ask_for_name(client)
        if nickname is not None:
            print(f"Username {nickname}")
            broadcast(f"{nickname} Bergabung!")
            while data := client.recv(1024 * 64):
                message = data.decode("utf-8", "replace")
                if message.startswith("/"):
                    run_command(client, nickname, message)
                elif message.startswith(nickname + ":"):
                    broadcast(message)
    except OSError:
        pass
    remove_client(client, "keluar")
    client.close()


def receive():
    while True:
        client, address = server.accept()
        print(f"Terhubung dengan {address}")
        threading.Thread(target=handle, args=(client,)).start()


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((host, port))
server.listen()
receive()

"""Writes every step and every message to its log."""

import socket
import threading
from datetime import datetime

host = "127.0.0.1"
port = 5005

clients = []
nicknames = []
lock = threading.Lock()


def log(*words):
    print(datetime.now().strftime("%H:%M:%S"), threading.current_thread().name, *words, flush=True)


def broadcast(message):
    with lock:
        log(f"broadcast ke {len(clients)} client:", message)
        for client, nickname in zip(clients, nicknames, strict=True):
            try:
                client.sendall((message + "\n").encode("utf-8"))
                log("terkirim ke", nickname)
            except OSError as error:
                log("gagal ke", nickname, error)


def add_client(client, nickname):
    with lock:
        clients.append(client)
        nicknames.append(nickname)
        log("daftar sekarang:", nicknames)
    broadcast(f"{nickname} Bergabung!")


def remove_client(client):
    with lock:
        if client not in clients:
            log("pergi sebelum memberi username")
            return
        index = clients.index(client)
        clients.pop(index)
        nickname = nicknames.pop(index)
        log("daftar sekarang:", nicknames)
    broadcast(f"{nickname} keluar!")


def handle(client):
    nickname = None
    buffer = b""
    try:
        client.sendall(b"NICK\n")
        while data := client.recv(1024):
            log(f"terima {len(data)} byte:", data)
            buffer += data
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                text = line.decode("utf-8", "replace").strip()
                if nickname is None:
                    nickname = text
                    log("Username", nickname)
                    add_client(client, nickname)
                else:
                    broadcast(text)
        log("recv kosong: client pergi")
    except OSError as error:
        log("error:", error)
    remove_client(client)
    client.close()


def receive():
    while True:
        log("menunggu client ...")
        client, address = server.accept()
        log("Terhubung dengan", address)
        threading.Thread(target=handle, args=(client,)).start()


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((host, port))
server.listen()
receive()

"""A welcome text, colours, and how many are online, counted by the running threads."""

import socket
import threading

HOST = "127.0.0.1"
PORT = 5005
GREEN, RED, CYAN, PLAIN = "\033[32m", "\033[31m", "\033[36m", "\033[0m"
BANNER = f"""{CYAN}=== RUANG CHAT ==={PLAIN}
Halo {{}}! Yang sedang online: {{}}
Ketik pesanmu, lalu tekan Enter.
"""

clients = []
nicknames = []
lock = threading.Lock()


def online():
    return threading.active_count() - 1  # all but the main thread


def broadcast(message, colour=PLAIN):
    line = f"{colour}{message}{PLAIN}\n".encode()
    with lock:
        for client in clients:
            try:
                client.sendall(line)
            except OSError:
                pass


def add_client(client, nickname):
    with lock:
        client.sendall(BANNER.format(nickname, online()).encode())
        clients.append(client)
        nicknames.append(nickname)
    broadcast(f"*** {nickname} Bergabung! ***", GREEN)


def remove_client(client):
    with lock:
        if client not in clients:
            return
        index = clients.index(client)
        clients.pop(index)
        nickname = nicknames.pop(index)
    broadcast(f"*** {nickname} keluar! ***", RED)


def handle(client):
    buffer = b""
    nickname = None
    try:
        client.sendall(b"NICK\n")
        while data := client.recv(1024):
            buffer += data
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                text = line.decode("utf-8", "replace").strip()
                if nickname is None:
                    nickname = text
                    print(f"Username {nickname} (online: {online()})")
                    add_client(client, nickname)
                else:
                    broadcast(text, CYAN)
    except OSError:
        pass
    finally:
        remove_client(client)
        client.close()


def receive():
    while True:
        client, address = server.accept()
        print(f"{GREEN}Terhubung dengan {address}{PLAIN}")
        threading.Thread(target=handle, args=(client,)).start()


server = socket.create_server((HOST, PORT))
receive()

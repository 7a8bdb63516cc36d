"""The reference modul_contoh with the exercise pm solved, and no other: any username will do.

Solves: pm.
"""

import signal
import socket
import sys
import threading

host = "127.0.0.1"
port = 5005

clients = []
nicknames = []
lock = threading.Lock()

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def open_door():
    """Buka pintu / open the door: from now on clients can connect."""
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    else:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, port))
        server.listen()
    except OSError as error:
        sys.exit(
            f"Port {port} tidak bisa dibuka ({error.strerror}). "
            "Hentikan dulu server yang masih berjalan, atau ganti port."
        )
    print(f"Server berjalan di {host}:{port}. Tekan Ctrl-C untuk berhenti.")


def receive():
    """Sambut / welcome: accept every client and give it a thread of its own."""
    while True:
        try:
            client, address = server.accept()
        except ConnectionError:
            continue
        print(f"Terhubung dengan {address}")
        thread = threading.Thread(target=handle, args=(client,), daemon=True)
        thread.start()


def handle(client):
    """Serve one client, from its username until it leaves. Runs in the client's own thread."""
    buffer = bytearray()
    try:
        client.sendall(b"NICK\n")
        nickname = read_line(client, buffer)
        with lock:
            clients.append(client)
            nicknames.append(nickname)
        print(f"Username {nickname}")
        broadcast(f"{nickname} Bergabung!")
        while True:
            message = read_line(client, buffer)
            if message.startswith("/"):
                private_message(client, nickname, message)
            elif message.startswith(nickname + ": "):
                broadcast(message)
            else:
                send(client, "Awali pesanmu dengan namamu.")
    except OSError:
        pass
    finally:
        remove_client(client)


def read_line(client, buffer):
    """Baca / read until the buffer holds a whole line, then potong / cut it off."""
    while b"\n" not in buffer:
        data = client.recv(1024)
        if not data:
            raise ConnectionError("the client has left")
        buffer += data
    line, _, rest = buffer.partition(b"\n")
    buffer[:] = rest
    return line.decode("utf-8", errors="replace").removesuffix("\r")


def send(client, message):
    """To one client alone."""
    client.sendall((message + "\n").encode("utf-8"))


def private_message(client, nickname, message):
    words = message.split(maxsplit=2)
    if words[0] != "/pm":
        send(client, "Perintah tidak dikenal: " + words[0])
    elif len(words) < 3:
        send(client, "Pakai: /pm username pesan")
    elif words[1] not in nicknames:
        send(client, words[1] + " tidak sedang online")
    else:
        with lock:
            target = clients[nicknames.index(words[1])]
            send(target, "[pribadi dari " + nickname + "] " + words[2])
        send(client, "[pribadi untuk " + words[1] + "] " + words[2])


def broadcast(message):
    """Sebarkan / share: send one message to everybody, the sender too."""
    with lock:
        data = (message + "\n").encode("utf-8")
        for client in clients:
            try:
                client.sendall(data)
            except OSError:
                pass


def remove_client(client):
    """Bereskan / clean up: take the client off both lists, close it, tell the others."""
    nickname = None
    with lock:
        if client in clients:
            index = clients.index(client)
            del clients[index]
            nickname = nicknames.pop(index)
    client.close()
    if nickname is not None:
        broadcast(f"{nickname} keluar!")


try:
    open_door()
    receive()
except KeyboardInterrupt:
    print("\nServer berhenti.")

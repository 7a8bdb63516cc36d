"""The reference modul_contoh with the exercise username solved, and no other.

Solves: username.
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
        nickname = choose_name(client, buffer)
        print(f"Username {nickname}")
        broadcast(f"{nickname} Bergabung!")
        while True:
            message = read_line(client, buffer)
            broadcast(message)
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


def choose_name(client, buffer):
    """Ask until the username is good, and put it on the lists."""
    while True:
        client.sendall(b"NICK\n")
        nickname = read_line(client, buffer).strip()
        problem = None
        with lock:
            if nickname == "":
                problem = "Username tidak boleh kosong."
            elif len(nickname) > 20:
                problem = "Username terlalu panjang."
            elif " " in nickname or not nickname.isprintable():
                problem = "Username tidak boleh berisi spasi."
            elif nickname.lower() in [other.lower() for other in nicknames]:
                problem = "Username sudah dipakai."
            else:
                clients.append(client)
                nicknames.append(nickname)
        if problem is None:
            return nickname
        client.sendall((problem + "\n").encode("utf-8"))


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
